"""Telegram Desktop's export as HTML: pages of a chat, messages.html, messages2.html and so on.

Source: the export writer of Telegram Desktop (export_output_html.cpp), read for its classes.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Skipped, Utterance
from personas.importers.chats.messages import class_page
from personas.importers.chats.messages.class_page import IGNORED, Block
from personas.importers.syntax import export_values

_PAGE = re.compile(r"<div class=\"(?:page_wrap\"|page_body chat_page|message (?:default clearfix|service\"))")
_CHAT = re.compile(r"<div class=\"page_body chat_page")
_PATH = re.compile(r"\A(?P<folder>(?:.*/)?)messages(?P<number>\d{0,6})\.html")
_RESULT = re.compile(r"\A(?:.*/)?result\.json")
_STAMP = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}),? (\d{1,2}):(\d{2}):(\d{2})")
_FIELDS = {
    "from_name": "name",
    "date": "date",
    "text": "text",
    "reply_to": IGNORED,
    "forwarded": IGNORED,
    "media_wrap": IGNORED,
    "bot_buttons_table": IGNORED,
    "reactions": IGNORED,
    "signature": IGNORED,
}
_VIA = re.compile(r" via @\w{1,64}$")


def is_page(head: bytes) -> bool:
    return _PAGE.search(class_page.beginning(head)) is not None


def pages(paths: Sequence[str]) -> list[str]:
    """The pages and the JSON of an archive in the order of their messages."""
    matches = [match for path in paths if (match := _PATH.fullmatch(path))]
    matches.sort(key=lambda match: (match["folder"], int(match["number"] or 1)))
    results = [path for path in paths if _RESULT.fullmatch(path)]
    return [*results, *(match[0] for match in matches)] if matches else []


def records(stream: BinaryIO) -> Iterator[Record]:
    text, remarks = class_page.read(stream)
    yield from remarks
    speaker, count = "", 0
    for block in class_page.blocks(text, begins=frozenset({"message"}), fields=_FIELDS):
        count += 1
        name = block.text("name")
        is_by_bot = bool(_VIA.search(name))
        speaker = export_values.name(_VIA.sub("", name)) or speaker
        yield _record(block, speaker, is_by_bot=is_by_bot)
    if not count and _CHAT.search(text):
        raise DamagedFile(no_messages())
    if not count:
        raise DamagedFile(
            gettext("This page of a Telegram export holds no messages. Upload messages.html or result.json.")
        )


def no_messages() -> str:
    return gettext("This Telegram chat holds no messages. Export a chat in which somebody has written.")


def _record(block: Block, speaker: str, *, is_by_bot: bool) -> Utterance | Skipped:
    own = class_page.classes(block.tag)
    source_ref = export_values.name(block.tag.attributes.get("id")).replace("message", "message ") or "message ?"
    if "service" in own:
        return Skipped("call" if "media_call" in block.marks else "system", source_ref)
    text = export_values.words(block.text("text"))
    if "forwarded" in block.marks:
        return Skipped("forwarded", source_ref)
    if is_by_bot:
        return Skipped("from a bot", source_ref)
    if "media_call" in block.marks and not text:
        return Skipped("call", source_ref)
    if not text:
        return Skipped("media" if "media_wrap" in block.marks else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(speaker or export_values.DELETED, text, _moment(block.attribute("date", "title")), source_ref)


def _moment(title: str) -> datetime | None:
    match = _STAMP.match(title[:40])
    if match is None:
        return None
    day, month, year, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
