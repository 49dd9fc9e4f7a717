import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models

import generation.models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0007_names_in_the_admin"),
    ]

    operations = [
        migrations.AlterField(
            model_name="engineentry",
            name="base_url",
            field=models.CharField(
                blank=True,
                help_text="Remotes: the server's address, up to and with /v1.",
                max_length=200,
                validators=[
                    django.core.validators.RegexValidator("^https?://[^\\s/]", "Begin with http:// or https://.")
                ],
                verbose_name="address of the server",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="between_tokens_seconds",
            field=models.PositiveSmallIntegerField(
                default=20,
                help_text="Remotes: the same, once it speaks.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="patience between tokens (seconds)",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="candidates",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="2 to 16: this many are drawn for the words of a reply, and the best is shown. 1: no choice. Empty: on the engine openvino, the setting CANDIDATES for models with fewer than a billion parameters; otherwise no choice. A remote engine shows no word before it has chosen, which is when the first sentences of most candidates are complete, and each of its candidates costs tokens.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(
                        1, "The number of candidates must be between 1 and 16. You entered %(show_value)s."
                    ),
                    django.core.validators.MaxValueValidator(
                        16, "The number of candidates must be between 1 and 16. You entered %(show_value)s."
                    ),
                ],
                verbose_name="candidates",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="completion_price",
            field=models.DecimalField(
                decimal_places=4,
                default=0,
                help_text="Money for a million tokens written.",
                max_digits=10,
                verbose_name="price of writing",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="context_length",
            field=models.PositiveIntegerField(
                default=8192,
                help_text="Remotes: what the model reads, in tokens.",
                verbose_name="context length (tokens)",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="currency",
            field=models.CharField(
                default="USD",
                max_length=3,
                validators=[django.core.validators.RegexValidator("^[A-Z]{3}$", "Write three letters, such as EUR.")],
                verbose_name="currency",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="first_token_seconds",
            field=models.PositiveSmallIntegerField(
                default=60,
                help_text="Remotes: silent for longer, it has failed.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="patience for the first token (seconds)",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="is_enabled",
            field=models.BooleanField(default=True, verbose_name="switched on"),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="key_variable",
            field=models.CharField(
                blank=True,
                help_text="Remotes: the environment variable that holds the key, such as PROVIDER_API_KEY; PROVIDER_API_KEY_FILE may name a file instead. The key itself is not kept here.",
                max_length=64,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Z][A-Z0-9_]*_API_KEY$", "Write a name that ends with _API_KEY."
                    )
                ],
                verbose_name="variable of the key",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="kind",
            field=models.CharField(choices=generation.models.kinds, max_length=32, verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="model",
            field=models.CharField(
                blank=True, help_text="Remotes: the model's name there.", max_length=128, verbose_name="model"
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="money_per_day",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Empty: no limit.",
                max_digits=10,
                null=True,
                verbose_name="money a day",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="name",
            field=models.SlugField(max_length=64, primary_key=True, serialize=False, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="order",
            field=models.PositiveSmallIntegerField(
                default=100, help_text="Lower ones are tried first.", verbose_name="order"
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="prompt_form",
            field=models.CharField(
                choices=[
                    ("chat", "chat: the model's own template"),
                    ("transcript", "transcript: plain text, for base models"),
                ],
                default="chat",
                max_length=16,
                verbose_name="form of the prompt",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="prompt_price",
            field=models.DecimalField(
                decimal_places=4,
                default=0,
                help_text="Money for a million tokens read.",
                max_digits=10,
                verbose_name="price of reading",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="tokens_per_day",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="Empty: no limit.", null=True, verbose_name="tokens a day"
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="tokens_per_person",
            field=models.PositiveBigIntegerField(
                blank=True,
                help_text="Of one person in a day. Empty: no limit.",
                null=True,
                verbose_name="tokens of one person a day",
            ),
        ),
        migrations.AlterField(
            model_name="engineentry",
            name="weight",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="Its share among engines of the same order.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="weight",
            ),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="context_length",
            field=models.PositiveIntegerField(
                default=0, help_text="Tokens that it reads.", verbose_name="context length (tokens)"
            ),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="is_active",
            field=models.BooleanField(default=False, verbose_name="in use"),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="languages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                blank=True,
                default=list,
                help_text="Such as en, zh.",
                size=None,
                verbose_name="languages",
            ),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="licence",
            field=models.CharField(blank=True, max_length=200, verbose_name="licence"),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="name",
            field=models.SlugField(max_length=64, primary_key=True, serialize=False, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="path",
            field=models.TextField(
                blank=True, help_text="Where the operator put it; empty for packaged models.", verbose_name="path"
            ),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="prompt_form",
            field=models.CharField(
                choices=[
                    ("transcript", "Transcript: continues plain text; for base models"),
                    ("chat", "Chat: the model's own template"),
                ],
                default="transcript",
                max_length=16,
                verbose_name="form of the prompt",
            ),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="status",
            field=models.CharField(
                choices=[
                    ("available", "available"),
                    ("installing", "being installed"),
                    ("ready", "ready"),
                    ("failed", "failed"),
                ],
                default="available",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="modelentry",
            name="step",
            field=models.CharField(
                blank=True, help_text="What the installation is doing, in words.", max_length=120, verbose_name="step"
            ),
        ),
    ]
