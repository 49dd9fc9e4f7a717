"""Look inside: the prompt that made a reply, how likely each of its words was, and continuing from another one.

What is known of a reply's making is gathered while it is written (`Record`) and kept when it ends (`keep`).
Probabilities are computed when somebody looks (`look`, `score`), or, where the weights are not here, kept from
what the server reported. Nothing is kept that the filter took out of the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from chat import conversations, messages, queueing
from chat.conversations import WrongState
from chat.models import UNFINISHED, Origin, Reply
from generation.engines.base import (
    Alternative,
    EngineError,
    EngineInfo,
    Prompt,
    PromptMessage,
    ScoredToken,
    Token,
    Unit,
)
from generation.routing import scoring
from text.scripts import HAN

# Asked again after this long: the task may have been lost, or have failed for a reason that has passed.
_OVERDUE = timedelta(minutes=1)
# Words, single Chinese characters, and what stands between: what the filter leaves is compared in these.
_PIECE = re.compile(rf"[{HAN}]|[^\W{HAN}]+|\W")

# Who wrote a stretch of a reply.
MODEL, SITE, PERSON, UNKNOWN = "model", "site", "person", "unknown"
Span = list[Any]  # [start, end, who]


@dataclass
class Record:
    """What is known of a reply's making while it is written."""

    engines: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    _newest: int = 0  # where the tokens of the current engine begin

    def begin_engine(self, info: EngineInfo, because: str) -> None:
        """An engine begins, or takes over."""
        self._newest = len(self.tokens)
        known = {"name": info.name, "model": info.model, "device": info.device, "version": info.version}
        self.engines.append({**known, "context_length": info.context_length, "because": because})

    @property
    def spoke(self) -> list[dict[str, str]]:
        """Which engines, in order, as the reply's row keeps it."""
        return [{"engine": e["name"], "model": e["model"], "because": e["because"]} for e in self.engines]

    @property
    def said(self) -> str:
        return "".join(token.text for token in self.tokens)

    @property
    def model(self) -> str:
        return str(self.engines[-1]["model"]) if self.engines else ""

    def reported(self) -> list[tuple[int, Unit]]:
        """What the last engine told of its tokens, each with the place in `said` where it begins."""
        units: list[tuple[int, Unit]] = []
        at = sum(len(token.text) for token in self.tokens[: self._newest])
        scores: list[ScoredToken] = []
        for token in self.tokens[self._newest :]:
            if token.logprob is not None:
                choices = tuple(Alternative(text, text.encode(), value) for text, value in token.alternatives)
                scores.append(ScoredToken(token.text.encode(), token.logprob, choices))
            if token.text:
                if scores:
                    units.append((at, Unit(token.text, tuple(scores))))
                at, scores = at + len(token.text), []
        return units


def keep(reply: Reply, record: Record, text: str, *, prompt: Prompt | None, opening: str) -> None:
    """Keeps how the reply's newest words came to be. Of an attempt that no engine began, nothing is known.

    `opening` is what the site itself said first, and the engine went on from.
    """
    if prompt is None or not record.engines:
        return
    known = Origin.objects.filter(reply=reply).first()
    before = reply.prefix or opening
    has_passed = text.startswith(before)
    if not has_passed:  # the filter took it, or something in it, away
        before = ""
    begun = prompt.prefix if has_passed else ""
    own = _own(record.said, text[len(before) :])
    authors = _authors_before(reply, opening, known, len(before))
    authors += _with_gaps([(len(before) + at, len(before) + at + size) for _, at, size in own], len(before), len(text))
    units = None
    if not scoring.is_possible(record.model) and (reported := record.reported()):
        units = _placed(reported, own, len(before))
    Origin(
        reply=reply,
        attempt=reply.attempt,
        engines=record.engines,
        parts=[asdict(part) for part in prompt.parts if has_passed or part.name != "prefix"],
        prompt={
            "form": prompt.form,
            "text": prompt.text,
            "messages": [asdict(message) for message in prompt.messages],
            "stop": list(prompt.stop),
            "joint": _joint(prompt.prefix + record.said),
        },
        begun=begun,
        rendered=prompt.text + begun if prompt.form == "transcript" else "",
        authors=authors,
        units=units,
        read_by=record.model if units is not None else "",
    ).save(force_insert=known is None, force_update=known is not None)


