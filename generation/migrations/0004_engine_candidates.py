import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0003_local_models"),
    ]

    operations = [
        migrations.AddField(
            model_name="engineentry",
            name="candidates",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="2 to 16: this many are drawn for the words of a reply, and the best is shown. 1: no choice. "
                "Empty: on the engine openvino, the setting CANDIDATES for models with fewer than a billion parameters; "
                "otherwise no choice. A remote engine shows no word before it has chosen, which is when the first "
                "sentences of most candidates are complete, and each of its candidates costs tokens.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(
                        1, "The number of candidates must be between 1 and 16. You entered %(show_value)s."
                    ),
                    django.core.validators.MaxValueValidator(
                        16, "The number of candidates must be between 1 and 16. You entered %(show_value)s."
                    ),
                ],
            ),
        ),
    ]
