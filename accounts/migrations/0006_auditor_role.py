"""The role of an auditor, who reads the review desk and changes nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_closing")]
    operations = [
        migrations.AlterField(
            "user",
            "role",
            models.CharField(
                choices=[
                    ("user", "User"),
                    ("auditor", "Auditor"),
                    ("moderator", "Moderator"),
                    ("owner", "Owner"),
                ],
                default="user",
                max_length=16,
            ),
        ),
    ]
