import uuid

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0014_names_in_the_admin"),
    ]

    operations = [
        migrations.AlterField(
            model_name="conversation",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="conversation",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="conversation",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, verbose_name="changed"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("disclosure", "reminder of the AI"),
                    ("break", "reminder of a break"),
                    ("crisis", "help in a crisis"),
                    ("care", "care"),
                    ("blocked", "withheld"),
                    ("masked", "masked"),
                    ("restricted", "restricted"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="resources",
            field=models.JSONField(default=list, verbose_name="help lines"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="rule",
            field=models.CharField(
                help_text="What called for it: a category, a level, a law's row.", max_length=64, verbose_name="rule"
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="shown_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="shown"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="text",
            field=models.TextField(verbose_name="text"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="version",
            field=models.CharField(max_length=32, verbose_name="version"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="attempt",
            field=models.PositiveIntegerField(default=0, verbose_name="attempt"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="cached_tokens",
            field=models.PositiveIntegerField(null=True, verbose_name="tokens already read"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="category",
            field=models.CharField(blank=True, help_text="Why it was blocked.", max_length=32, verbose_name="category"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="code",
            field=models.CharField(blank=True, help_text="Why it failed.", max_length=64, verbose_name="error code"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="completion_tokens",
            field=models.PositiveIntegerField(null=True, verbose_name="tokens written"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="engine",
            field=models.CharField(
                blank=True, help_text="The last one that spoke.", max_length=64, verbose_name="engine"
            ),
        ),
        migrations.AlterField(
            model_name="reply",
            name="engines",
            field=models.JSONField(
                default=list,
                help_text="Every engine that spoke, in order: engine, model, and because of what it took over.",
                verbose_name="engines",
            ),
        ),
        migrations.AlterField(
            model_name="reply",
            name="finished_at",
            field=models.DateTimeField(null=True, verbose_name="ended"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="first_token_ms",
            field=models.PositiveIntegerField(null=True, verbose_name="first token after (ms)"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="reply",
            name="is_end_told",
            field=models.BooleanField(
                default=True,
                help_text="False from its end until the open pages were told of it (chat.conversation.ends).",
                verbose_name="end was told",
            ),
        ),
        migrations.AlterField(
            model_name="reply",
            name="is_prefix_judged",
            field=models.BooleanField(
                default=True,
                help_text="False: the prefix was put together from alternatives, and no filter has seen it.",
                verbose_name="beginning was judged",
            ),
        ),
        migrations.AlterField(
            model_name="reply",
            name="model",
            field=models.CharField(blank=True, max_length=128, verbose_name="model"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="offset",
            field=models.CharField(
                help_text="Where the stream stood before this reply; a page that loads meanwhile starts there.",
                max_length=32,
                verbose_name="place in the stream",
            ),
        ),
        migrations.AlterField(
            model_name="reply",
            name="policy_version",
            field=models.CharField(blank=True, max_length=32, verbose_name="version of the policy"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="prompt_form",
            field=models.CharField(blank=True, max_length=16, verbose_name="form of the prompt"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="prompt_tokens",
            field=models.PositiveIntegerField(null=True, verbose_name="tokens of the prompt"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="queued_at",
            field=models.DateTimeField(verbose_name="queued"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="recalled",
            field=models.JSONField(
                default=dict,
                help_text="Ids of what its prompt recalled: `told` (memories) and `memories` (passages).",
                verbose_name="recalled",
            ),
        ),
        migrations.AlterField(
            model_name="reply",
            name="sampling",
            field=models.JSONField(default=dict, verbose_name="sampling"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="started_at",
            field=models.DateTimeField(null=True, verbose_name="began"),
        ),
        migrations.AlterField(
            model_name="reply",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "waiting"),
                    ("generating", "being written"),
                    ("completed", "completed"),
                    ("stopped", "stopped"),
                    ("blocked", "withheld"),
                    ("failed", "failed"),
                ],
                default="queued",
                max_length=16,
                verbose_name="status",
            ),
        ),
    ]
