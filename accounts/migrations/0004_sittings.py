from datetime import timedelta

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_date_of_birth")]

    operations = [
        migrations.CreateModel(
            name="Sitting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField()),
                ("last_at", models.DateTimeField(help_text="The last sign of use.")),
                (
                    "active",
                    models.DurationField(default=timedelta(0), help_text="The time of use in it, without idle gaps."),
                ),
                (
                    "reminded_at",
                    models.DurationField(default=timedelta(0), help_text="`active` at the last reminder of a break."),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sittings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["user", "-last_at"], name="newest_sitting")]},
        ),
    ]
