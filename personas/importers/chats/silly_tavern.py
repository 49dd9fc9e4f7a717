"""Chats of SillyTavern and its relatives: JSON lines, a header first."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.times import long_dates

_HEADER = frozenset({"user_name", "character_name", "create_date", "chat_metadata"})
_STAMP = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) ?@ ?(\d{1,2})h ?(\d{1,2})m ?(\d{1,2})s(?: ?\d{1,3}ms)?")


class SillyTavern:
    name = "silly-tavern"

    def sniff(self, head: bytes, name: str) -> float:
        first = decoding.decode_head(head).lstrip().partition("\n")[0]
        seen = {path[0] for path in json_stream.glimpse(first.encode(), into={()}) if path}
        is_header = "user_name" in seen and len(seen & _HEADER) > 1
        return 0.97 if is_header or {"name", "is_user", "mes"} <= seen else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        for number, value in enumerate(json_stream.each(stream, encoding), start=1):
            line = export_values.fields(value)
            if "mes" in line:
                yield _record(line, f"line {number}")
            elif not _HEADER & line.keys():
                yield Skipped("unreadable", f"line {number}")


def _record(line: dict[str, Any], source_ref: str) -> Utterance | Skipped:
    text = export_values.words(line.get("mes"))
    if line.get("is_system") is True:
        return Skipped("system", source_ref)
    if not text:
        extra = export_values.fields(line.get("extra"))
        return Skipped("media" if extra.get("image") or extra.get("file") else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    fallback = export_values.ME if line.get("is_user") is True else "Character"
    speaker = export_values.name(line.get("name")) or fallback
    return Utterance(speaker, text, moment(line.get("send_date")), source_ref)


def moment(value: Any) -> datetime | None:
    """The date of a message in one of the forms that its versions have written. It can lack a time zone."""
    if not isinstance(value, str):
        return export_values.milliseconds(value)
    if match := _STAMP.fullmatch(value.strip()):
        try:
            return datetime(*map(int, match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
        except ValueError:
            return None
    if value.isdecimal():
        return export_values.milliseconds(value)
    return export_values.iso(value) or long_dates.moment(value)
