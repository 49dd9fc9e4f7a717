"""The marks that say what an AI wrote in an exported conversation, and their reader (compliance EU3, M4).

Covered: the files that `export_formats` writes, whole or in part. Not covered: words that somebody copies from a page.
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

FIELD = "ai_generated"  # of a message in JSON
META = "ai-generated"  # of a page, and the attribute data-ai-generated of each message in it
LINE = "<!-- ai-generated: every message of the persona in this file -->"  # of a text

MARK = " (AI)"  # after the name of the persona, in a text

_META = re.compile(rf'<meta name="{META}" content="([^"]{{0,200}})"')
_MARKED = re.compile(r'<blockquote[^<>]{0,200}\bdata-ai-generated="(true|false)"')
_HEADING = re.compile(r"^\*\*[^*\n]{1,120}\*\*( \(AI\))?, \d{4}-\d\d-\d\d \d\d:\d\d UTC$", re.MULTILINE)


@dataclass(frozen=True)
class Marks:
    """What the marks of a file say."""

    form: str  # json, page, text, or none
    ai_generated: int = 0  # messages that an AI wrote
    others: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"is_marked": self.form != "none"}


def read(content: str) -> Marks:
    """The marks in the content of an exported file."""
    if content.lstrip().startswith("{"):
        return _of_json(content)
    if _META.search(content):
        values = _MARKED.findall(content)
        return Marks("page", values.count("true"), values.count("false"))
    if content.startswith(LINE):
        marks = _HEADING.findall(content)
        return Marks("text", marks.count(MARK), marks.count(""))
    return Marks("none")


def _of_json(content: str) -> Marks:
    marks = [_mark_of(line) for line in content.split("\n") if line.strip()]
    known = [mark for mark in marks if mark is not None]
    return Marks("json", sum(known), len(known) - sum(known)) if known else Marks("none")


def _mark_of(line: str) -> bool | None:
    """Whether an AI wrote the message of this line; None if it carries no mark."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    extra = value.get("extra")
    mark = value.get(FIELD, extra.get(FIELD) if isinstance(extra, dict) else None)
    return mark if isinstance(mark, bool) else None
