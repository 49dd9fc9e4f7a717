"""Chats that imessage-exporter writes as HTML.

Source: the exporter's writer (exporters/html.rs), read for its classes. A reply is written twice: inside the message
that it answers, and at its own time with the id "r-" and its key. The first is read only where the second is missing.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.chats.messages import class_page
from personas.importers.chats.messages.class_page import IGNORED, Block
from personas.importers.syntax import export_values
from personas.importers.times.dates import MONTHS

_PAGE = re.compile(
    r"<div class=\"message\",?(?: id=\"[^\"]{1,80}\")?>\s{0,9}<div class=\"(?:sent [\w ]{1,30}|received)\">"
)
_STAMP = re.compile(r"([A-Z][a-z]{2})[a-z]{0,6} (\d{1,2}), (\d{4}) {1,2}(\d{1,2}):(\d\d):(\d\d) ([AP])M")
_LINK_OF_TIME = re.compile(r"<a [^<>]{0,100}href=\"sms:[^\"<>]{0,200}\">")  # newer exporters make each time a link
_FIELDS = {
    "timestamp": "date",
    "sender": "name",
    "bubble": "text",
    "<tfoot>": "text",  # the last version of an edited message
    "<a>": "anchor",
    "app": IGNORED,
    "reactions": IGNORED,
    "tapbacks": IGNORED,
}
_MEDIA = frozenset({"attachment", "attachment_error", "sticker", "app", "app_error", "shareplay"})


def is_page(head: bytes) -> bool:
    return _PAGE.search(class_page.beginning(head)) is not None


def records(stream: BinaryIO) -> Iterator[Record]:
    text, remarks = class_page.read(stream)
    text = _LINK_OF_TIME.sub("", text)
    yield from remarks
    begins = frozenset({"message", "announcement"})
    blocks = list(class_page.blocks(text, begins=begins, fields=_FIELDS, repeated=frozenset({"text"})))
    if not blocks:
        raise DamagedFile(gettext("This page of an iMessage export holds no messages. Export it again."))
    own = {identity for block in blocks if (identity := block.tag.attributes.get("id", "")).startswith("r-")}
    for number, block in enumerate(blocks, start=1):
        yield _record(
            block, f"message {number}", is_repeated=block.attribute("anchor", "href").removeprefix("#") in own
        )


def _record(block: Block, source_ref: str, *, is_repeated: bool) -> Utterance | Skipped:
    if "announcement" in class_page.classes(block.tag):
        return Skipped("system", source_ref)
    if is_repeated:
        return Skipped("shown twice", source_ref)
    name, text = export_values.name(block.text("name")), export_values.words(block.text("text"))
    if "deleted" in block.marks:
        return Skipped("deleted", source_ref)
    if not text:
        return Skipped("media" if block.marks & _MEDIA else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    if reason := app_words.kind(text) or ("" if name else "unreadable"):
        return Skipped(reason, source_ref)
    return Utterance(name, text, _moment(block.text("date")), source_ref)


def _moment(text: str) -> datetime | None:
    match = _STAMP.match(text)
    month = MONTHS.get(match[1].casefold()) if match else None
    if match is None or month is None:
        return None
    year, day, hour, minute, second = (int(match[place]) for place in (3, 2, 4, 5, 6))
    try:
        return datetime(year, month, day, hour % 12 + 12 * (match[7] == "P"), minute, second, tzinfo=UTC)
    except ValueError:
        return None
