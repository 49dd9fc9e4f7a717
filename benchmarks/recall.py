"""How fast a persona's passages are recalled where there are a million of them.

    python -m benchmarks.recall [--passages 1000000] [--personas 1000] [--queries 200]

Fills a database of its own, which is deleted afterwards: one persona with that many passages, one with 20,000, one with
5,000 and many with 50. Prints JSON: the time to build the indexes and their sizes, and for each size of persona the
time of `passages.recall` and of its parts in milliseconds, and the share of the ten nearest passages that it finds.

The words are the two halves of two lines of the written dialogues (generation/dialogues). The vector is the sum of the
vectors of these lines, made by MiniLM, with noise: so the vectors lie in clusters, as real ones do. The queries are
other lines, asked through MiniLM. A real persona has more different words, so the rarest of a query are rarer.
"""

import argparse
import hashlib
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from pgvector import Vector  # noqa: E402
from pgvector.psycopg import register_vector  # noqa: E402

from accounts.models import User  # noqa: E402
from persona_site import services  # noqa: E402
from personas.embedders.minilm import MiniLM  # noqa: E402
from personas.memory import passage_search, passages, search  # noqa: E402
from personas.models import Persona, Source  # noqa: E402
from personas.prompting import dialogues  # noqa: E402
from text import scripts  # noqa: E402

_AIM_MS, _AIM_RECALL = 50, 0.95
_LINES = 2_000  # of the dialogues; their pairs make four million passages
_NOISE = 0.5  # the length of the noise beside two vectors of length 1
_SEED = 1
_AT_ONCE = 1_000
_TABLE = "personas_passage"


def _lines(queries: int) -> tuple[list[str], list[str]]:
    """Lines for passages and lines for queries, of at least four words."""
    read = [line for file in dialogues.learnt_files() for dialogue in dialogues.read(file) for line in dialogue.turns]
    english = [line for line in read if not scripts.is_mostly_han(line.text) and len(line.text.split()) >= 4]
    words = list(dict.fromkeys(line.text for line in english if line.speaker == "persona"))[:_LINES]
    asked = dict.fromkeys(line.text for line in english if line.speaker == "user" and line.text not in words)
    return words, list(asked)[-queries:]


