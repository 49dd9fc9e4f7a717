"""What a search finds messages by, the mark of a pinned message, and times that an import may set."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.utils.timezone
from django.db import migrations, models

# Chinese, Japanese and Korean characters. `chat.conversation.search` has the same ranges.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"

# The pairs of a run come in two lots: those from its first character on, and those from its second. A lot has no
# overlaps, so that one linear `regexp_replace` makes it. Patterns of PostgreSQL cannot capture what lies ahead.
_FUNCTION = """
CREATE FUNCTION chat_search_vector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.english', regexp_replace(words, '([UNSPACED])', ' \\1 ', 'g'))
        || to_tsvector('pg_catalog.simple', regexp_replace(runs, '([UNSPACED]{2})', '\\1 ', 'g'))
        || to_tsvector('pg_catalog.simple', regexp_replace(
            regexp_replace(runs, '(^| )[UNSPACED]', '\\1', 'g'), '([UNSPACED]{2})', '\\1 ', 'g'))
    FROM (SELECT regexp_replace(words, '[^UNSPACED]+', ' ', 'g') AS runs) AS unspaced
$$
""".replace("UNSPACED", _UNSPACED)


class Migration(migrations.Migration):
    dependencies = [("chat", "0006_conversation_state")]

    operations = [
        migrations.AddField("message", "is_pinned", models.BooleanField(default=False)),
        migrations.AlterField("message", "created_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION chat_search_vector(text)"),
        migrations.AddField(
            "message",
            "terms",
            models.GeneratedField(
                db_persist=True,
                expression=models.Func("text", function="chat_search_vector"),
                help_text="What a search finds the text by; the migration 0007_search defines the function.",
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            "message", django.contrib.postgres.indexes.GinIndex(fields=["terms"], name="messages_by_words")
        ),
        migrations.AddIndex("message", models.Index(fields=["-created_at"], name="newest_messages")),
    ]
