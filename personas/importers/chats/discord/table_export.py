"""What DiscordChatExporter writes as CSV."""

from collections.abc import Iterator
from typing import BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.chats.discord import events
from personas.importers.chats.discord.stamps import Stamps
from personas.importers.chats.messages.speakers import Speakers
from personas.importers.encodings import decoding
from personas.importers.syntax import csv_rows, export_values

_COLUMNS = ["authorid", "author", "date", "content"]


def is_table(head: bytes) -> bool:
    return csv_rows.columns(head)[:4] == _COLUMNS


def records(stream: BinaryIO) -> Iterator[Record]:
    encoding = decoding.detect(stream)
    if encoding.is_guessed:
        yield Remark(decoding.remark(encoding))
    speakers, stamps = Speakers(), Stamps()
    for _, row in csv_rows.rows(stream, encoding):
        speakers.see(row.get("authorid", ""), events.author(row.get("author", "")))
        stamps.see(row.get("date", ""))
    if remark := stamps.decide():
        yield Remark(remark)
    for line, row in csv_rows.rows(stream, encoding):
        yield _record(row, speakers, stamps, f"line {line}")


def _record(row: dict[str, str], speakers: Speakers, stamps: Stamps, source_ref: str) -> Utterance | Skipped:
    text = export_values.words(row.get("content"))
    if reason := events.kind(text, has_media=bool(row.get("attachments", "").strip())):
        return Skipped(reason, source_ref)
    speaker = speakers.name_of(row.get("authorid", ""), export_values.DELETED)
    return Utterance(speaker, text, stamps.moment(row.get("date", "")), source_ref)
