"""LinkedIn's messages.csv: all conversations, the newest first."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.chats.messages.speakers import Speakers
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import csv_rows, export_values, markup
from personas.importers.times import long_dates, time_order

_COLUMNS = frozenset({"conversation id", "from", "to", "date", "content"})
_OLD_COLUMNS = frozenset({"from", "to", "date", "subject", "content", "direction"})
_TAG = ("<p", "<br", "<a ", "<span", "<div", "</")


class LinkedIn:
    name = "linkedin"

    def sniff(self, head: bytes, name: str) -> float:
        columns = set(csv_rows.columns(head))
        return 0.97 if columns >= _COLUMNS or columns >= _OLD_COLUMNS else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        names: dict[str, str] = {}
        for _, row in csv_rows.rows(stream, encoding):
            names.setdefault(_key(row), export_values.name(row.get("from")))  # the latest name comes first
        speakers = Speakers()
        for key, name in names.items():
            speakers.see(key, name)
        for conversation in _conversations(stream, encoding):
            yield from time_order.in_order(_record(row, speakers, line) for line, row in conversation)


def _conversations(stream: BinaryIO, encoding: Encoding) -> Iterator[list[tuple[int, dict[str, str]]]]:
    conversations: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in csv_rows.rows(stream, encoding):
        conversations.setdefault(row.get("conversation id", ""), []).append((line, row))
    yield from reversed(conversations.values())


def _key(row: dict[str, str]) -> str:
    return export_values.name(row.get("sender profile url")).rstrip("/") or export_values.name(row.get("from"))


def _record(row: dict[str, str], speakers: Speakers, line: int) -> Utterance | Skipped:
    source_ref = f"line {line}"
    text = _plain(row.get("content", ""))
    if not export_values.name(row.get("from")):
        return Skipped("system", source_ref)
    if row.get("folder", "").strip().upper() == "SPAM" or row.get("is message draft", "").strip().casefold() == "yes":
        return Skipped("draft" if row.get("folder", "").strip().upper() != "SPAM" else "spam", source_ref)
    if not text:
        return Skipped("media" if row.get("attachments", "").strip() else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(speakers.name_of(_key(row), export_values.DELETED), text, _moment(row.get("date", "")), source_ref)


def _moment(stamp: str) -> datetime | None:
    return export_values.iso(stamp) or long_dates.moment(stamp)


def _plain(content: str) -> str:
    """The words; some messages are HTML."""
    if not any(tag in content for tag in _TAG):
        return export_values.words(content)
    return export_values.words("\n".join(paragraph.text for paragraph in markup.paragraphs(content)))
