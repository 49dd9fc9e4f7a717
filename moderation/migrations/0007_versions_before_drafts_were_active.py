from django.db import migrations
from django.db.models import F


def date_activations(apps, schema_editor):
    """Until now each version became active when it was made."""
    policies = apps.get_model("moderation", "Policy").objects
    policies.filter(activated_at=None).update(activated_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("moderation", "0006_policy_history_topics_and_persona_rules")]
    operations = [migrations.RunPython(date_activations, migrations.RunPython.noop)]
