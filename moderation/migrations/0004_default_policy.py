"""Version 1 of the policy. Why each threshold stands where it does: docs/moderation-model-card.md."""

from django.db import migrations

# category, direction, threshold, action, is_shadow
RULES = [
    ("sexual/minors", "user", 0.25, "block", False),
    ("sexual/minors", "persona", 0.25, "block", False),
    ("harassment/threatening", "user", 0.8, "block", False),
    ("harassment/threatening", "persona", 0.92, "block", False),
    ("hate/threatening", "user", 0.7, "block", False),
    ("hate/threatening", "persona", 0.7, "block", False),
    ("violence", "user", 0.9, "block", False),
    ("violence", "user", 0.7, "flag", False),
    ("violence", "persona", 0.85, "block", False),
    ("violence/graphic", "user", 0.8, "flag", False),
    ("violence/graphic", "persona", 0.8, "block", False),
    ("hate", "user", 0.93, "block", False),
    ("hate", "user", 0.75, "flag", False),
    ("hate", "persona", 0.85, "block", False),
    ("harassment", "user", 0.95, "block", False),
    ("harassment", "user", 0.8, "flag", False),
    ("harassment", "persona", 0.95, "block", False),
    ("sexual", "user", 0.9, "flag", False),
    ("sexual", "persona", 0.9, "block", False),
    ("illicit", "user", 0.95, "block", False),
    ("illicit", "user", 0.85, "flag", False),
    ("illicit", "persona", 0.97, "block", False),
    ("self-harm/intent", "user", 0.8, "crisis", False),
    ("self-harm/instructions", "user", 0.8, "crisis", False),
    ("self-harm", "user", 0.5, "flag", False),
    ("self-harm", "persona", 0.9, "block", False),
    ("self-harm/intent", "persona", 0.85, "block", False),
    ("self-harm/instructions", "persona", 0.7, "block", False),
    ("jailbreak", "user", 0.85, "flag", False),
    ("pii", "user", 0.9, "flag", True),
    ("pii", "persona", 0.9, "mask", False),
]


def make_default(apps, schema_editor):
    policy = apps.get_model("moderation", "Policy").objects.create(version="1", is_active=True)
    rule = apps.get_model("moderation", "Rule")
    rule.objects.bulk_create(
        rule(
            policy=policy, category=category, direction=direction, threshold=threshold, action=action, is_shadow=shadow
        )
        for category, direction, threshold, action, shadow in RULES
    )


def remove_default(apps, schema_editor):
    apps.get_model("moderation", "Policy").objects.filter(version="1").delete()


class Migration(migrations.Migration):
    dependencies = [("moderation", "0003_append_only_audit_trail")]
    operations = [migrations.RunPython(make_default, remove_default)]
