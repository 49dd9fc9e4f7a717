"""Chats as tables (CSV): KakaoTalk of the Mac, tools that read WeChat's database, and any other whose columns tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats import app_words, kakao
from personas.importers.chats.any_app import table_columns
from personas.importers.chats.any_app.table_columns import Columns
from personas.importers.chats.messages import chat_heads, wechat_quotes
from personas.importers.chats.messages.chat_heads import Stamp
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import csv_rows, export_values
from personas.importers.times import dates
from personas.importers.times.date_order import DateOrder, SampleDate, in_order

_LONGEST_NAME = 100
_STAMP = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T](\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d{1,6})?")
_TEXT_TYPES = {"1", "文本", "文本消息", "文字消息", "引用", "引用消息", "引用回复", "text", "quote", ""}
_SYSTEM_TYPES = {"10000", "10002", "系统消息", "系统通知", "系统", "system"}
# Viber writes these where no words are.
_PLACEHOLDERS = frozenset(
    f"{medium} message"
    for medium in ("photo", "video", "file", "location", "contact", "sticker", "gif", "instant video")
)
_GONE = frozenset({"[deleted]", "[removed]"})  # what Reddit writes where a post was
_QUOTED = re.compile(r"(?:>|&gt;)(?: |[^\W\d_])")  # ">5 miles" is no quotation
_MEMBER = re.compile(r"(?P<id>[A-Za-z0-9_@-]{4,40}):\n")


@dataclass(frozen=True)
class _Layout:
    """Which columns of a known table hold what, by their names in lower case. `own` is 1 in the owner's messages."""

    time: str
    text: str
    names: tuple[str, ...]
    own: str = ""
    type: str = ""


_LAYOUTS = [
    _Layout("date", "message", ("user",)),
    _Layout("strtime", "strcontent", ("remark", "nickname", "sender", "talkerid"), own="issender", type="type"),
    _Layout("createtime", "msg", ("room_name", "talker"), own="is_sender", type="type_name"),
    _Layout("时间", "内容", ("发送者", "发送人", "昵称"), type="类型"),
    _Layout("时间", "消息内容", ("发送者", "发送人", "昵称"), type="消息类型"),
]


def _layout(columns: list[str]) -> _Layout | None:
    present = set(columns)
    return next(
        (
            one
            for one in _LAYOUTS
            if {one.time, one.text} <= present and (present & set(one.names) or (one.own and one.own in present))
        ),
        None,
    )


class ChatTable:
    name = "chat-table"

    def sniff(self, head: bytes, name: str) -> float:
        if _layout(csv_rows.columns(head)):
            return 0.97
        columns = table_columns.read(head)
        return 0.0 if columns is None else 0.85 if columns.first_row else 0.2

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        stream.seek(0)
        head = stream.read(decoding.HEAD_BYTES)
        layout, columns = _layout(csv_rows.columns(head)), table_columns.read(head)
        if layout is not None:
            for line, row in csv_rows.rows(stream, encoding):
                yield _record(row, layout, f"line {line}")
        elif columns is not None:
            yield from _records(stream, encoding, columns)
        else:
            raise DamagedFile(gettext("The first row of this table names none of the columns that a chat has."))


def _record(row: dict[str, str], layout: _Layout, source_ref: str) -> Utterance | Skipped:
    text = decoding.clean(row.get(layout.text, "")).strip()
    kind = row.get(layout.type, "").strip() if layout.type else ""
    speaker = _speaker(row, layout)
    if member := _MEMBER.match(text):
        speaker, text = (speaker if layout.own and row.get(layout.own) == "1" else member["id"]), text[member.end() :]
    if wechat_quotes.is_quote(text):
        text, kind = wechat_quotes.own_words(text), ""
    if kind in _SYSTEM_TYPES:
        return Skipped(app_words.event(text), source_ref)
    if kind.casefold() not in _TEXT_TYPES:
        return Skipped("media", source_ref)
    if reason := kakao.kind(text) if layout.text == "message" else app_words.kind(text):
        return Skipped(reason, source_ref)
    if not speaker or (layout.text == "message" and kakao.is_event(text, speaker)):
        return Skipped("system", source_ref)
    return Utterance(speaker, text, _moment(row.get(layout.time, "")), source_ref)


def _speaker(row: dict[str, str], layout: _Layout) -> str:
    if layout.own and row.get(layout.own, "").strip() == "1":
        return "Me"
    names = (decoding.clean(row.get(name, "")).strip() for name in layout.names)
    return next(filter(None, names), "")[:_LONGEST_NAME]


