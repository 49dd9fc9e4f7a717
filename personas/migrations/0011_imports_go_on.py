from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("personas", "0010_memories"),
    ]

    operations = [
        migrations.AddField(
            model_name="source",
            name="stored",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="While it is imported: how many utterances and passages are done, and the refused ones by reason.",
            ),
        ),
    ]
