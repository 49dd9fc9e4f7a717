"""Claims of cases, the queues that cases wait in, and indexes for a queue of many cases."""

from uuid import uuid4

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0008_signs_by_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RemoveField("case", "assigned_to"),
        migrations.AlterField(
            "case",
            "status",
            models.CharField(
                choices=[("open", "Open"), ("pending_second", "Pending Second"), ("decided", "Decided")],
                default="open",
                max_length=16,
            ),
        ),
        migrations.AddField(
            "case",
            "queue",
            models.CharField(
                choices=[
                    ("child_safety", "Child safety"),
                    ("crisis", "Crisis"),
                    ("threats", "Threats and violence"),
                    ("senior", "For the owner"),
                    ("general", "General"),
                ],
                default="general",
                max_length=16,
            ),
        ),
        migrations.AlterModelOptions(
            "case",
            {
                "ordering": ["-severity", "due_at", "opened_at", "id"],
                "permissions": [("review_child_safety", "Can review cases of child safety")],
            },
        ),
        migrations.RemoveConstraint("case", "one_open_case_per_conversation"),
        migrations.AddConstraint(
            "case",
            models.UniqueConstraint(
                condition=models.Q(("status__in", ["open", "pending_second"])),
                fields=("conversation_id",),
                name="one_open_case_per_conversation",
            ),
        ),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("status", "open")),
                fields=["-severity", "due_at", "opened_at", "id"],
                name="open_cases_in_order",
            ),
        ),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("status", "decided")),
                fields=["-updated_at", "-id"],
                name="decided_cases_newest_first",
            ),
        ),
        migrations.AddIndex(
            "case",
            django.contrib.postgres.indexes.GinIndex(
                fields=["findings"], name="cases_by_finding", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.UUIDField(default=uuid4, editable=False, primary_key=True, serialize=False)),
                ("claimed_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("decided", "Decided"),
                            ("released", "Released"),
                            ("skipped", "Skipped"),
                            ("moved", "Moved"),
                            ("expired", "Expired"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "skip_reason",
                    models.CharField(blank=True, help_text="A key of `claims.SKIP_REASONS`.", max_length=32),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="claims", to="moderation.case"
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["claimed_at"],
                "indexes": [models.Index(fields=["moderator", "claimed_at"], name="claims_of_a_moderator")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("case",), name="one_claim_of_a_case"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end", ""), ("ended_at__isnull", True)),
                            models.Q(("ended_at__isnull", False), models.Q(("end", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="an_ended_claim_says_how",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end", "skipped"), _negated=True),
                            models.Q(("skip_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_skip_has_a_reason",
                    ),
                ],
            },
        ),
    ]
