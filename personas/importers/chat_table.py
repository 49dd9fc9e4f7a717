"""Chats as tables (CSV): KakaoTalk of the Mac, and tools that read WeChat's database."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers import app_words, csv_rows, decoding, kakao, wechat_quotes
from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance

_LONGEST_NAME = 100
_STAMP = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T](\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d{1,6})?")
_TEXT_TYPES = {"1", "文本", "文本消息", "文字消息", "引用", "引用消息", "引用回复", "text", "quote", ""}
_SYSTEM_TYPES = {"10000", "10002", "系统消息", "系统通知", "系统", "system"}
_MEMBER = re.compile(r"(?P<id>[A-Za-z0-9_@-]{4,40}):\n")


@dataclass(frozen=True)
class _Columns:
    """Which columns hold what, by their names in lower case. `own` tells the owner's messages by a 1."""

    time: str
    text: str
    names: tuple[str, ...]
    own: str = ""
    type: str = ""


_LAYOUTS = [
    _Columns("date", "message", ("user",)),
    _Columns("strtime", "strcontent", ("remark", "nickname", "sender", "talkerid"), own="issender", type="type"),
    _Columns("createtime", "msg", ("room_name", "talker"), own="is_sender", type="type_name"),
    _Columns("时间", "内容", ("发送者", "发送人", "昵称"), type="类型"),
    _Columns("时间", "消息内容", ("发送者", "发送人", "昵称"), type="消息类型"),
]


def _layout(columns: list[str]) -> _Columns | None:
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
        return 0.97 if _layout(csv_rows.columns(head)) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        stream.seek(0)
        layout = _layout(csv_rows.columns(stream.read(decoding.HEAD_BYTES)))
        if layout is None:
            raise DamagedFile(gettext("The first row of this table names none of the columns that a chat has."))
        for line, row in csv_rows.rows(stream, encoding):
            yield _record(row, layout, f"line {line}")


def _record(row: dict[str, str], layout: _Columns, source_ref: str) -> Utterance | Skipped:
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
    if not speaker:
        return Skipped("system", source_ref)
    return Utterance(speaker, text, _moment(row.get(layout.time, "")), source_ref)


def _speaker(row: dict[str, str], layout: _Columns) -> str:
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
