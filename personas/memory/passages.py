"""Finds the passages of a persona's own words that bear on a message, and how near the message is to its words."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from personas.embedders.base import Embedder, closeness
from personas.embedders.choice import embedder_for
from personas.memory import passage_search, search
from personas.models import Persona
from text import sentences

_DESCRIBED = 12  # sentences of a persona's description and sayings that are compared


@dataclass(frozen=True)
class Recalled:
    """A recalled passage. `score` is its fused rank: higher is better, at most 2 / 61."""

    text: str
    prompted_by: str
    score: float
    source_ref: str
    id: int = 0  # of the passage's row
    closeness: float = 0.0  # in meaning to the query; 0 where it was not measured


def recall(persona: Persona, query: str, k: int, *, embedder: Embedder | None = None) -> list[Recalled]:
    """At most `k` passages of the persona that bear on the query, best first. It can return none.

    Words alone decide until the persona's passages are embedded, and if the embedder's weights are not installed.
    """
    if not persona.passages.exists():
        return []
    embedder = embedder or embedder_for(query)
    passages = persona.passages.all()
    near = dict(passage_search.closeness_of(passages, search.vector_of(query, embedder), embedder))
    by_meaning = [pk for pk, closeness in near.items() if closeness >= search.LEAST_CLOSENESS]
    scores = search.fused([passage_search.by_words(passages, search.terms(query)), by_meaning])
    best = list(scores)[:k]
    rows = passages.in_bulk(best)
    return [
        Recalled(row.text, row.prompted_by, scores[pk], row.source_ref, pk, near.get(pk, 0.0))
        for pk in best
        if (row := rows.get(pk))
    ]


def interest(persona: Persona, text: str) -> float:
    """How near the text is to what the persona's words and its description say: about 0 unrelated, 1 the same.

    0 for a blank text, and if the embedder's weights are not installed.
    """
    embedder = embedder_for(text)
    vector = search.vector_of(text, embedder)
    if vector is None:
        return 0.0
    passages = persona.passages.all()
    near = [near for _, near in passage_search.closeness_of(passages, vector, embedder, most=1)]
    lines = list(_described(persona))
    if not near:  # its passages have no vectors of this embedder
        lines += passages.order_by("digest").values_list("text", flat=True)[:_DESCRIBED]
    products = _vectors(type(embedder), tuple(lines[:_DESCRIBED])) @ vector
    return max([0.0, *near, *(closeness(embedder, float(product)) for product in products)])


def _described(persona: Persona) -> Iterator[str]:
    """The sentences of its description and its sayings."""
    sayings = (line for line in persona.sayings if isinstance(line, str))
    for text in (persona.description, persona.scenario, *sayings):
        yield from filter(None, map(str.strip, sentences.split(text)))


@lru_cache(maxsize=64)
def _vectors(embedder: type[Embedder], lines: tuple[str, ...]) -> search.Vector:
    """float32 [lines, dimensions], rows of length 1"""
    return embedder().embed(lines) if lines else np.zeros((0, embedder.dimensions), np.float32)
