"""Hybrid search: a ranking by words and one by meaning.

One ranks by meaning, with the inner product of sentence vectors in pgvector. The other ranks by words, weighted by
their rarity among the rows (the inverse document frequency of BM25). Both are needed: letters find a name, meaning
finds a paraphrase. `fused` merges rankings by reciprocal rank (Cormack, Clarke and Büttcher, SIGIR 2009).
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Concat, Lower
from pgvector.django import MaxInnerProduct

from moderation.filter.encoder import EncoderMissing
from personas.embedders.base import Embedder, closeness
from text.scripts import HAN, KANA

logger = logging.getLogger(__name__)

CANDIDATES = 20  # of each ranking
RANK_CONSTANT = 60  # of reciprocal rank fusion, as published
LEAST_CLOSENESS = 0.25  # below it, the neighbours are unrelated
TERMS = 24  # of a query; without a limit, a pasted page would make a thousand conditions

Vector = npt.NDArray[np.float32]

_WORD = re.compile(r"[a-zà-öø-ÿ\u0370-\u1fff0-9]+")  # the migration personas.0014 has the same characters
_HAN_RUN = re.compile(f"[{KANA}{HAN}]+")
# English words without a subject. In a small corpus they can be rare and would then weigh much.
_EMPTY_WORDS = """
    the and was were are for but not you your yours him his her hers she they them their theirs its our ours that
    this these those there here then than with from have has had will would shall should can could may might must
    did does done what when where which who whom whose why how about into some any all ever tell say said know
    think like just very much more one out get got been being let
    don didn doesn isn aren wasn weren won couldn wouldn shouldn hasn haven hadn
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
_ENDING = re.compile(r"(?:ings?|edly|ed|es|s|ly|e)$")


def vector_of(query: str, embedder: Embedder) -> Vector | None:
    """float32 [dimensions] of length 1; None for a blank query, or if the embedder's weights are not installed."""
    if not query.strip():
        return None
    try:
        vector: Vector = embedder.embed([query])[0]
    except EncoderMissing:
        logger.warning("memory.words_only", extra={"embedder": embedder.name})
        return None
    return vector


def by_meaning(rows: QuerySet[Any], vector: Vector | None, embedder: Embedder) -> list[int]:
    """Ids of the rows that are nearest in meaning, best first. `rows` have `embedding` and `embedder`."""
    return [pk for pk, near in closeness_of(rows, vector, embedder) if near >= LEAST_CLOSENESS]


def closeness_of(
    rows: QuerySet[Any], vector: Vector | None, embedder: Embedder, *, most: int = CANDIDATES
) -> list[tuple[int, float]]:
    """Ids of the nearest rows with their closeness in meaning, the nearest first. Every row is compared."""
    if vector is None:
        return []
    nearest = (
        rows.filter(embedder=embedder.name)
        .annotate(distance=MaxInnerProduct("embedding", vector))  # the negative inner product
        .order_by("distance")
        .values_list("pk", "distance")[:most]
    )
    return [(pk, closeness(embedder, -distance)) for pk, distance in nearest]


def terms(text: str) -> list[str]:
    """Stems of words, and pairs of Chinese or Japanese characters, in order, without repeats, at most TERMS."""
    text = text.casefold()
    stems = [_beginning(word) for word in _WORD.findall(text) if len(word) > 2 and word not in _EMPTY]
    for run in _HAN_RUN.findall(text):
        stems += [run[i : i + 2] for i in range(len(run) - 1)]
    return list(dict.fromkeys(stems))[:TERMS]


def _beginning(word: str) -> str:
    """A word without an English ending, so that `dancing` finds `danced`."""
    stem = _ENDING.sub("", word)
    return stem if len(stem) >= 4 else word


@dataclass(frozen=True)
class Population:
    """The rows that a few were taken from: how many there are, and which share of them holds a term."""

    rows: int
    shares: Mapping[str, float]


# strpos is cheap and comes first, so the regular expression only reads texts that contain the letters.
_HOLDS = r"strpos(words, term) > 0 AND (term !~ '^[\x01-\x7f]' OR words ~ ('\m' || term))"


def by_words(
    rows: QuerySet[Any],
    query_terms: Sequence[str],
    *,
    within: tuple[str, str],
    population: Population | None = None,
) -> list[tuple[int, float]]:
    """Ids of the rows whose words match best, best first, each with the share of the query's weight that it holds.

    `within` are the two columns that hold the words. A term's rarity is counted in the rows, or in the `population`
    that they were taken from.
    """
    # A term in more than half of the rows has no weight, since it does not tell rows apart.
    if not query_terms:
        return []
    searched, parameters = _with_words(rows, within)
    shares = [population.shares.get(term, 0.0) if population else 0.0 for term in query_terms]
    with connection.cursor() as cursor:
        cursor.execute(
            rf"""
            WITH own(id, words) AS MATERIALIZED (
                {searched}
            ), total AS (SELECT coalesce(%s, count(*)) AS n FROM own), hit AS (
                SELECT
                    own.id, n, length(words) AS size,
                    greatest(count(*) OVER (PARTITION BY term), share * n) AS holders
                FROM own CROSS JOIN total CROSS JOIN unnest(%s::text[], %s::float[]) AS asked(term, share)
                WHERE {_HOLDS}
            )
            SELECT id, weight / most FROM (
                SELECT
                    id, sum(ln(1 + (n - holders + 0.5) / (holders + 0.5))) AS weight, min(size) AS size,
                    max(ln(2 * n + 2)) AS most
                FROM hit WHERE n < 4 OR holders <= n / 2.0 GROUP BY id
            ) AS weighed
            ORDER BY weight / (1 + size / 2000.0) DESC, id LIMIT %s
            """,  # noqa: S608 (Django's own SQL, whose values are parameters)
            [*parameters, population.rows if population else None, list(query_terms), shares, CANDIDATES],
        )
        return [(pk, float(share) / len(query_terms)) for pk, share in cursor.fetchall()]


def holders(rows: QuerySet[Any], query_terms: Sequence[str], *, within: tuple[str, str]) -> dict[str, int]:
    """How many of the rows hold each term; terms that none holds are left out."""
    searched, parameters = _with_words(rows, within)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH own(id, words) AS MATERIALIZED ({searched})"  # noqa: S608 (as above)
            f" SELECT term, count(*) FROM own CROSS JOIN unnest(%s::text[]) AS term WHERE {_HOLDS} GROUP BY term",
            [*parameters, list(query_terms)],
        )
        return dict(cursor.fetchall())


def _with_words(rows: QuerySet[Any], within: tuple[str, str]) -> tuple[str, Sequence[Any]]:
    """SQL for the ids of the rows with their words in small letters, and its parameters."""
    words = Lower(Concat(within[0], Value(" "), within[1], output_field=TextField()))
    sql, parameters = rows.values_list("pk", words).query.sql_with_params()
    return sql, parameters


def fused(rankings: Iterable[Sequence[int]]) -> dict[int, float]:
    """The merged score of each row in a ranking: higher is better, at most 1 / 61 for each ranking. Best first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, pk in enumerate(ranking, start=1):
            scores[pk] = scores.get(pk, 0.0) + 1 / (RANK_CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
