"""Search among a persona's passages. Of a small persona each is compared, as `search` does it. Else, indexes help.

By meaning, an HNSW index leads to the nearest vectors (Malkov and Yashunin 2018). Neighbours of other personas are
passed over, and the scan goes on until it has enough (`hnsw.iterative_scan` of pgvector 0.8).

By words, an index leads to the passages that hold the rarest terms of the query, and only those are weighed. How rare a
term is says a sample of the passages: those with the smallest digests. A digest is a random number, so the sample is
fair, and how small the digests are says how many passages there are (Bar-Yossef et al. 2002).
"""

from collections.abc import Iterator, Sequence

from django.db import connection, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from pgvector.django import MaxInnerProduct

from personas.embedders.base import Embedder, closeness
from personas.memory import search
from personas.memory.search import Population, Vector
from personas.models import HALF_EMBEDDING, Passage

# The most passages that are all compared. That is quicker than an index, or misses less in about its time.
BY_MEANING, BY_WORDS = 30_000, 10_000
_WITHIN = ("text", "prompted_by")
_SAMPLE = 400  # passages
_WEIGHED = 2_000  # passages at most
# For the planner of the search by words. Pages lie in memory, and a bitmap of all rows of a large persona is dear: it
# does not fit into `work_mem`, so PostgreSQL makes the terms of each row anew.
_COSTS = {"random_page_cost": "1.1", "cpu_index_tuple_cost": "0.02"}
_EXPLORED = 200  # `hnsw.ef_search`: how many neighbours the index keeps in view


def size(passages: QuerySet[Passage]) -> int:
    """The number of a persona's passages, estimated to 5 percent; 0 if they are few."""
    found = passages.order_by("digest").values_list("digest", flat=True)[_SAMPLE - 1 : _SAMPLE]
    return next((round((_SAMPLE - 1) * 16**12 / max(1, int(digest[:12], 16))) for digest in found), 0)


def closeness_of(
    passages: QuerySet[Passage], vector: Vector | None, embedder: Embedder, *, most: int = search.CANDIDATES
) -> list[tuple[int, float]]:
    """Ids of the nearest passages with their closeness in meaning, the nearest first. The index can miss a few."""
    if vector is None or size(passages) <= BY_MEANING:
        return search.closeness_of(passages, vector, embedder, most=most)
    nearest = (
        passages.filter(embedder=embedder.name)
        .annotate(distance=MaxInnerProduct(HALF_EMBEDDING, vector))
        .order_by("distance")
        .values_list("pk", "distance")[:most]
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', %s, true)",
            [str(_EXPLORED)],
        )
        in_order = sorted(nearest, key=lambda found: found[1])  # `strict_order` would lose what comes out of order
        return [(pk, closeness(embedder, -distance)) for pk, distance in in_order]


def by_words(passages: QuerySet[Passage], terms: Sequence[str]) -> list[int]:
    """Ids of the passages whose words match best, best first."""
    rows = size(passages)
    if rows <= BY_WORDS or not terms:
        return [pk for pk, _ in search.by_words(passages, terms, within=_WITHIN)]
    sample = passages.order_by("digest")[:_SAMPLE]
    held = search.holders(sample, terms, within=_WITHIN)
    population = Population(rows, {term: held.get(term, 0) / _SAMPLE for term in terms})
    query = " | ".join(f"'{term}'" + ":*" * term.isascii() for term in _rare(population))
    holds = RawSQL("passage_terms(text, prompted_by) @@ %s::tsquery", [query], output_field=BooleanField())
    weighed = passages.alias(holds=holds).filter(holds=True).order_by()[:_WEIGHED]
    with transaction.atomic(), connection.cursor() as cursor:
        for name, cost in _COSTS.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, cost])
        return [pk for pk, _ in search.by_words(weighed, terms, within=_WITHIN, population=population)]


def _rare(population: Population) -> Iterator[str]:
    """The rarest terms, as long as few passages hold them; at least one."""
    room = float(_WEIGHED)
    for number, (term, share) in enumerate(sorted(population.shares.items(), key=lambda item: item[1])):
        room -= share * population.rows
        if number and room < 0:
            return
        yield term
