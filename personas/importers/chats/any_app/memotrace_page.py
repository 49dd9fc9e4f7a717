"""The pages of MemoTrace (WeChatMsg), a tool that reads WeChat's databases. Their messages stand in a script:

    const chatMessages = [
    { type:1, text: 'text',is_send:0,avatar_path:'./a.png',timestamp:1686000000,is_chatroom:0,displayname:'Ana'},

Newer pages have the names in quotation marks. The texts are HTML.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from personas.importers.base import Record, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.chats.messages import class_page
from personas.importers.syntax import export_values, markup

_BEGINS = re.compile(r"\b(?:const|let|var) chatMessages ?= ?\[")
_FIELD = re.compile(
    r"[\"']?([A-Za-z_]{1,30})[\"']?\s{0,3}:\s{0,3}"
    r"(?:'((?:[^'\\\n]|\\.)*+)'|\"((?:[^\"\\\n]|\\.)*+)\"|`((?:[^`\\]|\\.)*+)`|(-?\d{1,20}))"
)
_MESSAGE = re.compile(r"\{\s{0,20}[\"']?type[\"']?\s{0,3}:")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_SIGNS = {"n": "\n", "t": " ", "r": ""}
_WRITTEN = frozenset({"1", "49"})  # 49: a message that quotes another
_TIME = "0"
_OTHER = "Contact"


def is_page(head: bytes) -> bool:
    text = class_page.beginning(head)
    return _BEGINS.search(text) is not None and _MESSAGE.search(text) is not None


def records(text: str) -> Iterator[Record]:
    """What each message says. Whose name is not given is "Me" or the other."""
    begun = _BEGINS.search(text)
    place, number, sent_at = begun.end() if begun else len(text), 0, None
    starts = [match.start() for match in _MESSAGE.finditer(text, place)]
    for start, end in pairwise([*starts, len(text)]):
        fields = _fields(text, start, end)
        if fields["type"] == _TIME:
            sent_at = export_values.iso(fields.get("text", ""))
            continue
        number += 1
        yield _record(fields, sent_at, f"message {number}")


def _fields(text: str, start: int, end: int) -> dict[str, str]:
    fields: dict[str, str] = {}
    for match in _FIELD.finditer(text, start, end):
        value = next(filter(None, match.groups()[1:]), "")
        fields.setdefault(match[1], _ESCAPE.sub(_sign, value) if "\\" in value else value)
    return fields


def _sign(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _SIGNS.get(match[2], match[2])


def _record(fields: dict[str, str], sent_at: datetime | None, source_ref: str) -> Utterance | Skipped:
    kind = fields["type"]
    if kind not in _WRITTEN:
        return Skipped("system" if kind in {"10000", "4"} else "media", source_ref)
    is_own = fields.get("is_send") == "1"
    name = export_values.name(fields.get("displayname")) or (export_values.ME if is_own else _OTHER)
    page = fields.get("text", "").replace("\n", "<br>")
    text = "\n".join(paragraph.text for paragraph in markup.paragraphs(page))
    text = export_values.words(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if reason := app_words.kind(text):
        return Skipped(reason, source_ref)
    return Utterance(name, text, export_values.seconds(fields.get("timestamp")) or sent_at, source_ref)
