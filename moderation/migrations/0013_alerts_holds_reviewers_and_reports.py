"""Alerts about deadlines, holds, the wishes of reviewers, and the reports of people."""

from uuid import uuid4

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0012_quality_reviews_vectors_and_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "case",
            "source",
            models.CharField(
                choices=[("monitor", "The filter and the monitor"), ("report", "A report")],
                default="monitor",
                help_text="What opened it.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            "case",
            "is_held",
            models.BooleanField(default=False, help_text="Kept beyond its time, for example for a court."),
        ),
        migrations.AddField(
            "case",
            "alerted_at",
            models.DateTimeField(help_text="When the owner was told that its deadline has passed.", null=True),
        ),
        migrations.AddField(
            "appeal",
            "alerted_at",
            models.DateTimeField(help_text="When the owner was told that the answer is late.", null=True),
        ),
        migrations.CreateModel(
            name="Reviewer",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="reviewer",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opted_out",
                    models.JSONField(default=list, help_text="Categories that this reviewer is not served."),
                ),
                ("paused_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.UUIDField(default=uuid4, editable=False, primary_key=True, serialize=False)),
                ("category", models.CharField(max_length=32)),
                ("message_id", models.UUIDField()),
                ("filed_at", models.DateTimeField(auto_now_add=True)),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to="moderation.case",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-filed_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reporter", "message_id", "category"), name="one_report_of_a_message"
                    )
                ],
            },
        ),
    ]
