"""Blogs and notebooks as XML: WordPress, Blogger and other feeds (RSS, Atom), LiveJournal, and Evernote (.enex).

Only posts, pages and notes are read. Comments of readers, drafts, what was deleted and quotations are left out.
"""

import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values, markup, xml_parts

_ROOTS = frozenset({"rss", "feed", "en-export", "livejournal"})
_HEAD = 16_384  # characters in which the first element begins
_ITEMS = frozenset({"item", "entry", "note"})
_WORDS = ("encoded", "content", "event", "description", "summary")  # the fullest first
_TIMES = ("post_date", "published", "created", "eventtime", "pubDate", "date", "updated")
_KINDS = frozenset({"", "post", "page"})
_DRAFTS = frozenset({"draft", "auto-draft", "pending"})
_DELETED = frozenset({"trash", "soft_trashed"})
_FIELDS = frozenset({*_WORDS, *_TIMES, "creator", "name", "title", "post_type", "type", "status"})
_SHORTCODE = re.compile(
    r"\[/?(?:caption|gallery|embed|video|audio|youtube|vimeo|soundcloud|contact-form)(?:\s[^\[\]\n]{0,500})?\]"
)
_ENEX_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z?")
_LONGEST_ITEM = 2 * 1024**2  # characters


@dataclass
class _Item:
    fields: dict[str, list[str]] = field(default_factory=dict)
    length: int = 0

    def text(self, *names: str) -> str:
        """The first of the fields that holds something."""
        return next(filter(None, ("".join(self.fields.get(name, ())).strip() for name in names)), "")


class BlogExport:
    name = "blog"

    def sniff(self, head: bytes, name: str) -> float:
        text = decoding.decode_head(head)[:_HEAD].lstrip()
        first = next((token.name for token in markup.tokens(text) if isinstance(token, markup.Tag)), "")
        return 0.96 if text.startswith("<") and first in _ROOTS else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        has_words = False
        for number, item in enumerate(xml_parts.read(stream, _Items()), start=1):
            for record in _records(item, f"entry {number}"):
                has_words |= isinstance(record, Utterance)
                yield record
        if not has_words:
            raise DamagedFile(gettext("This export of a blog or a notebook holds no posts or notes with words."))


class _Items(xml_parts.Collector[_Item]):
    """One item for each entry. Of a field that stands twice, the first counts."""

    def __init__(self) -> None:
        super().__init__()
        self._item: _Item | None = None
        self._field: list[str] | None = None
        self._comments = 0  # a reader's comment stands inside its post

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._comments += name in {"comment", "resource"}
        if self._comments:
            return
        if name in _ITEMS and self._item is None:
            self._item = _Item()
        elif self._item is not None:
            if name == "category" and "#kind" in attributes.get("scheme", ""):
                self._item.fields["type"] = [attributes.get("term", "").rpartition("#")[2]]
            self._field = self._item.fields.setdefault(name, []) if name in _FIELDS else None
            if self._field:
                self._field = None

    def end(self, name: str) -> None:
        if name in {"comment", "resource"}:
            self._comments -= 1
        elif name in _ITEMS and self._item is not None and not self._comments:
            self.ready.append(self._item)
            self._item = None
        if name in _FIELDS:
            self._field = None

    def characters(self, content: str) -> None:
        if self._field is None or self._item is None or self._comments:
            return
        self._item.length += len(content)
        if self._item.length <= _LONGEST_ITEM:
            self._field.append(content)


def _records(item: _Item, source_ref: str) -> Iterator[Record]:
    status = item.text("status").casefold()
    if item.text("post_type", "type").casefold() not in _KINDS:
        yield Skipped("of another kind", source_ref)
    elif status in _DRAFTS or status in _DELETED:
        yield Skipped("draft" if status in _DRAFTS else "deleted", source_ref)
    elif item.length > _LONGEST_ITEM:
        yield Skipped("too long", source_ref)
    else:
        yield from _words(item, source_ref)


def _words(item: _Item, source_ref: str) -> Iterator[Record]:
    author, sent_at = export_values.name(item.text("creator", "name")), _moment(item.text(*_TIMES))
    page = item.text(*_WORDS)
    if not page:
        yield Skipped("empty", source_ref)
    if "<p" not in page and "<div" not in page and "<en-note" not in page:  # line ends are what the writer typed
        page = page.replace("\r\n", "\n").replace("\n\n", "<p>").replace("\n", "<br>")
    for paragraph in markup.paragraphs(page):
        text = export_values.words(_SHORTCODE.sub("", paragraph.text))
        if paragraph.is_heading or paragraph.quoted:
            yield Skipped("heading" if paragraph.is_heading else "quotation", source_ref)
        elif text:
            yield Utterance(author, text, sent_at, source_ref)


def _moment(text: str) -> datetime | None:
    if match := _ENEX_TIME.fullmatch(text[:40]):
        text = f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}:{match[6]}"
    if (moment := export_values.iso(text)) is not None:
        return moment
    try:
        return email.utils.parsedate_to_datetime(text[:100]).replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
