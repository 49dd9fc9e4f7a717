"""The inspection of a reply, prepared for its page."""

import math
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from chat.models import SITE, Origin, Reply
from chat.reply import inspection
from chat.socket import frames
from moderation.desk import restrictions
from personas.memory.models import Memory

# A word is tinted one step deeper for each of these probabilities that it is below.
_STEPS = (0.6, 0.3, 0.1, 0.01)
_SHOWN = {" ": "␣", "\n": "↵", "\t": "⇥"}

# The title of a part of the prompt, the rule for its size, and why a piece of it was left out (see `prompt`).
_PARTS = {
    "rules": (pgettext_lazy("part of a prompt", "Rules"), _("Always kept whole."), ""),
    "introduction": (_("Introduction"), _("Kept, up to half of the room. A longer one loses its end."), ""),
    "samples": (
        _("Sample exchanges"),
        _("The most telling ones are kept, up to a quarter of the room."),
        _("{count} left out: the quarter was full, so the least telling went first."),
    ),
    "lorebook": (
        _("Lorebook"),
        _("The entries of the card that the conversation called for, up to a quarter of the room."),
        _("{count} left out: no room was left, so the lowest priority went first."),
    ),
    "memories": (
        _("Memories"),
        _("The passages of the persona's own words that are nearest to the message, up to an eighth of the room."),
        _("{count} left out: the eighth was full, so the weakest went first."),
    ),
    "told": (
        _("What you told before"),
        _(
            "What you said long ago that bears on the message, up to a fourteenth of the room. Turns that fit are not "
            "repeated here."
        ),
        _("{count} left out: the room for it was full, so the weakest went first."),
    ),
    "turns": (
        _("The conversation"),
        _("The newest message, then as many earlier turns as fitted, of the newest 256."),
        _("{count} left out: no room was left, so the oldest went first, in blocks of eight."),
    ),
    "prefix": (
        _("Beginning of the reply"),
        _("Always kept whole. The engine continued these words."),
        "",
    ),
}


_SAMPLING = {
    "temperature": _("temperature"),
    "top_p": _("top p"),
    "top_k": _("top k"),
    "min_p": _("min p"),
    "repetition_penalty": _("repetition penalty"),
    "frequency_penalty": _("frequency penalty"),
    "presence_penalty": _("presence penalty"),
    "stop": _("stop"),
    "max_tokens": _("max tokens"),
    "seed": _("seed"),
    "candidates": _("candidates"),
}


def page(reply: Reply, state: str) -> dict[str, Any]:
    """The context of chat/inspection.html. `state` is the result of `inspection.look`."""
    conversation = reply.message.conversation
    restricted = restrictions.active_for(
        user=conversation.owner, conversation_id=conversation.id, persona_id=reply.message.persona.pk
    )
    origin = Origin.objects.filter(reply=reply).first() if state != "unrecorded" else None
    return {
        "reply": reply,
        "conversation": conversation,
        "persona": reply.message.persona,
        "origin": origin,
        "state": state,
        "parts": [_part(part) for part in origin.parts] if origin else [],
        "part_tokens": sum(part["tokens"] for part in origin.parts) if origin else 0,
        "stops": [shown(stop) for stop in origin.prompt["stop"]] if origin and origin.prompt else [],
        "sampling": [(_SAMPLING.get(name, name), value) for name, value in reply.sampling.items() if _is_on(value)],
        "timing": frames.timing(reply),
        "recalled": _recalled(reply),
        "pieces": _pieces(origin, not restricted) if origin else [],
        "words": list(_words(reply, origin, not restricted)) if origin and state == "ready" else [],
        "is_restricted": bool(restricted),
        "is_reported": bool(origin and state == "ready" and not _has_weights(origin)),
    }


def _recalled(reply: Reply) -> dict[str, Any]:
    """What its prompt recalled, as far as it is still remembered: the person's words, and the persona's passages."""
    told, passages = reply.recalled.get("told", []), reply.recalled.get("memories", [])
    conversation = reply.message.conversation
    return {
        "told": Memory.objects.filter(pk__in=told, owner=conversation.owner).exclude(text=""),
        "passages": reply.message.persona.passages.filter(pk__in=passages).select_related("source"),
        "count": len(told) + len(passages),
    }


# What a part of a candidate's score says.
_SCORES = {
    "answers": _("answers the message"),
    "follows": _("follows the talk"),
    "likely": _("likely words"),
    "relevant": _("fits in meaning"),
    "echo": _("says what was said before"),
    "repeats": _("repeats this reply"),
    "language": _("another language"),
    "personal": _("holds personal data"),
    "withheld": _("the filter withholds it"),
    "unwanted": _("pleads, holds you back, or gives medical advice"),
    "empty": _("says nothing"),
}


