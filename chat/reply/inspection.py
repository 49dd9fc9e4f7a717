"""The inspection of a reply: its prompt, how likely each word was, and continuing from an alternative.

`Record` gathers the data while the reply is written, and `keep` stores it when the reply ends. `look` and `score`
compute the probabilities when somebody opens the page. If the weights are not on this machine, the probabilities are
those that the server reported. Text that the filter removed is not stored.
"""

import re
from collections.abc import Callable, Iterator, Sequence
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
from django.utils.translation import gettext

from accounts.models import User
from chat.conversation import beginnings, conversations, messages, queueing
from chat.conversation.beginnings import Beginning, Span
from chat.conversation.conversations import WrongState
from chat.models import MODEL, PERSON, SITE, UNFINISHED, UNKNOWN, Origin, Reply
from chat.reply import candidates
from generation.engine import (
    Adapter,
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

# The task is requested again after this long. It may have been lost, or its error may have passed.
_OVERDUE = timedelta(minutes=1)
# Words, single Chinese characters, and the characters between them: the units in which texts are compared.
_PIECE = re.compile(rf"[{HAN}]|[^\W{HAN}]+|\W")


@dataclass
class Record:
    """The engines and tokens of a reply while it is written."""

    engines: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    shown: Callable[[str], str] = str  # what the reply's stages leave of a text
    _newest: int = 0  # index of the current engine's first token

    def begin_engine(self, info: EngineInfo, because: str) -> None:
        """Notes an engine that begins or takes over."""
        self._newest = len(self.tokens)
        engine = {"name": info.name, "model": info.model, "device": info.device, "version": info.version}
        self.engines.append({**engine, "context_length": info.context_length, "because": because})

    @property
    def engines_used(self) -> list[dict[str, str]]:
        """The engines in order, as `Reply.engines` stores them."""
        return [{"engine": e["name"], "model": e["model"], "because": e["because"]} for e in self.engines]

    @property
    def text(self) -> str:
        return "".join(token.text for token in self.tokens)

    @property
    def model(self) -> str:
        return str(self.engines[-1]["model"]) if self.engines else ""

    def reported(self) -> list[tuple[int, Unit]]:
        """The last engine's tokens with log-probabilities, each with its start in `text`."""
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
    """Stores how the reply's newest words were written. Does nothing if no engine began.

    `opening` is the text of the site that the engine continued.
    """
    if prompt is None or not record.engines:
        return
    previous = Origin.objects.filter(reply=reply).first()
    before = reply.prefix or opening
    has_passed = text.startswith(before)
    if not has_passed:  # the filter removed all or a part of it
        before = ""
    begun = prompt.prefix if has_passed else ""
    earlier = [piece for piece in previous.choices if piece["start"] < len(before)] if previous else []
    own = _own(record.text, text[len(before) :])
    authors = _authors_before(reply, opening, previous, len(before))
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
            "adapter": asdict(prompt.adapter) if prompt.adapter else None,
            "joint": _joint(prompt.prefix + record.text),
        },
        begun=begun,
        rendered=prompt.text + begun if prompt.form == "transcript" else "",
        authors=authors,
        choices=[*earlier, *_choices(record, own, len(before))],
        units=units,
        read_by=record.model if units is not None else "",
    ).save(force_insert=previous is None, force_update=previous is not None)


def get_for(user: User, conversation_id: UUID, reply_id: UUID) -> Reply:
    """The reply, if it belongs to this conversation and this person. Raises Http404."""
    reply = conversations.get_reply_for(user, reply_id)
    if reply.message.conversation_id != conversation_id:
        raise Http404("There is no such reply in this conversation.")
    return reply


