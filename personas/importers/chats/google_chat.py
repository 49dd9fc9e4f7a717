"""Google Chat, as Takeout writes it: messages.json of each conversation."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.chats.messages.speakers import Speakers
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH
from personas.importers.times import long_dates

_INTO = frozenset({(), ("messages",)})
_MEDIA = ("attached_files", "annotations", "gsuite_integration_metadata", "cards")


class GoogleChat:
    name = "google-chat"

    def sniff(self, head: bytes, name: str) -> float:
        first = export_values.fields(json_stream.glimpse(head, into=_INTO).get(("messages", EACH)))
        is_message = "creator" in first and ("created_date" in first or "topic_id" in first or "message_id" in first)
        return 0.97 if is_message else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        speakers = Speakers()
        for message in _messages(stream, encoding):
            creator = export_values.fields(message.get("creator"))
            speakers.see(_key(creator), export_values.name(creator.get("name")))
        for number, message in enumerate(_messages(stream, encoding), start=1):
            yield _record(message, speakers, f"message {number}")


def _messages(stream: BinaryIO, encoding: Encoding) -> Iterator[dict[str, Any]]:
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        if path == ("messages", EACH) and isinstance(value, dict):
            yield value


def _key(creator: dict[str, Any]) -> str:
    return export_values.name(creator.get("email")).casefold() or export_values.name(creator.get("name"))


def _record(message: dict[str, Any], speakers: Speakers, source_ref: str) -> Utterance | Skipped:
    creator = export_values.fields(message.get("creator"))
    text = export_values.words(message.get("text"))
    if reason := _why_not_speech(message, creator, text):
        return Skipped(reason, source_ref)
    stamp = message.get("created_date")
    sent_at = long_dates.moment(stamp) if isinstance(stamp, str) else None
    return Utterance(speakers.name_of(_key(creator), export_values.DELETED), text, sent_at, source_ref)


def _why_not_speech(message: dict[str, Any], creator: dict[str, Any], text: str) -> str:
    if str(message.get("message_state", "")).upper() == "DELETED" or "deletion_metadata" in message:
        return "deleted"
    if str(creator.get("user_type", "")).casefold() == "bot":
        return "from a bot"
    if not text:
        return "media" if any(message.get(name) for name in _MEDIA) else "empty"
    return "too long" if len(text) > export_values.LONGEST_TEXT else ""
