"""Blind reviews of decisions, vectors of cases, and counts of crisis notices that outlive their assessments."""

import django.db.models.deletion
import pgvector.django
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("dismiss", "Dismiss"),
    ("warn", "Warn the person"),
    ("lock_conversation", "Lock the conversation"),
    ("suspend_user", "Suspend the person"),
    ("disable_persona", "Disable the persona"),
    ("ban", "Close the account to messages for good"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0011_labels_second_people_and_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        pgvector.django.VectorExtension(),
        migrations.CreateModel(
            name="QualityReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drawn_at", models.DateTimeField(auto_now_add=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("kind", models.CharField(blank=True, choices=KINDS, max_length=24)),
                ("labels", models.JSONField(default=list)),
                ("reason", models.TextField(blank=True)),
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quality_review",
                        to="moderation.action",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["drawn_at"]},
        ),
        migrations.CreateModel(
            name="CaseVector",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="vector",
                        serialize=False,
                        to="moderation.case",
                    ),
                ),
                ("embedding", pgvector.django.VectorField(dimensions=384)),
            ],
        ),
        migrations.CreateModel(
            name="ReferralCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("level", models.CharField(max_length=16)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("day", "level"), name="one_count_of_a_day_and_level")],
            },
        ),
        migrations.AddIndex(
            "auditentry", models.Index(fields=["action", "created_at"], name="audit_entries_by_action")
        ),
    ]
