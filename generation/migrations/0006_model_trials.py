import uuid

import django.contrib.postgres.fields
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0005_model_parameters"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelTrial",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("step", models.CharField(help_text="What the trial is doing, in words.", max_length=200)),
                ("error", models.TextField(blank=True, help_text="Why it failed, and what to do.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("claimed_at", models.DateTimeField(help_text="When a worker took it.", null=True)),
                (
                    "moved_at",
                    models.DateTimeField(default=django.utils.timezone.now, help_text="When its step last changed."),
                ),
                (
                    "installed",
                    models.SlugField(blank=True, help_text="The name of the installed model.", max_length=64),
                ),
                ("base_url", models.CharField(blank=True, max_length=200)),
                (
                    "model",
                    models.CharField(
                        blank=True, help_text="Empty until a model of the server is chosen.", max_length=128
                    ),
                ),
                ("key_variable", models.CharField(blank=True, max_length=64)),
                (
                    "context_length",
                    models.PositiveIntegerField(help_text="In tokens. Empty: as the server says.", null=True),
                ),
                ("prompt_form", models.CharField(default="chat", max_length=16)),
                (
                    "offered",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=128),
                        default=list,
                        help_text="Models to choose from.",
                        size=None,
                    ),
                ),
                (
                    "today",
                    models.CharField(blank=True, help_text="The model that served during the trial.", max_length=200),
                ),
                ("comparisons", models.JSONField(default=list, help_text="trials.comparing.Comparison, in order.")),
                (
                    "engine",
                    models.SlugField(blank=True, help_text="The engine that serves since the switch.", max_length=64),
                ),
                (
                    "before",
                    models.JSONField(default=dict, help_text="What served before the switch (trials.switching)."),
                ),
                ("switched_at", models.DateTimeField(null=True)),
                ("switched_back_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "running")), fields=("status",), name="one_trial_at_a_time"
                    )
                ],
            },
        ),
    ]
