"""Builds the prompt of a reply from sheet, memories and turns. Pure: no database, no clock, no model.

There are two forms. "chat" makes messages for the model's own chat template. "transcript" makes one text that
a pretrained model continues: an introduction, sample exchanges, the talk so far, and the persona's name with a
colon. Project December used the transcript form.

The order is the same in both: introduction, samples, talk, what was recalled, newest message. Parts that never change
come first and parts that change each turn come last, so an engine that caches prefixes reads only the end again.

The room is `context_length - max_tokens`, less a small reserve for the template's own tokens. The parts get room
in this order, so later parts are dropped first:

1. the rules, whole, and the introduction up to half of the room (a longer one loses its end);
2. the newest message, up to half of what is then left (a longer one loses its middle);
3. entries of the lorebook that the talk calls for, up to a quarter of the room; the lowest priority goes first;
4. samples, up to a quarter of the room; the last of `Sheet.exchanges` goes first;
5. memories (passages of the persona's own words), up to an eighth of the room; the weakest goes first. Then what the
   person told long before, up to a fourteenth of the room; the weakest goes first. This part is kept free in every
   prompt, so that recalling something never moves the first turn and the cached beginning stays valid. What stands in a
   turn of the prompt is not told again;
6. if the newest message asks sincerely whether this is a person, an honest answer before it as a sample,
   because a small model imitates samples. No other prompt holds it, since it would color every reply;
7. older turns, newest first, each cut to an eighth of the room, in blocks of `TURN_BLOCK`. The first turn
   of the prompt moves in steps, so the cached beginning stays valid for several messages.

A lorebook's entry that is always in stands in the introduction, where its card wants it. The others change with the
talk, so they stand before the newest message, or as many messages earlier as their depth says.

In a talk of several personas, the others' lines stand under their names. In the chat form they are the user's part of
the talk, and there the person's lines have a name too.

Covered against forgery: markup of chat templates is broken up in every text, labels lose colons and
line breaks, and in a transcript each turn is one line, so no text can begin a turn of its own.
Not covered: a model that believes a claim in a text. The filter therefore reads every reply.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol, TypeVar

from django.utils.translation import gettext_noop

from generation.engine import (
    EngineInfo,
    Prompt,
    PromptForm,
    PromptMessage,
    PromptPart,
    PromptTooLong,
    Sampling,
)
from personas.lorebook import triggering
from personas.lorebook.triggering import Triggered
from personas.memory.passages import Recalled
from personas.memory.told import Told
from personas.models import Depicts
from personas.prompting.phrases import Phrases, phrases_for
from personas.prompting.prompt_sheet import Sheet, asks_in_earnest, honest_exchange
from personas.prompting.samples import Exchange
from text import graphemes

T = TypeVar("T")
Count = Callable[[str], int]

MESSAGE_OVERHEAD = 8  # tokens that a chat template adds to a message, at most, in the templates we know
RESERVE = 16  # tokens: start of text, joins between pieces that are counted separately
SMALLEST_ROOM = 96  # tokens: below this not even the rules and a few words fit
TURN_BLOCK = 8
TOLD_SHARE = 14  # of the room: one part in so many is for what the person told long before
LABEL_CHARACTERS = 40

# An opening bracket directly before a name or a bar: <|im_end|>, <start_of_turn>, </s>, <｜User｜>, [INST].
_MARKUP = re.compile(r"<(?=[|｜/A-Za-z_<])|(?<=[|｜])>|\[(?=/?INST\])")
_SPACE = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n{3,}")


class Spoken(Protocol):
    """A turn of the conversation, as `moderation.talk.Turn` has it."""

    @property
    def speaker(self) -> str: ...  # "user", "persona", or "other": another persona, whose text begins with `named`

    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Line:
    """A turn that is not stored."""

    speaker: str
    text: str


def named(name: str, text: str, language: str) -> str:
    """The words of another persona under its name, as a turn of "other"."""
    return f"{label(name)}{phrases_for(language).colon}{text}"


def without_name(text: str, language: str) -> str:
    """The words of a turn of "other" alone."""
    return text.partition(phrases_for(language).colon.strip())[2].strip()


def build(
    *,
    sheet: Sheet,
    memories: Sequence[Recalled],
    turns: Sequence[Spoken],
    info: EngineInfo,
    max_tokens: int,
    count: Count,
    prefix: str = "",
    told: Sequence[Told] = (),
) -> Prompt:
    """The prompt for the persona's next words, at most `info.context_length - max_tokens` tokens long.

    `memories` and `told` come best first, `turns` oldest first. The last turn is the message to answer. `prefix` is the
    part of the answer that exists already. Raises PromptTooLong if the window is too small for the rules and a few
    words.
    """
    form: _Form = _Transcript(sheet) if _form_for(sheet, info) == "transcript" else _Chat(sheet)
    window = info.context_length - max_tokens - RESERVE
    room = window - count(prefix)
    while room >= SMALLEST_ROOM:
        prompt = _fill(form, sheet, memories, told, turns, room, count)
        excess = form.length(prompt, count) + count(prefix) - window
        if excess <= 0:
            return replace(form.opened(prompt, prefix, count), adapter=info.served(sheet.adapter))
        room -= excess  # joined pieces can have more tokens than separate ones
    raise PromptTooLong(f"{info.context_length} tokens of context leave no room beside {max_tokens} for the reply.")


def transcript(sheet: Sheet, turns: Sequence[Spoken]) -> list[tuple[str, bool]]:
    """A whole talk in the transcript form, in pieces; True marks the persona's words. For training, so nothing is cut.

    The pieces before a reply are together the text that `build` makes for it without memories.
    """
    form = _Transcript(sheet)
    pieces = [(f"{form.heading(sheet.exchanges)}\n", False)]
    for turn in turns:
        line = f"{form.line(turn.speaker, form.clean(turn.text))}\n"
        words = len(form.mark) if turn.speaker == "persona" else len(line)
        pieces += [(line[:words], False), (line[words:], True)]
    return [(text, is_persona) for text, is_persona in pieces if text]


def sampling(sheet: Sheet, info: EngineInfo) -> Sampling:
    """The model's defaults with the persona's own values. Unknown names and wrong values are ignored.

    Of both numbers of candidates the lower one counts.
    """
    defaults = info.sampling if _form_for(sheet, info) == info.prompt_form else info.chat_sampling or info.sampling
    overrides: dict[str, Any] = {}
    for name, value in sheet.sampling.items():
        if name == "stop":
            overrides["stop"] = (
                tuple(s for s in value if isinstance(s, str) and s)[:4] if isinstance(value, list) else ()
            )
        elif name in _LIMITS and isinstance(value, int | float) and not isinstance(value, bool):
            low, high, kind = _LIMITS[name]
            overrides[name] = kind(min(max(value, low), high))
    if "candidates" in overrides:
        overrides["candidates"] = min(overrides["candidates"], defaults.candidates)
    return replace(defaults, **overrides)


def _form_for(sheet: Sheet, info: EngineInfo) -> PromptForm:
    """A persona with its own corpus uses the model's own prompt form.

    A persona that only has a description uses the model's chat template, if it has one.
    """
    return "chat" if info.chat_sampling is not None and not sheet.has_own_words else info.prompt_form


_LIMITS: dict[str, tuple[float, float, type]] = {
    "temperature": (0.0, 2.0, float),
    "top_p": (0.01, 1.0, float),
    "top_k": (0, 1000, int),
    "min_p": (0.0, 1.0, float),
    "repetition_penalty": (0.5, 2.0, float),
    "frequency_penalty": (-2.0, 2.0, float),
    "presence_penalty": (-2.0, 2.0, float),
    "max_tokens": (1, 2048, int),
    "candidates": (1, 16, int),
    "seed": (0, 2**31 - 1, int),
}


# --- Text that cannot forge a turn ----------------------------------------------------------------------


def defused(text: str) -> str:
    """The text with all chat-template markup broken by a space: `<|im_end|>` becomes `< |im_end| >`."""
    return _BLANK_LINES.sub("\n\n", _MARKUP.sub(lambda m: f" {m[0]}" if m[0] == ">" else f"{m[0]} ", text)).strip()


def one_line(text: str) -> str:
    """The text defused and on a single line, so that nothing in it can look like the name of a turn."""
    return _SPACE.sub(" ", defused(text)).strip()


def label(name: str) -> str:
    """The name without characters that break a `name:` label, at most LABEL_CHARACTERS long."""
    plain = _SPACE.sub(" ", re.sub(r"[:：<>|\[\]]", " ", name)).strip()
    return graphemes.beginning(plain, LABEL_CHARACTERS).strip()


def cut_end(text: str, limit: int, count: Count) -> str:
    """The longest beginning with at most `limit` tokens, with a mark at the cut."""
    return _shorten(text, limit, count, lambda size: f"{graphemes.beginning(text, size).rstrip()} […]")


def cut_middle(text: str, limit: int, count: Count) -> str:
    """The beginning and end of a text, together at most `limit` tokens, with a mark between them."""
    return _shorten(
        text,
        limit,
        count,
        lambda size: f"{graphemes.beginning(text, size - size // 2)} […] {graphemes.ending(text, size // 2)}",
    )


def _shorten(text: str, limit: int, count: Count, shortened: Callable[[int], str]) -> str:
    # A text longer than limit * 40 characters exceeds the limit in any case. Counting a whole book takes seconds.
    if limit <= 0:
        return ""
    if len(text) <= limit * 40 and count(text) <= limit:
        return text
    low, high = 0, min(len(text), limit * 40)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(shortened(middle)) <= limit else (low, middle - 1)
    return shortened(low) if low else ""


# --- Giving out the room --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Filled:
    """The parts that fit the room, not yet joined."""

    rules: str
    introduction: str
    exchanges: tuple[Exchange, ...]
    memories: tuple[str, ...]
    told: tuple[Told, ...]  # oldest first
    turns: tuple[tuple[str, str], ...]  # (speaker, text), oldest first; the speaker of a lorebook's entry is "note"
    parts: tuple[PromptPart, ...]


def _fill(
    form: "_Form",
    sheet: Sheet,
    memories: Sequence[Recalled],
    told: Sequence[Told],
    turns: Sequence[Spoken],
    room: int,
    count: Count,
) -> _Filled:
    filling = _Filling(form, room, count)
    lore = triggering.triggered(
        sheet.lorebook,
        [(turn.speaker, turn.text) for turn in turns],
        greetings=sheet.greetings,
        count=count,
        limit=room // 4,
    )
    rules, introduction = filling.introduce(lore)
    notes = filling.note(lore)
    newest = filling.take_newest(turns)
    exchanges = filling.take_samples(sheet.exchanges)
    filling.parts += _lorebook_part(lore)
    passages = filling.take_memories(memories)
    told_room = filling.keep_free(room // TOLD_SHARE)
    talk, talk_part = filling.take_talk(turns, newest)
    retold = filling.take_told(told, told_room, talk)
    return _Filled(
        rules=rules,
        introduction=introduction,
        exchanges=exchanges,
        memories=passages,
        told=retold,
        turns=_with_notes(talk, notes),
        parts=(*filling.parts, talk_part),
    )


class _Filling:
    """Gives out the room. Each step takes what its part may have of the tokens that are left, and lists the part."""

    def __init__(self, form: "_Form", room: int, count: Count) -> None:
        self.form, self.room, self.count = form, room, count
        self.left = room - 2 * MESSAGE_OVERHEAD
        self.parts: list[PromptPart] = []

    def introduce(self, lore: Triggered) -> tuple[str, str]:
        """The rules, and the introduction with the lorebook's fixed entries."""
        rules = self.form.rules()
        rules_tokens = self.count(rules)
        introduction = cut_end(self.form.introduction(lore), max(self.room // 2 - rules_tokens, 0), self.count)
        tokens = self.count(introduction)
        self.left -= rules_tokens + tokens
        self.parts += [
            PromptPart(gettext_noop("rules"), rules, rules_tokens),
            PromptPart(gettext_noop("introduction"), introduction, tokens),
        ]
        return rules, introduction

    def note(self, lore: Triggered) -> list[tuple[int | None, str]]:
        """The lorebook's other entries, with their depths. `triggered` has cut them to their room."""
        notes = [(entry.depth, self.form.note(entry.text)) for entry in lore.moving]
        self.left -= self._turn_tokens(text for _, text in notes)
        return notes

    def take_newest(self, turns: Sequence[Spoken]) -> list[tuple[str, str]]:
        """The newest message as (speaker, text); none before the first."""
        newest = [
            (turn.speaker, cut_middle(self.form.clean(turn.text), self.left // 2, self.count)) for turn in turns[-1:]
        ]
        self.left -= self._turn_tokens(text for _, text in newest)
        return newest

    def take_samples(self, samples: Sequence[Exchange]) -> tuple[Exchange, ...]:
        exchanges, tokens = _fitting(
            samples,
            min(self.room // 4, self.left),
            lambda exchange: self._turn_tokens(map(self.form.clean, (exchange.user, exchange.persona))),
        )
        self.left -= tokens
        text = "\n".join(f"{exchange.user}\n{exchange.persona}" for exchange in exchanges)
        dropped = len(samples) - len(exchanges)
        self.parts.append(PromptPart(gettext_noop("samples"), text, tokens, dropped=dropped))
        return tuple(exchanges)

    def take_memories(self, memories: Sequence[Recalled]) -> tuple[str, ...]:
        recalled, tokens = _fitting(
            memories, min(self.room // 8, self.left), lambda memory: self.count(self.form.clean(memory.text)) + 4
        )
        self.left -= tokens
        texts = tuple(self.form.clean(memory.text) for memory in recalled)
        self.parts.append(
            PromptPart(
                gettext_noop("memories"),
                "\n".join(texts),
                tokens,
                dropped=len(memories) - len(recalled),
                rows=tuple(memory.id for memory in recalled),
            )
        )
        return texts

    def keep_free(self, tokens: int) -> int:
        """At most so many tokens, which no later step but their own takes."""
        kept = min(tokens, self.left)
        self.left -= kept
        return kept

    def take_talk(
        self, turns: Sequence[Spoken], newest: Sequence[tuple[str, str]]
    ) -> tuple[tuple[tuple[str, str], ...], PromptPart]:
        """The older turns that fit, the reminder to be honest where it is due, and the newest message."""
        reminder = _reminder(self.form, turns)
        self.left -= self._turn_tokens(text for _, text in reminder)
        older, older_tokens = _older(self.form, turns[:-1], self.room, self.left, self.count)
        talk = (*older, *reminder, *newest)
        part = PromptPart(
            gettext_noop("turns"),
            "\n".join(text for _, text in talk),
            older_tokens + self._turn_tokens(text for _, text in (*reminder, *newest)),
            dropped=len(turns) - len(older) - len(newest),
        )
        return talk, part

    def take_told(self, told: Sequence[Told], limit: int, talk: Sequence[tuple[str, str]]) -> tuple[Told, ...]:
        """What the person told long before, oldest first, except for what stands in the talk."""
        missing = [one for one in told if not any(self.form.clean(one.text) in text for _, text in talk)]
        retold, tokens = _fitting(missing, limit, lambda one: self.count(self.form.told([one])))
        retold.sort(key=lambda one: one.said_on)
        self.parts.append(
            PromptPart(
                gettext_noop("told"),
                self.form.told(retold),
                tokens,
                dropped=len(missing) - len(retold),
                rows=tuple(one.id for one in retold),
            )
        )
        return tuple(retold)

    def _turn_tokens(self, texts: Iterable[str]) -> int:
        return sum(self.form.turn_tokens(text, self.count) for text in texts)


def _lorebook_part(lore: Triggered) -> tuple[PromptPart, ...]:
    if not lore.trace:
        return ()
    text = "\n".join(entry.text for entry in lore.entries)
    return (PromptPart(gettext_noop("lorebook"), text, lore.tokens, dropped=lore.dropped, trace=lore.trace),)


def _with_notes(
    turns: tuple[tuple[str, str], ...], notes: Sequence[tuple[int | None, str]]
) -> tuple[tuple[str, str], ...]:
    """The turns with each note before as many of the newest turns as its depth says, at least one."""
    places: dict[int, list[tuple[str, str]]] = {}
    for depth, text in notes:
        places.setdefault(max(len(turns) - max(depth or 1, 1), 0), []).append(("note", text))
    mixed: list[tuple[str, str]] = []
    for number in range(len(turns) + 1):
        mixed += places.get(number, [])
        mixed += turns[number : number + 1]
    return tuple(mixed)


def _reminder(form: "_Form", turns: Sequence[Spoken]) -> list[tuple[str, str]]:
    """An honest answer as a sample, if the newest message asks sincerely whether this is a person."""
    if form.sheet.is_person or not turns or turns[-1].speaker != "user":
        return []
    if not asks_in_earnest(form.sheet, turns[-1].text):
        return []
    honest = honest_exchange(form.sheet)
    return [("user", honest.user), ("persona", form.clean(honest.persona))]


def _fitting(items: Iterable[T], limit: int, tokens: Callable[[T], int]) -> tuple[list[T], int]:
    """The first items that fit into `limit` tokens together, and their tokens."""
    fitting: list[T] = []
    spent = 0
    for item in items:
        cost = tokens(item)
        if spent + cost > limit:
            break
        fitting.append(item)
        spent += cost
    return fitting, spent


def _older(
    form: "_Form", turns: Sequence[Spoken], room: int, remaining: int, count: Count
) -> tuple[list[tuple[str, str]], int]:
    """The turns before the newest that fit, oldest first, with their tokens.

    The first of them is at a multiple of TURN_BLOCK.
    """
    older: list[tuple[str, str, int]] = []
    for turn in reversed(turns):
        text = cut_middle(form.clean(turn.text), room // 8, count)
        cost = form.turn_tokens(text, count)
        if cost > remaining:
            break
        remaining -= cost
        older.append((turn.speaker, text, cost))
    older.reverse()
    surplus = -(len(turns) - len(older)) % TURN_BLOCK
    if surplus < len(older):
        older = older[surplus:]
    return [(speaker, text) for speaker, text, _ in older], sum(cost for *_, cost in older)


# --- The two forms --------------------------------------------------------------------------------


class _Form(ABC):
    """The parts that both forms share, in the persona's language."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.phrases: Phrases = phrases_for(sheet.language)
        self.name = label(sheet.name) or "Persona"
        self.others = tuple(map(label, sheet.others))
        self.user = label(sheet.calls_user)
        if not self.user or self.user.casefold() in {name.casefold() for name in (self.name, *self.others)}:
            self.user = self.phrases.friend

    @abstractmethod
    def clean(self, text: str) -> str: ...

    def rules(self) -> str:
        if self.sheet.is_person:
            return self._worded(self.phrases.rules_person)
        is_fictional = self.sheet.depicts == Depicts.FICTIONAL
        return self._worded(self.phrases.rules_fictional if is_fictional else self.phrases.rules)

    def introduction(self, lore: Triggered) -> str:
        """Description, scene, relation and the fixed entries of `lore` as one text, without chat-template markup."""
        sheet, phrases = self.sheet, self.phrases
        pieces = [
            *map(one_line, lore.fixed("before")),
            one_line(sheet.description),
            *map(one_line, lore.fixed("after")),
            one_line(sheet.scenario),
            *map(one_line, lore.fixed("scenario")),
        ]
        if sheet.relation:
            pieces.append(self._worded(phrases.relation, relation=one_line(sheet.relation)))
        if self.others:
            pieces.append(self._worded(phrases.opening_group, others=phrases.comma.join(self.others)))
        else:
            pieces.append(self._worded(phrases.opening))
        return phrases.joiner.join(piece for piece in pieces if piece)

    def note(self, text: str) -> str:
        """An entry of the lorebook as an aside in the talk, on one line, so that it cannot look like a turn."""
        return self._worded(self.phrases.note, words=one_line(text))

    def recalled(self, filled: _Filled) -> list[str]:
        """The lines of what was recalled, to stand before the newest message."""
        lines = []
        if filled.memories:
            lines.append(self._worded(self.phrases.memories, words=self.phrases.joiner.join(filled.memories)))
        if filled.told:
            lines.append(self.told(filled.told))
        return lines

    def told(self, told: Sequence[Told]) -> str:
        """What the person told long before, a piece for each day."""
        days = []
        for said_on, lines in groupby(told, key=lambda one: one.said_on):
            words = self.phrases.joiner.join(self._told_line(one) for one in lines)
            days.append(self._worded(self.phrases.told, day=said_on.strftime(self.phrases.day), words=words))
        return self.phrases.joiner.join(days)

    def _told_line(self, one: Told) -> str:
        text, asked = one_line(one.text), one_line(one.asked)
        return self.phrases.told_answer.format(asked=asked, text=text) if asked else text

    def _worded(self, template: str, **more: str) -> str:
        return template.format(name=self.name, user=self.user, **more)

    @property
    def marks_of_others(self) -> tuple[str, ...]:
        """What begins a turn of another persona."""
        return tuple(f"{name}{self.phrases.colon.rstrip()}" for name in self.others)

    @abstractmethod
    def turn_tokens(self, text: str, count: Count) -> int: ...

    @abstractmethod
    def length(self, filled: _Filled, count: Count) -> int: ...

    @abstractmethod
    def opened(self, filled: _Filled, prefix: str, count: Count) -> Prompt: ...


class _Transcript(_Form):
    def clean(self, text: str) -> str:
        return one_line(text)

    def turn_tokens(self, text: str, count: Count) -> int:
        return count(self.line("persona", text)) + 1

    def line(self, speaker: str, text: str) -> str:
        if speaker in ("note", "other"):
            return text
        return f"{self.user if speaker == 'user' else self.name}{self.phrases.colon}{text}"

    @property
    def mark(self) -> str:
        """The persona's name before a reply. A word and the space before it are one token, so the mark has no space."""
        return f"{self.name}{self.phrases.colon.rstrip()}"

    def heading(self, exchanges: Sequence[Exchange], introduction: str | None = None) -> str:
        lines = [self.rules(), self.introduction(Triggered()) if introduction is None else introduction, ""]
        for exchange in exchanges:
            lines.append(self.line("user", self.clean(exchange.user)))
            lines.append(self.line("persona", self.clean(exchange.persona)))
        return "\n".join(lines)

    def _text(self, filled: _Filled) -> str:
        talk = [self.line(speaker, text) for speaker, text in filled.turns]
        talk[-1:-1] = self.recalled(filled)
        return "\n".join([self.heading(filled.exchanges, filled.introduction), *talk, self.mark])

    def length(self, filled: _Filled, count: Count) -> int:
        return count(self._text(filled))

    def opened(self, filled: _Filled, prefix: str, count: Count) -> Prompt:
        spaced_prefix = f" {prefix.lstrip()}" if prefix and self.phrases.colon.endswith(" ") else prefix
        return Prompt(
            form="transcript",
            text=self._text(filled),
            prefix=spaced_prefix,
            stop=("\n", f"{self.user}{self.phrases.colon.rstrip()}", self.mark, "<|", *self.marks_of_others),
            parts=(*filled.parts, *_prefix_part(prefix, count)),
        )


class _Chat(_Form):
    def clean(self, text: str) -> str:
        return defused(text)

    def turn_tokens(self, text: str, count: Count) -> int:
        return count(text) + MESSAGE_OVERHEAD

    def _messages(self, filled: _Filled) -> tuple[PromptMessage, ...]:
        """The system message, then user and assistant in turn. Every known template accepts this order."""
        talk: list[tuple[str, str]] = []
        for exchange in filled.exchanges:
            talk += [("user", self.clean(exchange.user)), ("persona", self.clean(exchange.persona))]
        if not filled.turns or filled.turns[0][0] == "persona":
            talk.append(("user", self.phrases.begins))
        talk += [(speaker, self._line(speaker, text)) for speaker, text in filled.turns]
        recalled = self.recalled(filled)
        if recalled and talk:
            talk[-1] = (talk[-1][0], "\n\n".join([*recalled, talk[-1][1]]))
        messages = [PromptMessage("system", f"{filled.introduction}\n\n{filled.rules}")]
        for speaker, text in talk:
            role = "assistant" if speaker == "persona" else "user"
            if messages[-1].role == role:
                messages[-1] = replace(messages[-1], content=f"{messages[-1].content}\n\n{text}")
            else:
                messages.append(PromptMessage(role, text))  # type: ignore[arg-type]
        return tuple(messages)

    def _line(self, speaker: str, text: str) -> str:
        return named(self.user, text, self.sheet.language) if self.others and speaker == "user" else text

    def length(self, filled: _Filled, count: Count) -> int:
        return sum(count(m.content) + MESSAGE_OVERHEAD for m in self._messages(filled)) + MESSAGE_OVERHEAD

    def opened(self, filled: _Filled, prefix: str, count: Count) -> Prompt:
        return Prompt(
            form="chat",
            messages=self._messages(filled),
            prefix=prefix,
            stop=(
                f"\n{self.user}:",
                f"\n{self.name}:",
                "<|im_",
                "\n###",
                *(f"\n{mark}" for mark in self.marks_of_others),
            ),
            parts=(*filled.parts, *_prefix_part(prefix, count)),
        )


def _prefix_part(prefix: str, count: Count) -> tuple[PromptPart, ...]:
    return (PromptPart(gettext_noop("prefix"), prefix, count(prefix)),) if prefix else ()
