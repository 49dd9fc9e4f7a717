from django.db import migrations

# Importers took the years 1 and 9999 for times. In some time zones their pages, and in the database's their rows, could
# not be read.
_FORGET = """
    UPDATE personas_utterance SET sent_at = NULL
    WHERE sent_at < '1000-01-01 00:00+00' OR sent_at >= '3000-01-01 00:00+00'
"""


class Migration(migrations.Migration):
    dependencies = [("personas", "0016_translated_names")]

    operations = [migrations.RunSQL(_FORGET, migrations.RunSQL.noop)]
