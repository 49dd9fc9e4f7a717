from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0004_engine_candidates"),
    ]

    operations = [
        migrations.AddField(
            model_name="modelentry",
            name="parameters_m",
            field=models.PositiveIntegerField(default=0, help_text="Its parameters in millions; 0 if not known."),
        ),
    ]
