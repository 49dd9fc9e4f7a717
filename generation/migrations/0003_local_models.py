import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0002_engines"),
    ]

    operations = [
        migrations.AddField(
            model_name="modelentry",
            name="context_length",
            field=models.PositiveIntegerField(default=0, help_text="Tokens that it reads."),
        ),
        migrations.AddField(
            model_name="modelentry",
            name="disk_mb",
            field=models.PositiveIntegerField(default=0, help_text="Needed while it is installed."),
        ),
        migrations.AddField(
            model_name="modelentry",
            name="languages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                blank=True,
                default=list,
                help_text="Such as en, zh.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="modelentry",
            name="licence",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="modelentry",
            name="path",
            field=models.TextField(blank=True, help_text="Where the operator put it; empty for packaged models."),
        ),
        migrations.AddField(
            model_name="modelentry",
            name="prompt_form",
            field=models.CharField(
                choices=[
                    ("transcript", "Transcript: continues plain text; for base models"),
                    ("chat", "Chat: the model's own template"),
                ],
                default="transcript",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="modelentry",
            name="title",
            field=models.CharField(blank=True, max_length=80),
        ),
    ]
