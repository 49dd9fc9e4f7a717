from uuid import uuid4

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Personas of living people are silent until somebody has confirmed them."""

    dependencies = [("personas", "0004_fine_tunes")]

    operations = [
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.UUIDField(
                        default=uuid4, help_text="Signed, it is the link. A new link has a new key.", unique=True
                    ),
                ),
                ("name", models.CharField(help_text="The persona's name when the link was made.", max_length=80)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("yes", "yes, they agree"),
                            ("no", "no, they do not agree"),
                            ("withdrawn", "they have withdrawn their agreement"),
                        ],
                        help_text="Empty until they have answered.",
                        max_length=16,
                    ),
                ),
                ("text", models.TextField(blank=True, help_text="What they read when they answered.")),
                ("text_version", models.CharField(blank=True, max_length=32)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "persona",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="confirmation",
                        to="personas.persona",
                    ),
                ),
            ],
        ),
    ]
