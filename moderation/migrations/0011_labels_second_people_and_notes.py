"""Labels of decisions, decisions that need two people, and the notes of reviewers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0010_route_cases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AlterField(
            "action",
            "kind",
            models.CharField(
                choices=[
                    ("dismiss", "Dismiss"),
                    ("warn", "Warn the person"),
                    ("lock_conversation", "Lock the conversation"),
                    ("suspend_user", "Suspend the person"),
                    ("disable_persona", "Disable the persona"),
                    ("ban", "Close the account to messages for good"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddField("action", "labels", models.JSONField(default=list)),
        migrations.AddField(
            "action",
            "state",
            models.CharField(
                choices=[
                    ("in_effect", "In Effect"),
                    ("pending_second", "Pending Second"),
                    ("refused", "Refused"),
                ],
                default="in_effect",
                max_length=16,
            ),
        ),
        migrations.AddField("action", "batch", models.UUIDField(db_index=True, null=True)),
        migrations.AddField(
            "action",
            "second",
            models.ForeignKey(
                help_text="Who confirmed or refused a decision that needs two people.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("action", "seconded_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "action",
            models.CheckConstraint(
                condition=models.Q(
                    ("second__isnull", True),
                    models.Q(("second", models.F("moderator")), _negated=True),
                    _connector="OR",
                ),
                name="the_second_person_is_another",
            ),
        ),
        migrations.AddConstraint(
            "action",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "ban"), _negated=True),
                    ("state", "pending_second"),
                    ("second__isnull", False),
                    _connector="OR",
                ),
                name="a_ban_has_two_people",
            ),
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                (
                    "is_question",
                    models.BooleanField(default=False, help_text="Asks other reviewers for a second opinion."),
                ),
                ("written_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="moderation.case"
                    ),
                ),
            ],
            options={"ordering": ["written_at", "id"]},
        ),
    ]
