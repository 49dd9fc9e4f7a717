from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0004_origin_choices")]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("disclosure", "Disclosure"),
                    ("break", "Break"),
                    ("crisis", "Crisis"),
                    ("blocked", "Blocked"),
                    ("masked", "Masked"),
                    ("restricted", "Restricted"),
                ],
                max_length=16,
            ),
        ),
    ]