def look(reply: Reply) -> str:
    """Requests the probabilities if they are not known yet. Returns their state:

    `unfinished` · `unrecorded` (written before prompts were stored) · `wordless` (the reply has no text) · `ready` ·
    `untold` (the engine does not report them, and its weights are not on this machine) · `failed` · `reading`.
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
    """Reads the reply once more with the model that wrote it, and stores the probabilities."""
    unread = Origin.objects.filter(reply_id=reply_id, units__isnull=True, attempt__gt=0)
    origin = unread.select_related("reply__message").first()
    if origin is None:
        return
    reply = origin.reply
    # A reply that is continued meanwhile has another text and attempt, and words may be deleted from its prompt. It is
    # read when somebody looks again.
    same = Origin.objects.filter(pk=origin.pk, attempt=origin.attempt, prompt=origin.prompt)
    joint = origin.prompt["joint"]
    try:
        scored = scoring.score(_prompt(origin), joint + reply.message.text, model=reply.model)
    except EngineError as error:
        same.update(code=error.code)
        return
    placed_units = list(zip(_starts(scored.units, -len(joint)), scored.units, strict=True))
    same.update(
        units=[_stored(max(at, 0), at + len(unit.text), unit) for at, unit in placed_units if at + len(unit.text) > 0],
        rendered=scored.prompt + origin.begun,
        read_by=reply.model,
        code="",
    )


def pick(*, user: User, conversation_id: UUID, reply_id: UUID, choice: str) -> Reply:
    """Asks for another reply. It begins with the text before a token and one of its alternatives; the engine continues.

    `choice` is "attempt.unit.token.alternative", by number. Raises Refused and Http404.
    """
    reply = get_for(user, conversation_id, reply_id)
    origin = Origin.objects.filter(reply=reply).first()
    numbers = re.fullmatch(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})", choice, re.ASCII)
    if origin is None or origin.units is None or numbers is None or int(numbers[1]) != origin.attempt:
        raise WrongState(gettext("This reply has changed. Open Look inside again and pick one of its alternatives."))
    try:
        unit = origin.units[int(numbers[2])]
        alternative = unit["tokens"][int(numbers[3])]["alternatives"][int(numbers[4])]
    except IndexError:
        raise WrongState(gettext("There is no such alternative.")) from None
    before = reply.message.text[: unit["start"]]
    if author(origin.authors, unit["start"], unit["end"], reply.message.text) == SITE:
        raise WrongState(gettext("The site itself wrote these words. They cannot be changed."))
    if not is_pickable(before, alternative, origin.prompt["stop"]):
        raise WrongState(
            gettext("The reply would end here, or in the middle of a character. Pick another alternative.")
        )
    prefix = (before + alternative["text"]).lstrip()
    start = len(before)
    authors = [[a, min(b, start), who] for a, b, who in origin.authors if a < start]
    beginning = Beginning(prefix, [*authors, [start, len(prefix), PERSON]])
    return messages.regenerate_from(user=user, reply_id=reply_id, beginning=beginning)


def take(*, user: User, conversation_id: UUID, reply_id: UUID, choice: str) -> Reply:
    """Asks for another reply that begins with a candidate which was not chosen. The engine continues.

    `choice` is "attempt.piece.candidate", by number. Raises Refused and Http404.
    """
    reply = get_for(user, conversation_id, reply_id)
    origin = Origin.objects.filter(reply=reply).first()
    numbers = re.fullmatch(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", choice, re.ASCII)
    if origin is None or numbers is None or int(numbers[1]) != origin.attempt:
        raise WrongState(gettext("This reply has changed. Open Look inside again and take one of its candidates."))
    try:
        beginning = beginnings.begin(origin, reply.message.text, origin.choices[int(numbers[2])], int(numbers[3]))
    except IndexError:
        raise WrongState(gettext("There is no such candidate.")) from None
    if beginning is None:
        raise WrongState(gettext("Nothing can continue from this candidate. Take another one."))
    return messages.regenerate_from(user=user, reply_id=reply_id, beginning=beginning)


def is_pickable(before: str, alternative: dict[str, Any], stops: Sequence[str]) -> bool:
    """Whether a reply can continue after the alternative: whole characters, some visible text, and no stop text."""
    begun = before + alternative["text"]
    return bool(alternative["text"] and begun.strip()) and not any(stop in begun for stop in stops)


def author(authors: Sequence[Span], start: int, end: int, text: str) -> str:
    """Who wrote these characters. The model, unless a visible one of them is somebody else's."""
    for a, b, who in authors:
        if who != MODEL and text[max(a, start) : min(b, end)].strip():
            return str(who)
    return MODEL


# --- The model's part of the text ---------------------------------------------------------------


