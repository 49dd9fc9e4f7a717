import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("personas", "0005_confirmations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waits"),
                            ("running", "Runs"),
                            ("ended", "Ended"),
                            ("stopped", "Stopped"),
                            ("failed", "Broken off"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("error", models.TextField(blank=True, help_text="Why it was broken off, for the persona's owner.")),
                (
                    "fingerprint",
                    models.JSONField(help_text="Digests of the words and the models, and the fine-tune's id."),
                ),
                ("probes_version", models.CharField(max_length=16)),
                ("policy_version", models.CharField(blank=True, max_length=32)),
                ("is_passed", models.BooleanField(help_text="Null until it has ended.", null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="Of the probe that is asked now.")),
                ("queued_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True, choices=[("approved", "Approve"), ("refused", "Refuse")], max_length=16
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="Of the decision; the persona's owner reads it.")),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "persona",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="audits", to="personas.persona"
                    ),
                ),
            ],
            options={
                "ordering": ["-queued_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=("persona",),
                        name="one_audit_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "approved"), _negated=True), ("is_passed", True), _connector="OR"
                        ),
                        name="only_a_passed_audit_is_approved",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("probe", models.CharField(help_text="The probe's id.", max_length=64)),
                ("area", models.CharField(max_length=32)),
                ("prompt", models.TextField()),
                (
                    "answer",
                    models.TextField(
                        blank=True, help_text="As a person would have read it; empty where it was withheld."
                    ),
                ),
                ("is_passed", models.BooleanField()),
                ("evidence", models.JSONField(default=list, help_text="Sentences that say why.")),
                (
                    "dimension",
                    models.CharField(blank=True, help_text="Of a paired probe: sex, origin …", max_length=32),
                ),
                ("group", models.CharField(blank=True, max_length=64)),
                ("toxicity", models.FloatField(help_text="The highest probability of hate or harassment.", null=True)),
                ("regard", models.FloatField(help_text="-1 (ill) to 1 (well): how it speaks of the group.", null=True)),
                ("model", models.CharField(blank=True, help_text="That wrote the answer.", max_length=128)),
                (
                    "audit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answers", to="personas.audit"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("audit", "probe"), name="one_answer_to_a_probe")],
            },
        ),
    ]
