"""Chats as pages that apps write: Google Voice (of Google Takeout), Element (Matrix), and MemoTrace (WeChat)."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.chats.any_app import memotrace_page
from personas.importers.chats.messages import class_page
from personas.importers.chats.messages.class_page import IGNORED, Block
from personas.importers.syntax import export_values
from personas.importers.times import dates

_VOICE = re.compile(r"<div class=\"hChatLog hfeed\">|<abbr class=\"(?:dt|published)\" title=\"")
_ELEMENT = re.compile(r"class=\"[^\"]{0,200}\bmx_(?:EventTile|Export_EventWrapper)\b")
_VOICE_FIELDS = {"dt": "date", "sender": "name", "<q>": "text"}
_ELEMENT_FIELDS = {
    "mx_DisambiguatedProfile_displayName": "name", "mx_MessageTimestamp": "clock", "mx_EventTile_body": "text",
    "<h2>": "day", "mx_ReplyChain": IGNORED, "mx_ReplyTile": IGNORED, "mx_ReactionsRow": IGNORED,
}  # fmt: skip
_DAYS = frozenset({"mx_DateSeparator", "mx_TimelineSeparator"})
_PICTURES_OF_VOICE = frozenset({"MMS Sent", "MMS Received"})
_CLOCK = re.compile(r"(\d{1,2})[:.](\d\d)(?::\d\d)? ?([AaPp])?")


class ChatPage:
    name = "chat-page"

    def sniff(self, head: bytes, name: str) -> float:
        text = class_page.beginning(head)
        is_known = _VOICE.search(text) or _ELEMENT.search(text) or memotrace_page.is_page(head)
        return 0.97 if is_known else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        text, remarks = class_page.read(stream)
        yield from remarks
        read = _of_element if _ELEMENT.search(text) else _of_voice if _VOICE.search(text) else memotrace_page.records
        found = list(read(text))
        if not found:
            raise DamagedFile(
                gettext("This page holds no messages. Pages of calls and of voice mail have none that can be read.")
            )
        yield from found


def _of_voice(text: str) -> Iterator[Record]:
    for number, block in enumerate(class_page.blocks(text, begins=frozenset({"message"}), fields=_VOICE_FIELDS), 1):
        sent_at = export_values.iso(block.attribute("date", "title"))
        yield _record(export_values.name(block.text("name")), block, sent_at, f"message {number}")


def _of_element(text: str) -> Iterator[Record]:
    """A message without a name is of the one before; the day stands between the messages."""
    begins = frozenset({"mx_EventTile", *_DAYS})
    day: date | None = None
    name, number = "", 0
    for block in class_page.blocks(
        text,
        begins=begins,
        fields=_ELEMENT_FIELDS,
    ):
        if _DAYS.intersection(class_page.classes(block.tag)):
            read = dates.leading(block.text("day"))
            day = read[0].date() if read else None
            continue
        number += 1
        if "mx_EventTile_info" in class_page.classes(block.tag):
            yield Skipped("system", f"message {number}")
            continue
        name = export_values.name(block.text("name")) or name
        yield _record(name, block, _at(day, block.text("clock")), f"message {number}")


def _at(day: date | None, clock: str) -> datetime | None:
    match = _CLOCK.match(clock)
    if day is None or match is None:
        return None
    hour, is_evening = int(match[1]), (match[3] or "").casefold() == "p"
    hour = hour % 12 + 12 * is_evening if match[3] else hour
    return datetime(day.year, day.month, day.day, hour % 24, int(match[2]) % 60, tzinfo=UTC)


def _record(name: str, block: Block, sent_at: datetime | None, source_ref: str) -> Utterance | Skipped:
    text = export_values.words(block.text("text"))
    if text in _PICTURES_OF_VOICE:
        return Skipped("media", source_ref)
    if reason := app_words.kind(text):
        return Skipped("media" if reason == "empty" else reason, source_ref)
    if not name or len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long" if name else "unreadable", source_ref)
    return Utterance(name, text, sent_at, source_ref)
