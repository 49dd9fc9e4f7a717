"""What DiscordChatExporter writes as JSON."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.chats.messages.speakers import Speakers
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH

_INTO = frozenset({(), ("messages",)})
_SPEECH = frozenset({"Default", "Reply", "0", "19"})  # kinds that an exporter does not know stand as numbers
_CALLS = frozenset({"Call", "3"})
_COMMANDS = frozenset({"ChatInputCommand", "ApplicationCommand", "ContextMenuCommand", "20", "23"})
_MEDIA = ("attachments", "stickers", "embeds", "poll")


def is_export(head: bytes) -> bool:
    seen = json_stream.glimpse(head, into=_INTO)
    return ("guild",) in seen and ("channel",) in seen


def records(stream: BinaryIO) -> Iterator[Record]:
    encoding = decoding.detect(stream)
    if encoding.is_guessed:
        yield Remark(decoding.remark(encoding))
    speakers = Speakers()
    for message in _messages(stream, encoding):
        author = export_values.fields(message.get("author"))
        if author.get("isBot") is not True:
            speakers.see(_key(author), _name(author))
    for message in _messages(stream, encoding):
        yield _record(message, speakers)


def _messages(stream: BinaryIO, encoding: Encoding) -> Iterator[dict[str, Any]]:
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        if path == ("messages", EACH) and isinstance(value, dict):
            yield value


def _name(author: dict[str, Any]) -> str:
    return export_values.name(author.get("nickname")) or export_values.name(author.get("name"))


def _key(author: dict[str, Any]) -> str:
    return export_values.key(author.get("id")) or _name(author)


def _record(message: dict[str, Any], speakers: Speakers) -> Utterance | Skipped:
    source_ref = f"message {export_values.key(message.get('id')) or '?'}"
    text = export_values.words(message.get("content"))
    author = export_values.fields(message.get("author"))
    if reason := _why_not_speech(message, text, author):
        return Skipped(reason, source_ref)
    speaker = speakers.name_of(_key(author), export_values.DELETED)
    return Utterance(speaker, text, export_values.iso(message.get("timestamp")), source_ref)


def _why_not_speech(message: dict[str, Any], text: str, author: dict[str, Any]) -> str:
    kind = export_values.key(message.get("type", "Default"))
    if kind in _CALLS:
        return "call"
    if author.get("isBot") is True or kind in _COMMANDS:
        return "from a bot"
    if kind not in _SPEECH:
        return "system"
    if not text:
        is_forward = any(message.get(name) for name in ("forwardedMessage", "messageSnapshots"))
        return "forwarded" if is_forward else "media" if any(message.get(name) for name in _MEDIA) else "empty"
    return "too long" if len(text) > export_values.LONGEST_TEXT else ""
