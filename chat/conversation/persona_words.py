"""Removes a persona's own words from the stored prompts of its replies when its owner deletes them.

A prompt holds such words as passages that it recalled, and as samples of how the persona writes. An edited description
is no deletion: the prompt of an older reply still shows what the persona was when it wrote that reply.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from chat.conversation import stored_prompts
from chat.models import Origin, Reply
from personas.models import Passage, Source


def forget(persona_id: UUID, passages: QuerySet[Passage]) -> None:
    """Removes passages of the persona from stored prompts.

    Call it in the transaction that deletes the passages, before the deletion.
    """
    origins = stored_prompts.of_persona(persona_id)
    rows: set[int] = set()
    samples: set[str] = set()
    seen: set[tuple[UUID, int]] = set()
    for origin in origins.only("attempt", "parts").iterator(chunk_size=50):
        seen.add((origin.pk, origin.attempt))
        rows |= set(_recalled(origin.parts))
        samples |= set(_lines(origin.parts, "samples"))
    texts = dict(passages.filter(pk__in=rows).values_list("pk", "text"))
    lines = {line for line in samples if _is_in(passages, line)}

    def gone(origin: Origin) -> Iterator[str]:
        yield from (texts[row] for row in _recalled(origin.parts) if row in texts)
        yield from lines.intersection(_lines(origin.parts, "samples"))

    def late(origin: Origin) -> Iterable[str]:
        return () if (origin.pk, origin.attempt) in seen else _own_words(origin)

    stored_prompts.remove_each(origins, gone)
    transaction.on_commit(partial(stored_prompts.remove_each, stored_prompts.lately_ended(origins), late), robust=True)


def sources_of(persona_id: UUID) -> frozenset[UUID]:
    return frozenset(Source.objects.filter(persona_id=persona_id).values_list("pk", flat=True))


def forget_late(reply: Reply) -> None:
    """Removes all own words of the persona from the stored prompt: a source of it was deleted while it was written."""
    stored_prompts.remove_each(Origin.objects.filter(reply=reply), _own_words)


def _is_in(passages: QuerySet[Passage], line: str) -> bool:
    return passages.filter(Q(text__contains=line) | Q(prompted_by__contains=line)).exists()


def _own_words(origin: Origin) -> list[str]:
    return [*_lines(origin.parts, "memories"), *_lines(origin.parts, "samples")]


def _recalled(parts: Sequence[dict[str, Any]]) -> list[int]:
    """The ids of the passages that the prompt recalled."""
    return [row for part in parts if part.get("name") == "memories" for row in part.get("rows", ())]


def _lines(parts: Sequence[dict[str, Any]], name: str) -> list[str]:
    return [line for part in parts if part.get("name") == name for line in part["text"].splitlines() if line.strip()]
