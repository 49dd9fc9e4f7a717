"""Messages of Facebook and Instagram: "Download your information" as JSON or HTML, the download of encrypted chats,
and what was copied in the browser.

Facebook and Instagram write each string as UTF-8 bytes that they escape one by one, so every string is put right by
itself. A thread has pages, message_1.json with the newest; within a page, the newest message comes first.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.archives import member_files
from personas.importers.base import DamagedFile, Member, Record, Remark, Skipped, Utterance
from personas.importers.chats.messenger import html_export, web_copy
from personas.importers.chats.messenger.app_words import AppWords
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH
from personas.importers.times import time_order

_INTO = frozenset({(), ("messages",), ("participants",)})
_PAGE = re.compile(r"\A(?P<thread>(?:.*/)?[^/]+/)message_(?P<number>\d{1,6})\.(?P<kind>json|html)")
_OLD_PAGE = re.compile(r"\A(?:.*/)?(?:html/messages\.htm|messages/\d{1,9}\.html)")
_MEDIA = ("photos", "videos", "audio_files", "gifs", "sticker", "files", "share", "media", "animated_image_attachments")
_MOST_NAMES = 1_000


class Messenger:
    name = "messenger"

    def sniff(self, head: bytes, name: str) -> float:
        if html_export.is_page(head):
            return 0.97
        if web_copy.is_copy(head):
            return 0.9
        seen = json_stream.glimpse(head, into=_INTO, shows_empty=True)
        first = export_values.fields(seen.get(("messages", EACH)))
        if "sender_name" in first and "timestamp_ms" in first:
            return 0.97
        is_encrypted = "senderName" in first and "timestamp" in first
        is_thread = ("thread_path",) in seen or ("threadName",) in seen
        is_empty = is_thread and (("participants",) in seen or ("messages",) in seen)
        return 0.97 if is_encrypted or is_empty or _is_cut_page(seen) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        head = stream.read(decoding.HEAD_BYTES)
        if html_export.is_page(head):
            yield from html_export.records(stream)
            return
        if web_copy.is_copy(head):
            yield from web_copy.records(stream)
            return
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        yield from time_order.in_order(_records(stream, encoding))

    def members(self, paths: Sequence[str]) -> list[str]:
        """The pages by threads, the oldest of each first."""
        pages = [match for path in paths if (match := _PAGE.fullmatch(path))]
        pages.sort(key=lambda match: (match["thread"], -int(match["number"])))
        return [match[0] for match in pages] + [path for path in paths if _OLD_PAGE.fullmatch(path)]

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        yield from member_files.records(members, self._member)

    def _member(self, member: Member, stream: BinaryIO) -> Iterator[Record]:
        if self.sniff(stream.read(decoding.HEAD_BYTES), member.path):
            yield from self.parse(stream)
        else:
            yield Skipped("file of another kind", member_files.place(member))


def _is_cut_page(seen: dict[json_stream.Path, Any]) -> bool:
    """A page whose first message is longer than the beginning of the file."""
    return ("participants", EACH) in seen and ("messages", EACH) in seen and seen["messages", EACH] is None


def _records(stream: BinaryIO, encoding: Encoding) -> Iterator[Record]:
    names: dict[str, None] = {}
    is_known = False
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        _see_names(path, value, names)
        is_known |= path == ("messages", EACH)
    if not is_known:
        raise DamagedFile(gettext("This file of Messenger or Instagram holds no messages."))
    words = AppWords(names)
    number = 0
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        if path == ("messages", EACH):
            number += 1
            yield _record(export_values.fields(value), words, f"message {number}")


def _see_names(path: json_stream.Path, value: Any, names: dict[str, None]) -> None:
    fields = export_values.fields(value)
    if path == ("participants", EACH):
        name = export_values.name(repaired(fields.get("name"))) or export_values.name(value)
    else:
        name = export_values.name(repaired(fields.get("sender_name"))) or export_values.name(fields.get("senderName"))
    if name and len(names) < _MOST_NAMES:
        names[name] = None


def _record(message: dict[str, Any], words: AppWords, source_ref: str) -> Utterance | Skipped:
    if "senderName" in message:  # of an encrypted chat, whose strings are right
        sender, text = export_values.name(message["senderName"]), export_values.words(message.get("text"))
        sent_at = export_values.milliseconds(message.get("timestamp"))
    else:
        sender = export_values.name(repaired(message.get("sender_name")))
        text = export_values.words(repaired(message.get("content")))
        sent_at = export_values.milliseconds(message.get("timestamp_ms"))
    if reason := _why_not_speech(message, text, sender, words):
        return Skipped(reason, source_ref)
    return Utterance(sender or export_values.DELETED, text, sent_at, source_ref)


def _why_not_speech(message: dict[str, Any], text: str, sender: str, words: AppWords) -> str:
    if message.get("is_unsent") is True or message.get("isUnsent") is True:
        return "deleted"
    kind = str(message.get("type", "")).casefold()
    if "call_duration" in message or kind in {"call", "missed_call", "video_call", "audio_call"}:
        return "call"
    if kind in {"subscribe", "unsubscribe", "placeholder", "system"}:
        return "system"
    has_media = any(message.get(name) for name in _MEDIA)
    if not text:
        return "media" if has_media or kind in {"media", "link", "sticker"} else "empty"
    # Whatever its language, such a sentence begins with its sender: "Ada sent an attachment."
    if has_media and sender and text.startswith((f"{sender} ", sender.partition(" ")[0] + " ")) and len(text) < 120:
        return "media"
    if len(text) > export_values.LONGEST_TEXT:
        return "too long"
    return words.kind(text, sender)


def repaired(value: Any) -> Any:
    """A string whose characters are the bytes of UTF-8, as text; any other value as it is."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