class _Writer:
    """Writes passages, no two alike."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._draw = np.random.default_rng(_SEED)
        self._lines = lines
        self._vectors = np.concatenate([MiniLM().embed(lines[at : at + 64]) for at in range(0, len(lines), 64)])
        self._written: set[str] = set()
        self._pairs = iter(self._draw.permutation(len(lines) ** 2))

    def fill(self, counts: dict[Persona, int]) -> None:
        sources = {
            persona: Source.objects.create(persona=persona, name="words", format="plain-text", bytes=1)
            for persona in counts
        }
        register_vector(connection.connection)
        with (
            connection.cursor() as cursor,
            cursor.copy(
                f"COPY {_TABLE} (persona_id, source_id, text, prompted_by, digest, source_ref, embedder, embedding)"
                " FROM STDIN (FORMAT BINARY)"
            ) as copy,
        ):
            copy.set_types(["uuid", "uuid", "text", "text", "varchar", "varchar", "varchar", "vector"])
            for persona, count in counts.items():
                for text, vector in islice(self._passages(), count):
                    digest = hashlib.sha256(text.encode()).hexdigest()
                    copy.write_row(
                        (persona.pk, sources[persona].pk, text, "", digest, "line 1", MiniLM.name, Vector(vector))
                    )

    def _passages(self) -> Iterator[tuple[str, Any]]:
        while True:
            pairs = np.fromiter(islice(self._pairs, _AT_ONCE), np.int64)
            firsts, seconds = pairs // len(self._lines), pairs % len(self._lines)
            noise = self._draw.normal(size=(len(pairs), MiniLM.dimensions)).astype(np.float32)
            noise *= _NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
            vectors = self._vectors[firsts] + self._vectors[seconds] + noise
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            for first, second, vector in zip(firsts, seconds, vectors, strict=True):
                text = f"{_half(self._lines[first], 0)} {_half(self._lines[second], 1)}"
                if text not in self._written:
                    self._written.add(text)
                    yield text, vector


def _half(line: str, which: int) -> str:
    words = line.split()
    middle = len(words) // 2
    return " ".join(words[middle:] if which else words[:middle])


def _fill(writer: _Writer, many: int, personas: int) -> tuple[dict[str, Persona], dict[str, Any]]:
    owner = User.objects.create_user("ada")

    def persona() -> Persona:
        return Persona.objects.create(owner=owner, name="Ada", depicts="fictional")

    sizes = {"all": many, "20000": 20_000, "5000": 5_000, "50": 50}
    largest = {name: persona() for name in sizes}
    began = time.monotonic()
    with connection.cursor() as cursor:
        # Each index is built at once, as a restored backup does it. A row that is added later finds its place alone.
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", [_TABLE])
        indexes = {name: sql for name, sql in cursor.fetchall() if name.startswith("passage")}
        for name in indexes:
            cursor.execute(f"DROP INDEX {name}")
        # Between them lie the small ones, as in a table that has grown.
        writer.fill({persona(): 50 for _ in range(personas // 2)})
        writer.fill({largest[name]: sizes[name] for name in sizes})
        writer.fill({persona(): 50 for _ in range(personas // 2)})
        report: dict[str, Any] = {"copy_s": round(time.monotonic() - began), "indexes": {}}
        cursor.execute("SET maintenance_work_mem = '3GB'")
        for name, sql in indexes.items():
            began = time.monotonic()
            cursor.execute(sql)
            cursor.execute("SELECT pg_relation_size(%s) / 1e6", [name])
            report["indexes"][name] = {
                "build_s": round(time.monotonic() - began),
                "mb": round(float(cursor.fetchone()[0])),
            }
        cursor.execute(f"VACUUM ANALYZE {_TABLE}")
        cursor.execute("SELECT pg_total_relation_size(%s) / 1e6, count(*) FROM personas_passage", [_TABLE])
        size, rows = cursor.fetchone()
    return largest, report | {"table_with_indexes_mb": round(float(size)), "rows": rows}


def _times(work: Callable[[Any], Any], queries: Sequence[Any]) -> dict[str, float]:
    """In milliseconds."""
    times = []
    for query in queries:
        began = time.perf_counter()
        work(query)
        times.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(times, n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)}


def _measured(persona: Persona, queries: Sequence[str], vectors: Sequence[Any]) -> dict[str, Any]:
    embedder, own = MiniLM(), persona.passages.all()
    exact = [_ids(search.closeness_of(own, vector, embedder, most=10)) for vector in vectors]
    found = [_ids(passage_search.closeness_of(own, vector, embedder, most=10)) for vector in vectors]
    passages.recall(persona, queries[0], 8)
    return {
        "size_as_estimated": passage_search.size(own),
        "recall_ms": _times(lambda query: passages.recall(persona, query, 8), queries),
        "by_meaning_ms": _times(lambda vector: passage_search.closeness_of(own, vector, embedder), vectors),
        "by_words_ms": _times(lambda query: passage_search.by_words(own, search.terms(query)), queries),
        "recall_at_10": round(
            sum(len(set(one) & set(other)) for one, other in zip(exact, found, strict=True)) / (10 * len(exact)), 4
        ),
    }


def _ids(found: Sequence[tuple[int, float]]) -> list[int]:
    return [pk for pk, _ in found]


def _report(many: int, personas: int, count: int) -> dict[str, Any]:
    lines, queries = _lines(count)
    largest, report = _fill(_Writer(lines), many, personas)
    vectors = [MiniLM().embed([query])[0] for query in queries]
    return {
        "passages": many,
        "aims": {"p95_ms": _AIM_MS, "recall_at_10": _AIM_RECALL},
        "queries": len(queries),
        "database": report,
        "embed_the_query_ms": _times(lambda query: MiniLM().embed([query]), queries),
        "personas": {name: _measured(persona, queries, vectors) for name, persona in largest.items()},
        "load": os.getloadavg(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--personas", type=int, default=1_000)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    with services.running_for(["test"]):
        name = settings.DATABASES["default"]["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            figures = _report(options.passages, options.personas, options.queries)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