def get_for(user: User, conversation_id: UUID, reply_id: UUID) -> Reply:
    """The reply, if it stands in this conversation of this person's. Raises Http404."""
    reply = conversations.get_reply_for(user, reply_id)
    if reply.message.conversation_id != conversation_id:
        raise Http404("There is no such reply in this conversation.")
    return reply


def look(reply: Reply) -> str:
    """Asks for the probabilities where they are not known yet. What can be said of them now:

    `unfinished` · `unrecorded` (made before prompts were kept) · `wordless` · `ready` · `untold` (the engine
    does not tell, and its weights are not here) · `failed` · `reading`.
    """
    origin = Origin.objects.filter(reply=reply).first()
    if reply.status in UNFINISHED:
        return "unfinished"
    if origin is None or not origin.engines:
        return "unrecorded"
    if not reply.message.text:
        return "wordless"
    if origin.units is not None:
        return "ready"
    if not scoring.is_possible(reply.model):
        return "untold"
    now = timezone.now()
    lapsed = Q(asked_at=None) | Q(asked_at__lt=now - _OVERDUE)
    if Origin.objects.filter(lapsed, reply=reply, units__isnull=True).update(asked_at=now, code=""):
        transaction.on_commit(lambda: queueing.have_scored(reply), robust=True)
        return "reading"
    return "failed" if origin.code else "reading"


def score(reply_id: UUID) -> None:
    """Reads the reply once more with the model that wrote it, and keeps the probabilities."""
    unread = Origin.objects.filter(reply_id=reply_id, units__isnull=True, attempt__gt=0)
    origin = unread.select_related("reply__message").first()
    if origin is None:
        return
    reply = origin.reply
    # What was continued meanwhile has another text by then, and is read when somebody looks again.
    same = Origin.objects.filter(pk=origin.pk, attempt=origin.attempt)
    joint = origin.prompt["joint"]
    try:
        read = scoring.score(_prompt(origin), joint + reply.message.text, model=reply.model)
    except EngineError as error:
        same.update(code=error.code)
        return
    reported = list(zip(_starts(read.units, -len(joint)), read.units, strict=True))
    same.update(
        units=[_stored(max(at, 0), at + len(unit.text), unit) for at, unit in reported if at + len(unit.text) > 0],
        rendered=read.prompt + origin.begun,
        read_by=reply.model,
        code="",
    )


def pick(*, user: User, conversation_id: UUID, reply_id: UUID, choice: str) -> Reply:
    """Another reply: the text up to a token, then the alternative in its place, then whatever the engine says.

    `choice` is "attempt.unit.token.alternative", by number. Raises Refused and Http404.
    """
    reply = get_for(user, conversation_id, reply_id)
    origin = Origin.objects.filter(reply=reply).first()
    numbers = re.fullmatch(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})", choice, re.ASCII)
    if origin is None or origin.units is None or numbers is None or int(numbers[1]) != origin.attempt:
        raise WrongState("This reply has changed. Look inside again, and pick from what is there now.")
    try:
        unit = origin.units[int(numbers[2])]
        chosen = unit["tokens"][int(numbers[3])]["alternatives"][int(numbers[4])]
    except IndexError:
        raise WrongState("There is no such alternative.") from None
    before = reply.message.text[: unit["start"]]
    if author(origin.authors, unit["start"], unit["end"], reply.message.text) == SITE:
        raise WrongState("These words are the site's own, and stay as they are.")
    if not is_pickable(before, chosen, origin.prompt["stop"]):
        raise WrongState("The reply would end there, or break off within a character. Pick another alternative.")
    prefix = (before + chosen["text"]).lstrip()
    start = len(before)
    authors = [[a, min(b, start), who] for a, b, who in origin.authors if a < start]
    return messages.regenerate_from(
        user=user, reply_id=reply_id, prefix=prefix, authors=[*authors, [start, len(prefix), PERSON]]
    )


def is_pickable(before: str, alternative: dict[str, Any], stops: Sequence[str]) -> bool:
    """Whether a reply can go on from it: whole characters that do not end it, with anything to read."""
    begun = before + alternative["text"]
    return bool(alternative["text"] and begun.strip()) and not any(stop in begun for stop in stops)


