"""Finds the passages of a persona's own words that bear on a message."""

from dataclasses import dataclass

from personas.embedders.base import Embedder
from personas.embedders.minilm import MiniLM
from personas.memory import search
from personas.models import Persona


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
    embedder = embedder or MiniLM()
    is_embedded = persona.passages.filter(embedder=embedder.name).exists()
    vector = search.vector_of(query, embedder) if is_embedded else None
    passages = persona.passages.all()
    by_words = search.by_words(passages, search.terms(query), within=("text", "prompted_by"))
    near = dict(search.closeness_of(passages, vector, embedder))
    by_meaning = [pk for pk, closeness in near.items() if closeness >= search.LEAST_CLOSENESS]
    scores = search.fused([[pk for pk, _ in by_words], by_meaning])
    best = list(scores)[:k]
    rows = passages.in_bulk(best)
    return [
        Recalled(row.text, row.prompted_by, scores[pk], row.source_ref, pk, near.get(pk, 0.0))
        for pk in best
        if (row := rows.get(pk))
    ]