def _moment(text: str) -> datetime | None:
    match = _STAMP.match(text.strip())
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _records(stream: BinaryIO, encoding: Encoding, columns: Columns) -> Iterator[Record]:
    """The records of a table whose columns were inferred. It is read twice: first for the order of its dates."""
    header: list[str] = []
    seen, sample = DateOrder(), None
    for number, (_, row) in enumerate(csv_rows.cells(stream, encoding)):
        if number < columns.first_row:
            header = row
        elif (stamp := _stamp(row, columns)) is not None and stamp.fields is not None:
            seen.see(stamp.fields)
            sample = SampleDate(stamp.separator, stamp.fields[0] > 31, stamp.fields[2] > 99, stamp.is_american)
    order, is_guessed = seen.decide(sample) if sample else ("", False)
    yield _remark(columns, header)
    if is_guessed:
        yield Remark(gettext("The dates were read as %(order)s; the file does not say.") % {"order": gettext(order)})
    stream.seek(0)
    between = csv_rows.delimiter(stream.read(4096))
    for number, (line, row) in enumerate(csv_rows.cells(stream, encoding)):
        if number >= columns.first_row:
            yield _inferred(row, columns, order, between, f"line {line}")


def _remark(columns: Columns, header: list[str]) -> Remark:
    names = dict(enumerate(header))
    text, name = (
        names.get(place) or str(place + 1) for place in (columns.text, (*columns.names, *columns.others, -1)[0])
    )
    if not (columns.names or columns.others):
        return Remark(
            gettext("No column of this table names a sender, so all words of the column “%(text)s” are one author's.")
            % {"text": text}
        )
    return Remark(
        gettext("This table was read as a chat: names from the column “%(name)s”, words from “%(text)s”.")
        % {"name": name, "text": text}
    )


def _cell(row: list[str], place: int) -> str:
    return decoding.clean(row[place]).strip() if place < len(row) else ""


def _stamp(row: list[str], columns: Columns) -> Stamp | None:
    stamp = chat_heads.leading_stamp(" ".join(_cell(row, place) for place in columns.moment))
    return stamp[0] if stamp else None


def _inferred(row: list[str], columns: Columns, order: str, between: str, source_ref: str) -> Utterance | Skipped:
    text = _cell(row, columns.text)
    if columns.text == columns.count - 1 and not columns.first_row:  # words with commas that no quotes hold together
        text = decoding.clean(between.join(row[columns.text :])).strip()
    is_own = columns.way is not None and table_columns.is_outgoing(_cell(row, columns.way))
    places = columns.names if is_own else (*columns.names, *columns.others)
    name = next(filter(None, (_cell(row, place) for place in places)), export_values.ME if is_own else "")
    if text.casefold() in _PLACEHOLDERS:
        return Skipped("media", source_ref)
    if reason := app_words.kind(text):
        has_more = sum(map(bool, row)) > len(columns.moment) + 1
        return Skipped("media" if reason == "empty" and has_more else reason, source_ref)
    if (columns.names or columns.others) and not name:
        return Skipped("system", source_ref)
    if not name and (reason := _why_not_own(text)):
        return Skipped(reason, source_ref)
    text = text if name else _without_quotations(text)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(name[:_LONGEST_NAME], text, _inferred_moment(row, columns, order), source_ref)


def _why_not_own(text: str) -> str:
    """Why a post of a table with one author is not that author's words; or ""."""
    if text.startswith("RT @"):
        return "repost"
    if text in _GONE:
        return "deleted"
    return "" if _without_quotations(text) else "quotation"


def _without_quotations(text: str) -> str:
    """Reddit marks the lines that a comment quotes."""
    return "\n".join(line for line in text.split("\n") if not _QUOTED.match(line)).strip()


def _inferred_moment(row: list[str], columns: Columns, order: str) -> datetime | None:
    written = " ".join(_cell(row, place) for place in columns.moment)
    stamp = _stamp(row, columns)
    if stamp is None:
        day = dates.leading(written)
        return export_values.seconds(written) or export_values.milliseconds(written) or (day[0] if day else None)
    try:
        read = in_order(stamp.fields, order) if stamp.fields else date(*stamp.day) if stamp.day else None
    except ValueError:
        return None
    return datetime(read.year, read.month, read.day, *stamp.time, tzinfo=UTC) if read else None
