"""Finds what a person once said to a persona that bears on their message: `recall`.

A memory's score is a sum: its closeness in meaning to the message, the share of the message's words that it holds, and
two smaller parts. One is for a fact of the kind that the message asks for: a question names a kind in other words than
the answer ("What do I do for a living?" and "I am a nurse"). The other is for words about the person themselves, since
that is what people ask back. The weights were chosen on planted facts of both languages (docs/memory.md).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from personas.embedders.base import Embedder
from personas.embedders.choice import embedder_for
from personas.memory import choices, episodes, search
from personas.memory.facts import kinds_asked
from personas.memory.models import Kind, Memory
from personas.models import Persona
from text.scripts import HAN

MOST = 8  # memories that are offered to a prompt
MOST_PINNED = 3  # of them, so that what a person pinned leaves room for what they ask

# The weights of a score, beside the closeness in meaning.
_WORDS, _KIND, _SELF = 0.4, 0.1, 0.2
_LEAST = 0.3  # a lower score bears on nothing
# Chinese characters, but those that every sentence has.
_HAN = re.compile(
    f"(?![我你您他她它们的地得了着过是在有不没什么吗呢吧啊呀哪谁怎这那个就都也还和跟把被会要能去来上说叫])[{HAN}]"
)
_FIRST_PERSON = re.compile(r"\b(?:I|we|my|our|me|us)\b|我|咱", re.IGNORECASE)


@dataclass(frozen=True)
class Told:
    """Words of the person. `asked` is the persona's question before them, where they need it."""

    id: int
    text: str
    asked: str
    said_on: date
    message_id: UUID


def recall(
    *,
    user: User,
    persona: Persona,
    conversation_id: UUID,
    query: str,
    unread: Collection[UUID] = (),
    embedder: Embedder | None = None,
) -> list[Told]:
    """At most MOST memories, the most fitting first; pinned ones before all others. It can return none.

    `unread` are messages of this conversation that are on no branch that the person reads.
    """
    choice = choices.choice_of(user, persona)
    if not choice.is_on:
        return []
    rows = _of(user, persona).exclude(message_id__in=unread)
    if not choice.is_across:
        rows = rows.filter(conversation_id=conversation_id)
    rows = current(rows)
    spoken = episodes.newest_summary(rows, but=conversation_id) if episodes.asks_for_one(query) else []
    best = [*_pinned(rows), *spoken, *_ranked(rows, query, embedder or embedder_for(query))]
    found = rows.in_bulk(list(dict.fromkeys(best)))
    return _without_repeats([found[pk] for pk in dict.fromkeys(best) if pk in found])[:MOST]


def lost(told: Sequence[Told]) -> list[str]:
    """The words of these that were deleted since they were recalled."""
    rows = Memory.objects.in_bulk([each.id for each in told])
    words = [
        text
        for each in told
        for row in [rows.get(each.id)]
        for text, now in ((each.text, row and row.text), (each.asked, row and row.asked))
        if text != now
    ]
    return list(filter(None, words))


def current(rows: QuerySet[Memory]) -> QuerySet[Memory]:
    """The rows without those whose slot a newer one of them fills. Of one message, the later words are newer."""
    later = Q(said_at__gt=OuterRef("said_at")) | Q(said_at=OuterRef("said_at"), position__gt=OuterRef("position"))
    newer = rows.filter(later, slot=OuterRef("slot"))
    return rows.exclude(~Q(slot="") & Exists(newer))


def _of(user: User, persona: Persona) -> QuerySet[Memory]:
    return Memory.objects.filter(persona=persona, owner=user).exclude(text="")


def _pinned(rows: QuerySet[Memory]) -> list[int]:
    return list(rows.filter(is_pinned=True).order_by("-said_at").values_list("pk", flat=True)[:MOST_PINNED])


def _ranked(rows: QuerySet[Memory], query: str, embedder: Embedder) -> list[int]:
    """Ids of the memories that bear on the query, best first."""
    if not rows.exists():
        return []
    vector = search.vector_of(query, embedder)
    shares = dict(search.by_words(rows, _terms(query), within=("text", "asked")))
    asked = kinds_asked(query)
    pool = {*shares, *search.by_meaning(rows, vector, embedder), *_of_kinds(rows, asked)}
    candidates = rows.filter(pk__in=pool)
    near = dict(search.closeness_of(candidates, vector, embedder, most=len(pool)))
    scores = {
        row.pk: near.get(row.pk, 0.0) + _WORDS * shares.get(row.pk, 0.0) + _kind_score(row, asked) + _self_score(row)
        for row in candidates
    }
    fitting = [pk for pk, score in scores.items() if score >= _LEAST]
    return sorted(fitting, key=lambda pk: (-scores[pk], -pk))


def _terms(query: str) -> list[str]:
    """Stems of words, and single Chinese characters: a short line rarely repeats two in a row."""
    return list(dict.fromkeys([*(term for term in search.terms(query) if term.isascii()), *_HAN.findall(query)]))


def _of_kinds(rows: QuerySet[Memory], asked: Sequence[Kind]) -> list[int]:
    newest = rows.filter(kind__in=asked).order_by("-said_at")
    return list(newest.values_list("pk", flat=True)[: search.CANDIDATES]) if asked else []


def _kind_score(row: Memory, asked: Sequence[Kind]) -> float:
    if row.kind not in asked:
        return 0.0
    return _KIND if row.kind == asked[0] else _KIND / 2


def _self_score(row: Memory) -> float:
    return _SELF if _FIRST_PERSON.search(row.text) else 0.0


def _without_repeats(rows: list[Memory]) -> list[Told]:
    by_text: dict[str, Memory] = {}
    for row in rows:
        by_text.setdefault(" ".join(row.text.split()).casefold(), row)
    return [
        Told(row.pk, row.text, row.asked, timezone.localtime(row.said_at).date(), row.message_id)
        for row in by_text.values()
    ]
