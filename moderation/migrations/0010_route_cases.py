"""Routes the cases that are there to their queues."""

from django.db import migrations

# The routing of `moderation.desk.routing` on the day of this migration, for cases that are open then.
_QUEUES = [
    ("child_safety", ["sexual/minors"]),
    ("crisis", ["self-harm", "self-harm/intent", "self-harm/instructions"]),
    ("threats", ["harassment/threatening", "hate/threatening", "violence"]),
]


def route(apps, schema_editor):
    cases = apps.get_model("moderation", "Case").objects
    for queue, categories in reversed(_QUEUES):  # the first that matches counts, so it is written last
        for category in categories:
            cases.filter(findings__contains=[{"category": category}]).update(queue=queue)


class Migration(migrations.Migration):
    dependencies = [("moderation", "0009_claims_and_queues")]
    operations = [migrations.RunPython(route, migrations.RunPython.noop)]
