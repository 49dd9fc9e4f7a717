"""Episodes: what a person and a persona spoke of, by conversation and day, each with a summary.

A summary is extracted: the lines nearest to the middle of what was said (the centroid of the vectors: Radev et al.
2004), in their order. The packaged models are too small to write one (docs/memory.md). It is computed when it is needed
and stored nowhere, so that what is forgotten or corrected is never left in a summary.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from personas.memory.models import Memory

_SUMMARY = 4  # lines of a summary
_READ = 200  # lines of the newest episode that are compared
_ASKED = re.compile(
    r"\b(?:what (?:did|have) we (?:talk|speak|spoken|talked|discuss)\w*|we (?:talked|spoke|were talking) about"
    r"|(?:last|other) time we|last conversation|our last (?:talk|chat)|where did we (?:stop|leave off))\b"
    r"|(?:上次|上回|昨天|之前|那天).{0,6}(?:聊|谈|说)|(?:聊|谈)(?:了|过)(?:些|点)?什么|聊到哪",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Episode:
    conversation_id: UUID
    day: date
    lines: tuple[Memory, ...]  # oldest first
    summary: tuple[Memory, ...]  # some of the lines


def of(memories: Iterable[Memory]) -> list[Episode]:
    """The episodes of these memories, the newest first."""
    ordered = sorted(memories, key=lambda memory: (_day(memory.said_at), str(memory.conversation_id), memory.said_at))
    groups = groupby(ordered, key=lambda memory: (_day(memory.said_at), memory.conversation_id))
    episodes = [
        Episode(conversation_id, day, lines, _summary(lines))
        for (day, conversation_id), rows in groups
        for lines in [tuple(rows)]
    ]
    return episodes[::-1]


def asks_for_one(message: str) -> bool:
    """Whether a message asks what was spoken of before: "What did we talk about last time?" """
    return bool(_ASKED.search(message))


def newest_summary(memories: QuerySet[Memory], *, but: UUID) -> list[int]:
    """Ids of the summary's lines of the newest episode, of another conversation than `but` if there is one."""
    for rows in (memories.exclude(conversation_id=but), memories):
        if newest := of(rows.order_by("-said_at")[:_READ]):
            return [memory.pk for memory in newest[0].summary]
    return []


def _summary(lines: Sequence[Memory]) -> tuple[Memory, ...]:
    """At most _SUMMARY lines, in order. Lines without a vector count as far from the middle; facts come first."""
    if len(lines) <= _SUMMARY:
        return tuple(lines)
    vectors = np.array([np.zeros(384) if line.embedding is None else line.embedding for line in lines])  # [lines, 384]
    central = vectors @ vectors.mean(axis=0) + [0.1 * bool(line.kind) + line.is_pinned for line in lines]
    chosen = sorted(np.argsort(-central, kind="stable")[:_SUMMARY])
    return tuple(lines[at] for at in chosen)


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()
