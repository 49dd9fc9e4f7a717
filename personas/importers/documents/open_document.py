"""OpenDocument texts (.odt, .ott, and .fodt, which is one XML file). Notes, comments, tables of contents, hidden and
deleted words are left out."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from zipfile import ZipFile

from django.utils.translation import gettext, gettext_noop

from personas.importers.archives import zips
from personas.importers.base import DamagedFile, Record, UnknownFormat
from personas.importers.documents import document
from personas.importers.documents.document import Block
from personas.importers.syntax import xml_parts

_LEFT_OUT = frozenset(
    {
        "tracked-changes", "annotation", "note", "ruby-text", "forms", "script", "scripts", "desc", "title",
        "index-body", "hidden-text", "binary-data", "page-number", "page-count",
    }
)  # fmt: skip
_STYLED = frozenset({"p", "h", "span", "section"})
_FLAT = re.compile(rb"\A\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,400}-->\s*)?<office:document\s")
_MOST_BLANKS = 100
_KINDS = {
    "spreadsheet": gettext_noop("a spreadsheet"),
    "presentation": gettext_noop("a presentation"),
    "graphics": gettext_noop("a drawing"),
}


class OpenDocument:
    name = "odt"

    def sniff(self, head: bytes, name: str) -> float:
        is_flat = _FLAT.match(head.removeprefix(b"\xef\xbb\xbf")[:4096]) is not None
        is_packed = head.startswith(zips.MAGIC) and b"application/vnd.oasis.opendocument" in head[:4096]
        return 0.95 if is_flat or is_packed else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        head = stream.read(4096)
        stream.seek(0)
        if not head.startswith(zips.MAGIC):
            _refuse_other_kinds(head.decode("utf-8", "replace"))
            yield from document.records(xml_parts.read(stream, _Paragraphs()))
            return
        with zips.opened(stream) as archive:
            names = set(archive.namelist())
            _refuse_other_kinds(_small(archive, "mimetype", names))
            if "encryption-data" in _small(archive, "META-INF/manifest.xml", names):
                raise DamagedFile(
                    gettext(
                        "This document is protected by a password. Open it, save it without a password, and upload "
                        "that."
                    )
                )
            if "content.xml" not in names:
                raise DamagedFile(gettext("This OpenDocument file holds no text. Save it again."))
            with zips.unpacked(archive, archive.getinfo("content.xml")) as content:
                yield from document.records(xml_parts.read(content, _Paragraphs()))


def _refuse_other_kinds(kind: str) -> None:
    for word, description in _KINDS.items():
        if f"opendocument.{word}" in kind:
            raise UnknownFormat(
                gettext("This file is %(description)s. Save its words as plain text (.txt).")
                % {"description": gettext(description)}
            )


def _small(archive: ZipFile, name: str, names: set[str]) -> str:
    """A small part as text; "" where it is missing."""
    if name not in names:
        return ""
    with zips.unpacked(archive, archive.getinfo(name), limit=4 * 1024**2) as part:
        return part.read().decode("utf-8", "replace")


class _Paragraphs(xml_parts.Collector[Block]):
    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, list[str]]] = []
        self._left_out = 0
        self._is_body = False
        self._number = 0
        self._style = ""
        self._hidden_styles: set[str] = set()
        self._is_hidden: list[bool] = []  # of the open elements that a style can hide
        self._drops = False  # the paragraph that is open says itself that it is hidden

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._left_out += name in _LEFT_OUT
        self._is_body = self._is_body or name == "text"
        if name in _STYLED:
            is_hidden = attributes.get("style-name") in self._hidden_styles or attributes.get("display") == "none"
            self._is_hidden.append(is_hidden)
            self._left_out += is_hidden
        match name:
            case "style":
                self._style = attributes.get("name", "")
            case "text-properties" if attributes.get("display") == "none" and self._style:
                self._hidden_styles.add(self._style)
            case "hidden-paragraph":
                self._drops = attributes.get("is-hidden", "true") == "true"
            case "p" | "h" if self._is_body:
                self._open.append((name, []))
            case "s":
                count = attributes.get("c", "1")
                self._put(" " * min(_MOST_BLANKS, int(count) if count.isdecimal() and len(count) < 5 else 1))
            case "tab":
                self._put(" ")
            case "line-break":
                self._put("\n")

    def end(self, name: str) -> None:
        self._left_out -= name in _LEFT_OUT
        if name in _STYLED and self._is_hidden:
            self._left_out -= self._is_hidden.pop()
        if name in {"p", "h"} and self._open:
            self._number += 1
            kind, parts = self._open.pop()
            if (text := "".join(parts)).strip() and not self._drops:
                self.ready.append(Block(text, f"paragraph {self._number}", kind == "h"))
            self._drops = False

    def characters(self, content: str) -> None:
        self._put(content)

    def _put(self, text: str) -> None:
        if self._open and not self._left_out:
            self._open[-1][1].append(text)
