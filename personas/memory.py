"""What a persona's own words hold on a matter: `recall`.

Two rankings of its passages are merged by reciprocal rank (Cormack, Clarke and Büttcher, SIGIR 2009):
by meaning, the inner product of MiniLM vectors in pgvector; and by words, weighted by how rare they are
in this corpus (the inverse document frequency of BM25). MiniLM's vocabulary hardly knows Chinese, so
there the words, pairs of characters, do the work. Both are needed: a name is found by its letters, a
paraphrase by its meaning.
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
LEAST_SIMILARITY = 0.25  # inner product; below it, MiniLM's neighbours have nothing to do with each other
TERMS = 24  # of a query; a pasted page would otherwise make a thousand conditions

_WORD = re.compile(r"[a-zà-öø-ÿ\u0370-\u1fff0-9']+")
_HAN_RUN = re.compile(f"[{KANA}{HAN}]+")
# English words that tell nothing of a matter. Rare ones would weigh much in a small corpus.
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
    """A passage and why it came: `score` is its fused rank, higher is better, at most 2 / 61."""

    text: str
    prompted_by: str
    score: float
    source_ref: str


def recall(persona: Persona, query: str, k: int, *, embedder: Embedder | None = None) -> list[Recalled]:
    """At most `k` passages of the persona that bear on the query, best first; none where none does.

    Before a persona's passages are embedded, and where the embedder's weights are not installed, words
    alone decide.
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
    own = persona.passages.filter(embedder=embedder.name)
    if not query.strip() or not own.exists():
        return []
    try:
        vector = embedder.embed([query])[0]  # float32 [dimensions]
    except EncoderMissing:
        logger.warning("memory.words_only", extra={"embedder": embedder.name})
        return []
    nearest = (
        own.annotate(distance=MaxInnerProduct("embedding", vector))  # the negative inner product
        .order_by("distance")
        .values_list("pk", "distance")[:CANDIDATES]
    )
    return [pk for pk, distance in nearest if -distance >= LEAST_SIMILARITY]


def terms(text: str) -> list[str]:
    """Beginnings of words, and pairs of Chinese or Japanese characters, in order, each once."""
    text = text.casefold()
    found = [_beginning(word) for word in _WORD.findall(text) if len(word) > 2 and word not in _EMPTY]
    for run in _HAN_RUN.findall(text):
        found += [run[i : i + 2] for i in range(len(run) - 1)]
    return list(dict.fromkeys(found))[:TERMS]


def _beginning(word: str) -> str:
    """A word without an English ending, so that `dancing` finds `danced`."""
    stem = _ENDING.sub("", word.strip("'"))
    return stem if len(stem) >= 4 else word.strip("'")


def _by_words(persona: Persona, query: str) -> list[int]:
    # strpos is cheap and comes first: the regular expression only sees texts that have the letters anyway.
    # A term in more than half of the passages tells nothing and weighs nothing.
    looked_for = terms(query)
    if not looked_for:
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
            [persona.pk, looked_for, CANDIDATES],
        )
        return [pk for (pk,) in cursor.fetchall()]
