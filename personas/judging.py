"""Which words no persona may be made of, whoever it depicts: what it may say, is told, or is called.

Other categories are met where the persona speaks, by the output gate. Covered: every field that a prompt or a page
holds, the texts of a character card, passages of files with what they answer. Not covered: the lore book and the
extensions of a card, which neither a prompt nor a page holds.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from moderation import plain_words
from moderation.filter import assessment
from moderation.filter.classifiers.base import Category
from moderation.models import Direction, RuleAction
from personas.corpus import Piece
from personas.models import Persona

_REFUSED = {Category.HATE, Category.HATE_THREATENING, Category.SEXUAL_MINORS}
# A child, said in words: beside one, whatever the filter blocks as sexual is refused, since a classifier
# that is sure of the one is often unsure of the other.
_CHILD = re.compile(
    r"\b(?:[1-9]|1[0-7]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen)[- ]years?[- ]old\b"
    r"|\b(?:child|minor|underage|preteen|teenager?|schoolgirl|schoolboy|little (?:girl|boy))\b"
    r"|(?<!\d)(?:[1-9]|1[0-7]) ?[岁歲]|未成年|小学生|初中生",
    re.IGNORECASE,
)
_AT_ONCE = 2_000  # characters judged as one text
_PIECES = 200  # passages judged in one pass
_LEFT_OUT = "refused by the filter"  # how the reason begins that a report gives

_CARD_TEXTS = {
    "name": "name",
    "nickname": "nickname",
    "description": "description",
    "personality": "personality",
    "scenario": "scenario",
    "first_mes": "first message",
    "mes_example": "sample dialogue",
    "system_prompt": "system prompt",
    "post_history_instructions": "post-history instructions",
    "creator_notes": "creator's notes",
    "alternate_greetings": "alternate greetings",
    "group_only_greetings": "greetings for groups",
    "creator_notes_multilingual": "creator's notes",
    "creator": "creator",
    "tags": "tags",
}


def mentions_child(texts: Iterable[str]) -> bool:
    return any(map(_CHILD.search, texts))


def is_beside_child(persona: Persona) -> bool:
    """Whether the passages of a persona stand beside talk of a child."""
    return mentions_child([persona.description, persona.scenario])


def refusals(texts: Sequence[str], *, beside_child: bool) -> list[str]:
    """Of each text, the category that it is refused for, or "". Raises ClassifierUnavailable.

    `beside_child`: something that belongs to these texts speaks of a child; one that does so itself counts too.
    """
    parts = [(index, part) for index, text in enumerate(texts) for part in _parts(text)]
    verdicts = assessment.assess_many([part for _, part in parts], direction=Direction.PERSONA)
    found = [""] * len(texts)
    for (index, _), verdict in zip(parts, verdicts, strict=True):
        if verdict.action != RuleAction.BLOCK or found[index]:
            continue
        is_sexual = verdict.category == Category.SEXUAL and (beside_child or mentions_child([texts[index]]))
        if verdict.category in _REFUSED or is_sexual:
            found[index] = verdict.category
    return found


def card_texts(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a card holds for readers and for a prompt: (what it is, the text)."""
    data = card.get("data", card)
    if not isinstance(data, dict):
        return
    for key, label in _CARD_TEXTS.items():
        value = data.get(key)
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        yield from ((f"the card's {label}", text) for text in values if isinstance(text, str))


def fit(pieces: Iterable[Piece], *, beside_child: bool, left_out: Counter[str]) -> Iterator[Piece]:
    """The passages that a persona may be made of, in order; counts the others by reason, as a report shows skips.

    A passage is refused for what it answers too, since samples show both. Raises ClassifierUnavailable.
    """
    iterator = iter(pieces)
    while batch := list(islice(iterator, _PIECES)):
        texts = [text for piece in batch for text in (piece.text, piece.prompted_by)]
        found = refusals(texts, beside_child=beside_child)
        for piece, own, answered in zip(batch, found[::2], found[1::2], strict=True):
            if category := own or answered:
                left_out[f"{_LEFT_OUT} ({plain_words.category_in_words(category)})"] += 1
            else:
                yield piece


def left_out_of(report: Mapping[str, Any]) -> dict[str, int]:
    """What the filter left out, of the skips that a source's report counts."""
    return {reason: count for reason, count in report["skipped"].items() if reason.startswith(_LEFT_OUT)}


def _parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), _AT_ONCE):
        if text[start : start + _AT_ONCE].strip():
            yield text[start : start + _AT_ONCE]