def _pieces(origin: Origin, may_take: bool) -> list[dict[str, Any]]:
    """Each piece of the reply with its candidates, the best first."""
    return [
        {
            "candidates": sorted(
                (
                    _candidate(candidate, number == piece["chosen"], f"{origin.attempt}.{place}.{number}", may_take)
                    for number, candidate in enumerate(piece["candidates"])
                ),
                key=lambda candidate: -candidate["total"],
            )
        }
        for place, piece in enumerate(origin.choices)
    ]


def _candidate(stored: dict[str, Any], is_chosen: bool, choice: str, may_take: bool) -> dict[str, Any]:
    scores = sorted(stored["scores"].items(), key=lambda score: -abs(score[1]))
    return {
        "text": stored["text"],
        "is_hidden": not stored["text"] and "empty" not in stored["scores"],
        "total": sum(stored["scores"].values()),
        "parts": [(_SCORES.get(name, name), f"{value:+.2f}") for name, value in scores],
        "is_chosen": is_chosen,
        "choice": choice if may_take and stored["text"] and not is_chosen else "",
    }


def _has_weights(origin: Origin) -> bool:
    """Whether a model on this machine read the words again. If not, the remote server reported them with the reply."""
    return origin.asked_at is not None


def _is_on(value: Any) -> bool:
    return value not in (None, [], ())


def _part(part: dict[str, Any]) -> dict[str, Any]:
    title, why, why_dropped = _PARTS.get(part["name"], (part["name"].capitalize(), "", ""))
    dropped = str(why_dropped).format(count=part["dropped"]) if part["dropped"] else ""
    return {**part, "title": title, "why": why if part["text"] else _("Empty in this prompt."), "dropped_why": dropped}


def _words(reply: Reply, origin: Origin, may_pick: bool) -> Iterator[dict[str, Any]]:
    """The text in order: the units with probabilities, and the text between them, which has none."""
    text = reply.message.text
    at = 0
    for number, unit in enumerate(origin.units or []):
        if unit["start"] > at:
            yield _without_probability(origin, text, at, unit["start"])
        at = unit["end"]
        yield _word(origin, text, number, unit, may_pick)
    if at < len(text):
        yield _without_probability(origin, text, at, len(text))


def _without_probability(origin: Origin, text: str, start: int, end: int) -> dict[str, Any]:
    return {"text": text[start:end], "author": inspection.author(origin.authors, start, end, text), "number": None}


def _word(origin: Origin, text: str, number: int, unit: dict[str, Any], may_pick: bool) -> dict[str, Any]:
    start, end = unit["start"], unit["end"]
    probability = math.exp(sum(token["logprob"] for token in unit["tokens"]))
    author = inspection.author(origin.authors, start, end, text)
    picks = text[:start] if may_pick and author != SITE else None
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
    """The character before a unit's box: its space, so that no line begins with one, or no break before a mark."""
    if unit.startswith(" ") and unit.strip():
        return " "
    return "" if unit[:1].isalnum() or unit[:1].isspace() else "\u2060"


def _token(origin: Origin, before: str | None, choice: str, token: dict[str, Any]) -> dict[str, Any]:
    """One token with its alternatives. `before` is None if no alternative can be picked."""
    alternatives = []
    for place, alternative in enumerate(token["alternatives"]):
        stands = bool(alternative["bytes"]) and alternative["bytes"] == token["bytes"]
        may_pick = before is not None and not stands
        alternatives.append(
            {
                "shown": shown(alternative["text"]),
                "bytes": alternative["bytes"],
                "ends": alternative["ends"] or any(stop in alternative["text"] for stop in origin.prompt["stop"]),
                "percent": percent(math.exp(alternative["logprob"])),
                "value": round(math.exp(alternative["logprob"]), 4),
                "stands": stands,
                "choice": f"{choice}.{place}"
                if may_pick and inspection.is_pickable(before or "", alternative, origin.prompt["stop"])
                else "",
            }
        )
    return {
        "bytes": token["bytes"],
        "percent": percent(math.exp(token["logprob"])),
        "alternatives": alternatives,
        "is_listed": any(alternative["stands"] for alternative in alternatives),
    }


def shown(text: str) -> str:
    """A token's text with the whitespace at both ends made visible."""
    head = text[: len(text) - len(text.lstrip())]
    tail = text[len(text.rstrip()) :] if text.strip() else ""
    body = text[len(head) : len(text) - len(tail)]
    return "".join(_SHOWN.get(c, "␣") for c in head) + body + "".join(_SHOWN.get(c, "␣") for c in tail)


def percent(probability: float) -> str:
    """A probability as text: 84%, 3.1%, 0.04%, under 0.01%."""
    hundredths = probability * 100
    if hundredths >= 10:
        return f"{hundredths:.0f}%"
    if hundredths >= 1:
        return f"{hundredths:.1f}%"
    return f"{hundredths:.2f}%" if hundredths >= 0.01 else gettext("under 0.01%")
