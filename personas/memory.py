"""Finds the passages of a persona that bear on a message: `recall`.

Two rankings of its passages are merged by reciprocal rank (Cormack, Clarke and Büttcher, SIGIR 2009). One ranks
by meaning, with the inner product of MiniLM vectors in pgvector. The other ranks by words, weighted by their
rarity in this corpus (the inverse document frequency of BM25). Both are needed: letters find a name, meaning
finds a paraphrase. MiniLM's vocabulary has little Chinese, so the words (pairs of characters) matter most there.
"""

import logging
import re
from dataclasses import dataclass

from django.db import connection
from pgvector.django import MaxInnerProduct

from moderation.filter.encoder import EncoderMissing
from personas.embedders.base import Embedder
from personas.embedders.minilm import MiniLM
from personas.models import Persona
from text.scripts import HAN, KANA

logger = logging.getLogger(__name__)

CANDIDATES = 20  # of each ranking
RANK_CONSTANT = 60  # of reciprocal rank fusion, as published
LEAST_SIMILARITY = 0.25  # inner product; below it, MiniLM's neighbours are unrelated
TERMS = 24  # of a query; without a limit, a pasted page would make a thousand conditions

_WORD = re.compile(r"[a-zà-öø-ÿ\u0370-\u1fff0-9']+")
_HAN_RUN = re.compile(f"[{KANA}{HAN}]+")
# English words without a subject. In a small corpus they can be rare and would then weigh much.
_EMPTY_WORDS = """
    the and was were are for but not you your yours him his her hers she they them their theirs its our ours that
    this these those there here then than with from have has had will would shall should can could may might must
    did does done what when where which who whom whose why how about into some any all ever tell say said know
    think like just very much more one out get got been being let
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
_ENDING = re.compile(r"(?:ings?|edly|ed|es|s|ly|e)$")


@dataclass(frozen=True)
class Recalled:
    """A recalled passage. `score` is its fused rank: higher is better, at most 2 / 61."""

    text: str
    prompted_by: str
    score: float
    source_ref: str


def recall(persona: Persona, query: str, k: int, *, embedder: Embedder | None = None) -> list[Recalled]:
    """At most `k` passages of the persona that bear on the query, best first. It can return none.

    Words alone decide until the persona's passages are embedded, and if the embedder's weights are not installed.
    """
    if not persona.passages.exists():
        return []
    rankings = [_by_words(persona, query), _by_meaning(persona, query, embedder or MiniLM())]
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, pk in enumerate(ranking, start=1):
            scores[pk] = scores.get(pk, 0.0) + 1 / (RANK_CONSTANT + rank)
    best = sorted(scores, key=lambda pk: (-scores[pk], pk))[:k]
    passages = persona.passages.in_bulk(best)
    return [
        Recalled(passages[pk].text, passages[pk].prompted_by, scores[pk], passages[pk].source_ref)
        for pk in best
        if pk in passages
    ]


def _by_meaning(persona: Persona, query: str, embedder: Embedder) -> list[int]:
    embedded = persona.passages.filter(embedder=embedder.name)
    if not query.strip() or not embedded.exists():
        return []
    try:
        vector = embedder.embed([query])[0]  # float32 [dimensions]
    except EncoderMissing:
        logger.warning("memory.words_only", extra={"embedder": embedder.name})
        return []
    nearest = (
        embedded.annotate(distance=MaxInnerProduct("embedding", vector))  # the negative inner product
        .order_by("distance")
        .values_list("pk", "distance")[:CANDIDATES]
    )
    return [pk for pk, distance in nearest if -distance >= LEAST_SIMILARITY]


def terms(text: str) -> list[str]:
    """Stems of words, and pairs of Chinese or Japanese characters, in order, without repeats, at most TERMS."""
    text = text.casefold()
    stems = [_beginning(word) for word in _WORD.findall(text) if len(word) > 2 and word not in _EMPTY]
    for run in _HAN_RUN.findall(text):
        stems += [run[i : i + 2] for i in range(len(run) - 1)]
    return list(dict.fromkeys(stems))[:TERMS]


def _beginning(word: str) -> str:
    """A word without an English ending, so that `dancing` finds `danced`."""
    stem = _ENDING.sub("", word.strip("'"))
    return stem if len(stem) >= 4 else word.strip("'")


def _by_words(persona: Persona, query: str) -> list[int]:
    # strpos is cheap and comes first, so the regular expression only reads texts that contain the letters.
    # A term in more than half of the passages has no weight, since it does not tell passages apart.
    query_terms = terms(query)
    if not query_terms:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            r"""
            WITH own AS MATERIALIZED (
                SELECT id, lower(text || ' ' || prompted_by) AS words FROM personas_passage WHERE persona_id = %s
            ), hit AS (
                SELECT own.id, term, count(*) OVER (PARTITION BY term) AS holders, length(words) AS size
                FROM own CROSS JOIN unnest(%s::text[]) AS term
                WHERE strpos(words, term) > 0 AND (term !~ '^[\x01-\x7f]' OR words ~ ('\m' || term))
            ), total AS (SELECT count(*) AS n FROM own)
            SELECT id FROM (
                SELECT id, sum(ln(1 + (n - holders + 0.5) / (holders + 0.5))) AS weight, min(size) AS size
                FROM hit CROSS JOIN total WHERE n < 4 OR holders <= n / 2.0 GROUP BY id
            ) AS weighed
            ORDER BY weight / (1 + size / 2000.0) DESC, id LIMIT %s
            """,
            [persona.pk, query_terms, CANDIDATES],
        )
        return [pk for (pk,) in cursor.fetchall()]
