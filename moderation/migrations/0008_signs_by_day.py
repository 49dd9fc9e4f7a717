import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0007_versions_before_drafts_were_active"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyCue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("conversation_id", models.UUIDField(db_index=True)),
                ("day", models.DateField(help_text="Ends at five in the morning, in the site's TIME_ZONE.")),
                ("cue", models.CharField(max_length=32)),
                ("count", models.PositiveIntegerField()),
                ("message_id", models.UUIDField(help_text="The newest turn that showed it.")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="daily_cues",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "day"], name="daily_cues_of_a_person")],
                "constraints": [
                    models.UniqueConstraint(fields=("conversation_id", "day", "cue"), name="one_count_per_day_and_cue")
                ],
            },
        ),
        migrations.CreateModel(
            name="CountedTurns",
            fields=[
                ("conversation_id", models.UUIDField(primary_key=True, serialize=False)),
                ("message_ids", models.JSONField(default=list, help_text="The newest counted turns.")),
                (
                    "counted_until",
                    models.DateTimeField(help_text="Turns from before this time are counted or left out.", null=True),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="counted_turns",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
