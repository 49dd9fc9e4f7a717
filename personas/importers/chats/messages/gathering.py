"""Gathers lines into messages: a head begins a message, a line of the app is counted, and every other line continues
the message above it. For chat exports whose format is known (`chat_log` infers a format instead).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from personas.importers.base import Record, Skipped, Utterance

LONGEST_TEXT = 100_000  # characters of one message


@dataclass(frozen=True)
class Head:
    """The beginning of a message and the words on its line. Without a speaker, the app itself wrote the words."""

    speaker: str
    sent_at: datetime | None
    text: str = ""


@dataclass(frozen=True)
class Reason:
    """Why words are nobody's speech: media, deleted, call, system, date line."""

    name: str


Read = Callable[[str], Head | Reason | None]  # None where a line continues the message above it
Judge = Callable[[Head, str], Reason | str]  # the reason, or the words as a person wrote them


def messages(lines: Iterable[tuple[int, str]], read: Read, judge: Judge) -> Iterator[Record]:
    """The records of numbered lines. `judge` gets the head and the whole text of a message."""
    message: _Message | None = None
    for number, line in lines:
        begun = read(line)
        match begun:
            case Head():
                if message is not None:
                    yield message.record(judge)
                message = _Message(begun, number)
            case Reason():
                yield Skipped(begun.name, f"line {number}")
            case None if message is not None:
                message.add(line)
            case None if line.strip():
                yield Skipped("before the first message", f"line {number}")
    if message is not None:
        yield message.record(judge)


@dataclass
class _Message:
    head: Head
    number: int
    lines: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, line: str) -> None:
        self.length += len(line) + 1
        if self.length <= LONGEST_TEXT:
            self.lines.append(line)

    def record(self, judge: Judge) -> Utterance | Skipped:
        source_ref = f"line {self.number}"
        if self.length + len(self.head.text) > LONGEST_TEXT:
            return Skipped("too long", source_ref)
        words = judge(self.head, "\n".join([self.head.text, *self.lines]).strip())
        if isinstance(words, Reason):
            return Skipped(words.name, source_ref)
        if not words.strip():
            return Skipped("empty", source_ref)
        return Utterance(self.head.speaker, words.strip(), self.head.sent_at, source_ref)
