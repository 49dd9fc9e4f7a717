"""Judges the words that a persona is made of: its names, its fields and its passages. The rules are the same for all.

Orders to the model (`filter.injection`) are refused too, because a prompt holds these words. Other categories are
left to the output gate, which judges each reply. Covered: every field that a prompt or a page holds, the texts of a
character card with its lorebook, passages of files with the messages that they answer. Not covered: the extensions of a
card, which neither a prompt nor a page holds.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext, gettext_noop

from moderation import plain_words
from moderation.categories import Category
from moderation.filter import assessment, injection
from moderation.filter.assessment import Verdict
from moderation.models import Direction, RuleAction
from personas import cards
from personas.lorebook import book
from personas.models import Persona
from personas.reading.corpus import Piece

_REFUSED = {Category.HATE, Category.HATE_THREATENING, Category.SEXUAL_MINORS}
# Words for a child. Beside such words, everything that the filter blocks as sexual is refused, since a classifier
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


_CARD_TEXTS = {
    "name": gettext_noop("name"),
    "nickname": gettext_noop("nickname"),
    "description": gettext_noop("description"),
    "personality": gettext_noop("personality"),
    "scenario": gettext_noop("scenario"),
    "first_mes": gettext_noop("first message"),
    "mes_example": gettext_noop("sample dialogue"),
    "system_prompt": gettext_noop("system prompt"),
    "post_history_instructions": gettext_noop("post-history instructions"),
    "creator_notes": gettext_noop("creator's notes"),
    "alternate_greetings": gettext_noop("alternate greetings"),
    "group_only_greetings": gettext_noop("greetings for groups"),
    "creator_notes_multilingual": gettext_noop("creator's notes"),
    "creator": gettext_noop("creator"),
    "tags": gettext_noop("tags"),
}


def mentions_child(texts: Iterable[str]) -> bool:
    return any(map(_CHILD.search, texts))


def is_beside_child(persona: Persona) -> bool:
    """Whether the description or scene of a persona mentions a child."""
    return mentions_child([persona.description, persona.scenario])


def refusals(texts: Sequence[str], *, beside_child: bool) -> list[str]:
    """The category that each text is refused for, or "". Raises ClassifierUnavailable.

    `beside_child`: another text of the same persona mentions a child. A text that mentions a child itself counts too.
    """
    parts = [(index, part) for index, text in enumerate(texts) for part in _parts(text)]
    verdicts = assessment.assess_many([part for _, part in parts], direction=Direction.PERSONA)
    categories = [""] * len(texts)
    for (index, part), verdict in zip(parts, verdicts, strict=True):
        is_beside_child = beside_child or mentions_child([texts[index]])
        categories[index] = categories[index] or _refusal(part, verdict, is_beside_child)
    return categories


def _refusal(part: str, verdict: Verdict, is_beside_child: bool) -> str:
    is_sexual = verdict.category == Category.SEXUAL and is_beside_child
    if verdict.action == RuleAction.BLOCK and (verdict.category in _REFUSED or is_sexual):
        return verdict.category
    return Category.JAILBREAK if injection.gives_orders(part) else ""


def card_texts(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of a card that a reader or a prompt can see, as (label, text)."""
    data = card.get("data", card)
    if not isinstance(data, dict):
        return
    for key, label in _CARD_TEXTS.items():
        value = data.get(key)
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        yield from (
            (gettext("the card's %(text)s") % {"text": gettext(label)}, text)
            for text in values
            if isinstance(text, str)
        )
    yield from ((gettext("the card's lorebook"), text) for text in book.texts(card))
    yield from ((gettext("Portrait"), edit.correction) for edit in cards.portrait_edits(card) if edit.correction)


def fit(pieces: Iterable[Piece], *, beside_child: bool, left_out: Counter[str]) -> Iterator[Piece]:
    """The passages that pass the filter, in order. `left_out` counts the others by reason, as a report shows skips.

    A passage is also refused for the message that it answers, since samples show both. Raises ClassifierUnavailable.
    """
    iterator = iter(pieces)
    while batch := list(islice(iterator, _PIECES)):
        texts = [text for piece in batch for text in (piece.text, piece.prompted_by)]
        categories = refusals(texts, beside_child=beside_child)
        for piece, own_category, prompt_category in zip(batch, categories[::2], categories[1::2], strict=True):
            if category := own_category or prompt_category:
                reason = gettext("refused by the filter (%(category)s)")
                left_out[reason % {"category": plain_words.category_in_words(category)}] += 1
            else:
                yield piece


def _parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), _AT_ONCE):
        if text[start : start + _AT_ONCE].strip():
            yield text[start : start + _AT_ONCE]
