import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

DIRECTIONS = [("user", "User"), ("persona", "Persona")]
ACTIONS = [("allow", "Allow"), ("flag", "Flag"), ("mask", "Mask"), ("block", "Block"), ("crisis", "Crisis")]


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("moderation", "0005_persona_approval_and_breaks"),
    ]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="activated_at",
            field=models.DateTimeField(help_text="When it last became active; null for a draft.", null=True),
        ),
        migrations.AddField(
            model_name="policy",
            name="shadow_until",
            field=models.DateTimeField(help_text="Until then the draft is tried beside the active version.", null=True),
        ),
        migrations.AddField(model_name="policy", name="shadow_since", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="policy",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="made_from",
            field=models.CharField(
                blank=True, default="", help_text="preset:<name> or version:<version>, if any.", max_length=64
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="policy",
            name="reason",
            field=models.TextField(blank=True, default="", help_text="Why it was made."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="assessment",
            name="set_aside",
            field=models.JSONField(
                default=list,
                help_text="Categories whose scores must not withhold this text, because it speaks of a death.",
            ),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, db_index=True),
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=24)),
                ("examples", models.JSONField(help_text="Sentences of the topic, in any language.")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="topics", to="moderation.policy"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("policy", "name"), name="one_topic_per_name")],
            },
        ),
        migrations.CreateModel(
            name="PersonaRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("persona_id", models.UUIDField(db_index=True)),
                ("category", models.CharField(max_length=32)),
                ("direction", models.CharField(choices=DIRECTIONS, max_length=8)),
                ("threshold", models.FloatField()),
                ("action", models.CharField(choices=ACTIONS, max_length=8)),
                ("reason", models.TextField()),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("end_reason", models.TextField(blank=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("persona_id", "category", "direction", "action"),
                        name="one_persona_rule_per_category_and_action",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("threshold__gte", 0), ("threshold__lte", 1)),
                        name="persona_threshold_is_a_probability",
                    ),
                ],
            },
        ),
    ]
