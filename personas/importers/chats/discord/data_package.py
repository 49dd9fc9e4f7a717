"""Discord's own data package: only the owner's messages, in a file for each channel, the newest first."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from personas.importers.archives import member_files
from personas.importers.base import Member, Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import csv_rows, export_values, json_stream
from personas.importers.syntax.json_stream import EACH
from personas.importers.times import time_order

_INTO = frozenset({()})
_COLUMNS = ["id", "timestamp", "contents", "attachments"]
_FIELDS = frozenset({"ID", "Timestamp", "Contents"})
_MESSAGES = re.compile(r"\A(?:.*/)?messages/c?\d{1,20}/messages\.(?:json|csv)", re.IGNORECASE)
_USER = re.compile(r"\A(?:.*/)?account/user\.json", re.IGNORECASE)


def is_file(head: bytes) -> bool:
    if csv_rows.columns(head) == _COLUMNS:
        return True
    return export_values.fields(json_stream.glimpse(head, into=_INTO).get((EACH,))).keys() >= _FIELDS


def members(paths: Sequence[str]) -> list[str]:
    messages = sorted(path for path in paths if _MESSAGES.fullmatch(path))
    return [*(path for path in paths if _USER.fullmatch(path)), *messages] if messages else []


def parse_members(members: Sequence[Member]) -> Iterator[Record]:
    owner = ""

    def read(member: Member, stream: BinaryIO) -> Iterator[Record]:
        nonlocal owner
        if _USER.fullmatch(member.path):
            owner = _owner(stream)
        elif is_file(stream.read(decoding.HEAD_BYTES)):
            yield from records(stream, owner)

    yield from member_files.records(members, read)


def records(stream: BinaryIO, owner: str = "") -> Iterator[Record]:
    """One channel. Alone, its file does not name its author."""
    encoding = decoding.detect(stream)
    if encoding.is_guessed:
        yield Remark(decoding.remark(encoding))
    yield from time_order.in_order(_record(row, owner) for row in _rows(stream, encoding))


def _owner(stream: BinaryIO) -> str:
    user = dict(json_stream.walk(stream, decoding.detect(stream), into=_INTO))
    return export_values.name(user.get(("global_name",))) or export_values.name(user.get(("username",)))


def _rows(stream: BinaryIO, encoding: Encoding) -> Iterator[dict[str, Any]]:
    stream.seek(0)
    if csv_rows.columns(stream.read(4096)) == _COLUMNS:
        yield from (row for _, row in csv_rows.rows(stream, encoding))
        return
    for _, value in json_stream.walk(stream, encoding, into=_INTO):
        yield {name.casefold(): field for name, field in export_values.fields(value).items()}


def _record(row: dict[str, Any], owner: str) -> Utterance | Skipped:
    source_ref = f"message {export_values.key(row.get('id')) or '?'}"
    text = export_values.words(row.get("contents"))
    if not text:
        return Skipped("media" if row.get("attachments") else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(owner, text, export_values.iso(row.get("timestamp")), source_ref)
