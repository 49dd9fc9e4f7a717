from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_auditor_role")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of the interface; empty until the first page (`accounts.interface.languages`).",
                max_length=16,
            ),
            preserve_default=False,
        ),
    ]