def _own(raw: str, text: str) -> list[tuple[int, int, int]]:
    """The spans of `text` that come from the model's `raw` text: (start in raw, start in text, length).

    The filter removes sentences and replaces numbers by labels, so the texts are compared by words.
    """
    if (at := raw.find(text)) >= 0:
        return [(at, 0, len(text))] if text else []
    raw_pieces, text_pieces = _PIECE.findall(raw), _PIECE.findall(text)
    raw_starts, text_starts = _places(raw_pieces), _places(text_pieces)
    blocks = SequenceMatcher(None, raw_pieces, text_pieces, autojunk=False).get_matching_blocks()
    spans = [(raw_starts[a], text_starts[b], text_starts[b + n] - text_starts[b]) for a, b, n in blocks]
    return [(a, b, size) for a, b, size in spans if len(text[b : b + size].strip()) > 1]


def _places(pieces: list[str]) -> list[int]:
    """The start of each piece, then the end of the last one."""
    places = [0]
    for piece in pieces:
        places.append(places[-1] + len(piece))
    return places


def _authors_before(reply: Reply, opening: str, previous: Origin | None, length: int) -> list[Span]:
    """Who wrote the beginning, of `length` characters, that this generation continued."""
    if not length:
        return []
    if not reply.prefix:
        return [[0, length, SITE]]
    spans = [[a, min(b, length), who] for a, b, who in (previous.authors if previous else []) if a < length]
    end = spans[-1][1] if spans else 0
    return [*spans, [end, length, UNKNOWN]] if end < length else spans


def _with_gaps(own: Sequence[tuple[int, int]], start: int, end: int) -> list[Span]:
    """The model's spans, and between them those of the site."""
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
    """The reported units whose words are in the text, with their place there. All others are left out."""
    placed = []
    for at, unit in reported:
        visible = at + len(unit.text) - len(unit.text.lstrip())
        end = at + len(unit.text)
        for raw_at, text_at, size in own:
            if raw_at <= visible < end <= raw_at + size:
                shift = start + text_at - raw_at
                placed.append(_stored(max(at, raw_at) + shift, end + shift, unit))
    return placed


def _choices(record: Record, own: Sequence[tuple[int, int, int]], start: int) -> Iterator[dict[str, Any]]:
    """The pieces that were chosen among candidates, with their places in the text."""
    raw, at = record.text, 0
    for token in record.tokens:
        if (choice := token.choice) is not None:
            visible = raw.find(choice.candidates[choice.chosen].text.strip(), at)
            places = [text_at + visible - raw_at for raw_at, text_at, size in own if raw_at <= visible < raw_at + size]
            if places:
                yield {
                    "start": start + places[0],
                    "chosen": choice.chosen,
                    "candidates": candidates.stored(choice, record.shown),
                }
        at += len(token.text)


def _starts(units: Sequence[Unit], at: int) -> Iterator[int]:
    """Where each unit begins; the first one at `at`."""
    for unit in units:
        yield at
        at += len(unit.text)


def _stored(start: int, end: int, unit: Unit) -> dict[str, Any]:
    tokens = [
        {
            "bytes": token.data.hex(" "),
            "logprob": round(token.logprob, 4),
            "alternatives": [_stored_alternative(alternative) for alternative in token.alternatives],
        }
        for token in unit.tokens
    ]
    return {"start": start, "end": end, "tokens": tokens}


def _stored_alternative(alternative: Alternative) -> dict[str, Any]:
    # Text with invisible characters is stored as bytes alone. One of them is NUL, which PostgreSQL refuses in a text.
    is_readable = all(character.isprintable() or character in "\n\t" for character in alternative.text)
    return {
        "text": alternative.text if is_readable else "",
        "bytes": alternative.data.hex(" "),
        "logprob": round(alternative.logprob, 4),
        "ends": alternative.ends,
    }


def _prompt(origin: Origin) -> Prompt:
    """The prompt without the beginning of the reply, which is part of the text."""
    stored = origin.prompt
    messages = tuple(PromptMessage(**message) for message in stored["messages"])
    # A fine-tune that was deleted since cannot be asked any more.
    adapter = Adapter(**stored["adapter"]) if stored.get("adapter") else None
    kept = adapter if adapter is not None and adapter.is_stored else None
    return Prompt(form=stored["form"], text=stored["text"], messages=messages, adapter=kept)


def _joint(reply: str) -> str:
    """The whitespace between a prompt and its reply, which the text in the row does not have."""
    return reply[: len(reply) - len(reply.lstrip())]