def author(authors: Sequence[Span], start: int, end: int, text: str) -> str:
    """Who wrote these characters: the model, unless some that can be seen are somebody else's."""
    for a, b, who in authors:
        if who != MODEL and text[max(a, start) : min(b, end)].strip():
            return str(who)
    return MODEL


# --- What the model wrote of the text -----------------------------------------------------------


def _own(said: str, text: str) -> list[tuple[int, int, int]]:
    """The stretches of `text` that are `said`: (place in said, place in text, length).

    The filter takes sentences out, and puts labels in the place of numbers; what it leaves is compared by words.
    """
    if (at := said.find(text)) >= 0:
        return [(at, 0, len(text))] if text else []
    ours, theirs = _PIECE.findall(said), _PIECE.findall(text)
    from_start, in_text = _places(ours), _places(theirs)
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    stretches = [(from_start[a], in_text[b], in_text[b + n] - in_text[b]) for a, b, n in blocks]
    return [(a, b, size) for a, b, size in stretches if len(text[b : b + size].strip()) > 1]


def _places(pieces: list[str]) -> list[int]:
    """Where each piece begins, and where the last one ends."""
    places = [0]
    for piece in pieces:
        places.append(places[-1] + len(piece))
    return places


def _authors_before(reply: Reply, opening: str, known: Origin | None, length: int) -> list[Span]:
    """Who wrote the beginning that this generation went on from."""
    if not length:
        return []
    if not reply.prefix:
        return [[0, length, SITE]]
    spans = [[a, min(b, length), who] for a, b, who in (known.authors if known else []) if a < length]
    end = spans[-1][1] if spans else 0
    return [*spans, [end, length, UNKNOWN]] if end < length else spans


def _with_gaps(own: Sequence[tuple[int, int]], start: int, end: int) -> list[Span]:
    """The model's stretches as spans, and between them what the site put there."""
    spans: list[Span] = []
    for (_, before), (after, last) in pairwise([(start, start), *own, (end, end)]):
        if after > before:
            spans.append([before, after, SITE])
        if last > after:
            spans.append([after, last, MODEL])
    return spans


def _placed(
    reported: Sequence[tuple[int, Unit]], own: Sequence[tuple[int, int, int]], start: int
) -> list[dict[str, Any]]:
    """What the engine reported of those words that stand in the text, and of no others."""
    placed = []
    for at, unit in reported:
        visible = at + len(unit.text) - len(unit.text.lstrip())
        end = at + len(unit.text)
        for said_at, text_at, size in own:
            if said_at <= visible < end <= said_at + size:
                shift = start + text_at - said_at
                placed.append(_stored(max(at, said_at) + shift, end + shift, unit))
    return placed


def _starts(units: Sequence[Unit], at: int) -> Iterator[int]:
    for unit in units:
        yield at
        at += len(unit.text)


def _stored(start: int, end: int, unit: Unit) -> dict[str, Any]:
    tokens = [
        {
            "bytes": token.data.hex(" "),
            "logprob": round(token.logprob, 4),
            "alternatives": [_stored_alternative(each) for each in token.alternatives],
        }
        for token in unit.tokens
    ]
    return {"start": start, "end": end, "tokens": tokens}


def _stored_alternative(alternative: Alternative) -> dict[str, Any]:
    # Characters that cannot be seen, NUL among them, which no database takes, are told as bytes.
    readable = all(each.isprintable() or each in "\n\t" for each in alternative.text)
    return {
        "text": alternative.text if readable else "",
        "bytes": alternative.data.hex(" "),
        "logprob": round(alternative.logprob, 4),
        "ends": alternative.ends,
    }


def _prompt(origin: Origin) -> Prompt:
    """The prompt without the beginning of the reply, which is part of the text."""
    kept = origin.prompt
    said = tuple(PromptMessage(**message) for message in kept["messages"])
    return Prompt(form=kept["form"], text=kept["text"], messages=said)


def _joint(reply: str) -> str:
    """The blank between a prompt and its reply, which the text in the row has lost."""
    return reply[: len(reply) - len(reply.lstrip())]
