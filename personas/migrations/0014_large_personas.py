"""Indexes for personas with very many passages, and vectors of Chinese passages made anew by the Chinese embedder."""

from pathlib import Path

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import pgvector.django
from django.db import migrations, models
from django.db.models.functions import Cast

_CENTRE = (Path(__file__).parent.parent / "embedders" / "e5_centre.json").read_text("utf-8")
_HALF_EMBEDDING = Cast("embedding", pgvector.django.HalfVectorField(dimensions=384))

# Words are as in `personas.memory.search`. The pairs of a run of Chinese characters or kana come in two lots: those from
# its first character on, and those from its second. A lot has no overlaps, so one linear `regexp_replace` makes it.
_FUNCTION = """
CREATE FUNCTION passage_terms(words text, answered text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT strip(
        to_tsvector('pg_catalog.simple', regexp_replace(said, '[^a-zà-öø-ÿ\u0370-\u1fff0-9]+', ' ', 'g'))
        || CASE WHEN said ~ '[UNSPACED]' THEN
            to_tsvector('pg_catalog.simple', regexp_replace(runs, '([UNSPACED]{2})', '\\1 ', 'g'))
            || to_tsvector('pg_catalog.simple', regexp_replace(
                regexp_replace(runs, '(^| )[UNSPACED]', '\\1', 'g'), '([UNSPACED]{2})', '\\1 ', 'g'))
        ELSE '' END
    )
    FROM (
        SELECT said, regexp_replace(said, '[^UNSPACED]+', ' ', 'g') AS runs
        FROM (SELECT lower(words || ' ' || answered) AS said) AS joined
    ) AS unspaced
$$
""".replace("UNSPACED", "\u3040-\u30ff\u3400-\u9fff")


def _index(name, embedder):
    return pgvector.django.HnswIndex(
        django.contrib.postgres.indexes.OpClass(_HALF_EMBEDDING, name="halfvec_ip_ops"),
        name=name,
        condition=models.Q(embedder=embedder),
    )


class Migration(migrations.Migration):
    dependencies = [("personas", "0013_train_consent")]

    operations = [
        migrations.RemoveIndex("passage", "passage_embedding"),
        # MiniLM made these without being able to read them. `tasks.tidy` has new ones made.
        migrations.RunSQL(
            "UPDATE personas_passage SET embedder = '', embedding = NULL"
            " WHERE length(regexp_replace(text, '[^\u3400-\u9fff]+', '', 'g')) * 2"
            " > length(regexp_replace(text, '[^[:alpha:]]+', '', 'g'))",
            migrations.RunSQL.noop,
        ),
        # The embedder takes this mean away from now on. Vectors that it made before become what it makes now.
        migrations.RunSQL(
            "UPDATE personas_memory SET embedder = 'multilingual-e5-small-centred',"  # noqa: S608 (our own file)
            f" embedding = l2_normalize(embedding - '{_CENTRE}'::vector)"
            " WHERE embedder = 'multilingual-e5-small'",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION passage_terms(text, text)"),
        # Without this memory, the index of a million vectors would be built on the disk, which takes hours.
        migrations.RunSQL("SET LOCAL maintenance_work_mem = '1GB'", migrations.RunSQL.noop),
        migrations.AddIndex("passage", _index("passages_by_meaning", "all-minilm-l6-v2")),
        migrations.AddIndex("passage", _index("passages_by_meaning_zh", "multilingual-e5-small-centred")),
        migrations.RunSQL("RESET maintenance_work_mem", migrations.RunSQL.noop),
        migrations.AddIndex(
            "passage",
            django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    "text",
                    "prompted_by",
                    function="passage_terms",
                    output_field=django.contrib.postgres.search.SearchVectorField(),
                ),
                name="passages_by_words",
                fastupdate=False,
            ),
        ),
        migrations.AddIndex(
            "passage",
            models.Index(fields=["persona", "id"], condition=models.Q(embedder=""), name="passages_without_vector"),
        ),
    ]
