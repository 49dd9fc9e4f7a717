"""Text messages of a phone as conversations. A backup has all chats of a phone, first the short messages and then those
with pictures, and gives people by number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from personas.importers.base import Utterance
from personas.importers.syntax import export_values

_UNKNOWN = frozenset({"", "(unknown)", "unknown", "(unbekannt)", "(desconocido)", "(inconnu)", "(sconosciuto)"})
_SIGNIFICANT = 9  # last digits of a number: "+44 1632 960001" and "01632 960001" are the same
_FEWEST_DIGITS = 6
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Message:
    """`thread` has the numbers of all others, joined by "~"; `names` their names. `sender` is empty for the owner."""

    thread: str
    names: str
    sender: str
    text: str
    sent_at: datetime | None
    source_ref: str


def utterances(messages: list[Message]) -> Iterator[Utterance]:
    """The messages by conversations, the earliest conversation first, each in order of time."""
    names = _names(messages)
    threads: dict[str, list[Message]] = {}
    for message in messages:
        threads.setdefault(_key(message.thread), []).append(message)
    for thread in threads.values():
        thread.sort(key=_time)
    for thread in sorted(threads.values(), key=lambda thread: _time(thread[0])):
        for message in thread:
            speaker = names.get(_number(message.sender), message.sender) if message.sender else export_values.ME
            yield Utterance(speaker, message.text, message.sent_at, message.source_ref)


def _time(message: Message) -> datetime:
    return message.sent_at or _BEFORE_ALL


def _names(messages: list[Message]) -> dict[str, str]:
    """The latest name of each number. A group's names stand in the order of its numbers, and count where no chat with
    that person alone names them."""
    alone: dict[str, tuple[datetime, str]] = {}
    in_group: dict[str, tuple[datetime, str]] = {}
    for message in messages:
        numbers = message.thread.split("~")
        labels = [message.names] if len(numbers) == 1 else message.names.split(", ")
        if len(labels) != len(numbers):
            continue
        target = alone if len(numbers) == 1 else in_group
        for number, label in zip(numbers, labels, strict=True):
            key = _number(number)
            if label.strip().casefold() not in _UNKNOWN and _time(message) >= target.get(key, (_BEFORE_ALL, ""))[0]:
                target[key] = (_time(message), label.strip())
    return {key: label for key, (_, label) in (in_group | alone).items()}


def _key(thread: str) -> str:
    return "~".join(sorted(map(_number, thread.split("~"))))


def _number(address: str) -> str:
    """A telephone number without its country; a name such as "Bank" as it is."""
    digits = "".join(filter(str.isdigit, address))
    is_number = len(digits) >= _FEWEST_DIGITS and not any(map(str.isalpha, address))
    return digits[-_SIGNIFICANT:] if is_number else address.casefold()
