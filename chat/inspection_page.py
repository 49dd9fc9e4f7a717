"""The inspection of a reply, prepared for its page."""

import math
from collections.abc import Iterator
from typing import Any

from chat import frames, inspection
from chat.models import Origin, Reply
from moderation.desk import restrictions

# A probability from each of these on is tinted one step less.
_STEPS = (0.6, 0.3, 0.1, 0.01)
_SHOWN = {" ": "␣", "\n": "↵", "\t": "⇥"}

# Why a part of the prompt is there, and why something of it is not (personas.prompt gives out the room).
_PARTS = {
    "rules": ("Rules", "Always kept, whole.", ""),
    "introduction": ("Introduction", "Kept, up to half of the room; a longer one loses its end.", ""),
    "samples": (
        "Sample exchanges",
        "Kept in the order of what they tell, up to a quarter of the room.",
        "left out: the quarter was full, so the least telling went first.",
    ),
    "memories": (
        "Memories",
        "Passages of the persona's own words that are nearest to the message, up to an eighth of the room.",
        "left out: the eighth was full, so the weakest went first.",
    ),
    "turns": (
        "The talk",
        "The newest message, then earlier turns as long as there was room.",
        "left out: no room was left, so the oldest went first, in blocks of eight.",
    ),
    "prefix": (
        "Beginning of the reply",
        "Kept whole: words that were there before, which the engine went on from.",
        "",
    ),
}


def page(reply: Reply, state: str) -> dict[str, Any]:
    """The context of chat/inspection.html; `state` as `inspection.look` gives it."""
    conversation = reply.message.conversation
    restricted = restrictions.active_for(
        user=conversation.owner, conversation_id=conversation.id, persona_id=conversation.persona_id
    )
    origin = Origin.objects.filter(reply=reply).first() if state != "unrecorded" else None
    return {
        "reply": reply,
        "conversation": conversation,
        "origin": origin,
        "state": state,
        "parts": [_part(part) for part in origin.parts] if origin else [],
        "part_tokens": sum(part["tokens"] for part in origin.parts) if origin else 0,
        "stops": [shown(stop) for stop in origin.prompt["stop"]] if origin and origin.prompt else [],
        "sampling": [(name.replace("_", " "), value) for name, value in reply.sampling.items() if _is_on(value)],
        "timing": frames.timing(reply),
        "words": list(_words(reply, origin, not restricted)) if origin and state == "ready" else [],
        "is_restricted": bool(restricted),
        "is_reported": bool(origin and state == "ready" and not _has_weights(origin)),
    }


def _has_weights(origin: Origin) -> bool:
    """Whether the words were read again here; a remote server's report is kept when the reply ends."""
    return origin.asked_at is not None


def _is_on(value: Any) -> bool:
    return value not in (None, [], ())


def _part(part: dict[str, Any]) -> dict[str, Any]:
    title, why, why_dropped = _PARTS.get(part["name"], (part["name"].capitalize(), "", ""))
    dropped = f"{part['dropped']} {why_dropped}" if part["dropped"] else ""
    return {**part, "title": title, "why": why if part["text"] else "Nothing to say here.", "dropped_why": dropped}


def _words(reply: Reply, origin: Origin, may_pick: bool) -> Iterator[dict[str, Any]]:
    """The text in order: units that the model told of, and between them what it told nothing of."""
    text = reply.message.text
    at = 0
    for number, unit in enumerate(origin.units or []):
        if unit["start"] > at:
            yield _untold(origin, text, at, unit["start"])
        at = unit["end"]
        yield _word(origin, text, number, unit, may_pick)
    if at < len(text):
        yield _untold(origin, text, at, len(text))


def _untold(origin: Origin, text: str, start: int, end: int) -> dict[str, Any]:
    return {"text": text[start:end], "author": inspection.author(origin.authors, start, end, text), "number": None}


def _word(origin: Origin, text: str, number: int, unit: dict[str, Any], may_pick: bool) -> dict[str, Any]:
    start, end = unit["start"], unit["end"]
    probability = math.exp(sum(token["logprob"] for token in unit["tokens"]))
    author = inspection.author(origin.authors, start, end, text)
    picks = text[:start] if may_pick and author != inspection.SITE else None
    return {
        "number": number,
        "text": text[start:end],
        "shown": shown(text[start:end]),
        "blank": _before(text[start:end]),
        "body": shown(text[start:end].removeprefix(" ") or " "),
        "is_line_end": "\n" in text[start:end],
        "percent": percent(probability),
        "level": sum(probability < step for step in _STEPS),
        "author": author,
        "tokens": [
            _token(origin, picks, f"{origin.attempt}.{number}.{place}", token)
            for place, token in enumerate(unit["tokens"])
        ],
    }


def _before(unit: str) -> str:
    """What stands before a unit's box: its blank, so that no line begins with one; or, before a mark, no break."""
    if unit.startswith(" ") and unit.strip():
        return " "
    return "" if unit[:1].isalnum() or unit[:1].isspace() else "\u2060"


def _token(origin: Origin, before: str | None, choice: str, token: dict[str, Any]) -> dict[str, Any]:
    """One token with its alternatives; `before` is None where none can be picked."""
    alternatives = []
    for place, alternative in enumerate(token["alternatives"]):
        stands = bool(alternative["bytes"]) and alternative["bytes"] == token["bytes"]
        may = before is not None and not stands
        alternatives.append(
            {
                "shown": shown(alternative["text"]),
                "bytes": alternative["bytes"],
                "ends": alternative["ends"] or any(stop in alternative["text"] for stop in origin.prompt["stop"]),
                "percent": percent(math.exp(alternative["logprob"])),
                "value": round(math.exp(alternative["logprob"]), 4),
                "stands": stands,
                "choice": f"{choice}.{place}"
                if may and inspection.is_pickable(before or "", alternative, origin.prompt["stop"])
                else "",
            }
        )
    return {
        "bytes": token["bytes"],
        "percent": percent(math.exp(token["logprob"])),
        "alternatives": alternatives,
        "is_listed": any(each["stands"] for each in alternatives),
    }


def shown(text: str) -> str:
    """A token's text with the blanks at its ends made visible."""
    head = text[: len(text) - len(text.lstrip())]
    tail = text[len(text.rstrip()) :] if text.strip() else ""
    body = text[len(head) : len(text) - len(tail)]
    return "".join(_SHOWN.get(each, "␣") for each in head) + body + "".join(_SHOWN.get(each, "␣") for each in tail)


def percent(probability: float) -> str:
    """As a person reads it: 84%, 3.1%, 0.04%, under 0.01%."""
    hundredths = probability * 100
    if hundredths >= 10:
        return f"{hundredths:.0f}%"
    if hundredths >= 1:
        return f"{hundredths:.1f}%"
    return f"{hundredths:.2f}%" if hundredths >= 0.01 else "under 0.01%"
