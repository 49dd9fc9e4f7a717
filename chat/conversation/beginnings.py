"""How another reply to the same message begins: with a candidate that was not chosen.

Candidates are kept in the reply's `Origin`, in `choices`. Only rows are read here. The filter judges the beginning
again before anybody sees it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from chat.models import MODEL, SITE, Message, Origin

Span = list[Any]  # [start, end, who]


@dataclass(frozen=True)
class Beginning:
    """The text that another reply begins with, and its writers in the form of `Origin.authors`."""

    prefix: str
    authors: list[Span]


def begin(origin: Origin, text: str, piece: dict[str, Any], number: int) -> Beginning | None:
    """A reply's `text` up to the piece, and then another candidate. None if nothing can continue from it."""
    words = piece["candidates"][number]["text"]
    if not words or any(stop in words for stop in origin.prompt["stop"]):
        return None
    start = piece["start"]
    prefix = (text[:start] + words).lstrip()
    authors = [[a, min(b, start), who] for a, b, who in origin.authors if a < start]
    return Beginning(prefix, [*authors, [start, len(prefix), MODEL]])


def next_best(old: Message) -> Beginning | None:
    """The best candidate for a first piece with which no reply in the place of `old` has begun; None if none is left.

    Candidates that were drawn before the persona was changed do not count.
    """
    siblings = Origin.objects.filter(
        reply__message__conversation_id=old.conversation_id,
        reply__message__parent_id=old.parent_id,
        reply__message__speaker=old.speaker,
    )
    origins = siblings.select_related("reply__message").defer("parts", "rendered", "units")
    begun = [text for origin in origins for text in (origin.reply.prefix, origin.reply.message.text)]
    changed_at = old.persona.updated_at
    unused = [
        (score, beginning)
        for origin in origins
        if origin.reply.queued_at > changed_at
        for score, beginning in _first_candidates(origin)
        if not any(text.startswith(beginning.prefix) for text in begun)
    ]
    return max(unused, key=itemgetter(0))[1] if unused else None


def _first_candidates(origin: Origin) -> Iterator[tuple[float, Beginning]]:
    """The candidates of a reply's first piece that were not chosen and have no fault, with their scores."""
    text = origin.reply.message.text
    for piece in origin.choices[:1]:
        if not _is_first(origin, text, piece):
            continue
        for number, candidate in enumerate(piece["candidates"]):
            beginning = begin(origin, text, piece, number)
            if number != piece["chosen"] and beginning is not None and may_begin(candidate["scores"]):
                yield sum(candidate["scores"].values()), beginning


def _is_first(origin: Origin, text: str, piece: dict[str, Any]) -> bool:
    """Whether only the site's own words stand before the piece."""
    before = text[: piece["start"]]
    return all(who == SITE or not before[start:end].strip() for start, end, who in origin.authors)


def may_be_stored(scores: Mapping[str, float]) -> bool:
    """Whether a candidate with these scores would be shown unchanged."""
    return not {"withheld", "personal", "unwanted", "unfit"} & set(scores)


def may_begin(scores: Mapping[str, float]) -> bool:
    """Whether another reply may begin with a candidate with these scores."""
    return may_be_stored(scores) and not {"empty", "repeats", "language"} & set(scores)
