"""Word documents (.docx). Macros, fields, comments, headers and deleted or hidden words are left out."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext, gettext_noop

from personas.importers.archives import zips
from personas.importers.base import Record, UnknownFormat
from personas.importers.documents import document
from personas.importers.documents.document import Block
from personas.importers.syntax import xml_parts

_LEFT_OUT = frozenset({"del", "moveFrom", "Fallback", "instrText", "delText", "rt", "comment"})
_MAIN = re.compile(r"word/document\d{0,3}\.xml")
_LEVELS = frozenset("012345678")  # of headings; 9 is text
_OFF = frozenset({"0", "false", "off"})
_OTHERS = {
    "xl/": gettext_noop("a spreadsheet"),
    "ppt/": gettext_noop("a presentation"),
    "visio/": gettext_noop("a drawing"),
}
_LONGEST_CARRIED = 100_000  # characters
_NO_WORD = gettext_noop("no Word document, though it looks like one")


class Word:
    name = "docx"

    def sniff(self, head: bytes, name: str) -> float:
        if not head.startswith(zips.MAGIC) or b"META-INF/" in head[:4096]:
            return 0.0
        return 0.9 if b"word/" in head or b"[Content_Types].xml" in head or b"ppt/slides" in head else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        with zips.opened(stream) as archive:
            names = set(archive.namelist())
            main = next(filter(_MAIN.fullmatch, sorted(names)), "")
            if not main:
                raise _unknown(names)
            styles: list[tuple[str, str]] = []
            if "word/styles.xml" in names:
                with zips.unpacked(archive, archive.getinfo("word/styles.xml")) as part:
                    styles = list(xml_parts.read(part, _Styles()))
            with zips.unpacked(archive, archive.getinfo(main)) as text:
                yield from document.records(xml_parts.read(text, _Paragraphs(styles)))


def _unknown(names: set[str]) -> UnknownFormat:
    kind = next((kind for folder, kind in _OTHERS.items() if any(name.startswith(folder) for name in names)), "")
    if "EncryptedPackage" in names:
        kind = gettext_noop("protected by a password")
    return UnknownFormat(
        gettext("This file is %(kind)s. Save its words as plain text (.txt) and upload that.")
        % {"kind": gettext(kind or _NO_WORD)}
    )


class _Styles(xml_parts.Collector[tuple[str, str]]):
    """("heading" or "hidden", id) of the styles that are. The ids depend on Word's language, the names do not."""

    def __init__(self) -> None:
        super().__init__()
        self._id = ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "style":
            self._id = attributes.get("styleId", "")
        elif name == "name" and self._id:
            if attributes.get("val", "").casefold().startswith(("heading ", "title", "subtitle", "toc ")):
                self.ready.append(("heading", self._id))
        elif name == "vanish" and self._id and attributes.get("val", "1") not in _OFF:
            self.ready.append(("hidden", self._id))


class _Paragraphs(xml_parts.Collector[Block]):
    """The paragraphs of the main part. A text box stands inside a paragraph, so paragraphs are kept in a stack."""

    def __init__(self, styles: list[tuple[str, str]]) -> None:
        super().__init__()
        self._headings = {style for kind, style in styles if kind == "heading"}
        self._hidden = {style for kind, style in styles if kind == "hidden"}
        self._open: list[list[str]] = []
        self._is_heading = False
        self._left_out = 0
        self._former = 0  # inside of a paragraph's or a word's look before a tracked change
        self._is_text = False
        self._is_hidden = False
        self._is_hidden_paragraph = False
        self._is_in_style = False
        self._goes_on = False  # the paragraph's end was deleted, so the next one belongs to it
        self._carried = ""
        self._number = 0
        self._frames: list[bool] = []  # the open content controls; whether each is a table of contents

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._left_out += name in _LEFT_OUT
        self._former += name.endswith("Change")
        if self._former:
            return
        match name:
            case "sdt":
                self._frames.append(False)
            case "docPartGallery" if self._frames and attributes.get("val", "") == "Table of Contents":
                self._left_out += not self._frames[-1]
                self._frames[-1] = True
            case "outlineLvl" if self._is_in_style and attributes.get("val", "9") in _LEVELS:
                self._is_heading = True
            case "p":
                self._open.append([self._carried])
                self._carried, self._is_heading, self._is_hidden_paragraph = "", False, False
            case "pPr":
                self._is_in_style = True
            case "del" if self._is_in_style:
                self._goes_on = True
            case "r":
                self._is_hidden = self._is_hidden_paragraph
            case "pStyle":
                self._is_heading = self._is_heading or attributes.get("val", "") in self._headings
                self._is_hidden_paragraph = attributes.get("val", "") in self._hidden
            case "rStyle":
                self._is_hidden = self._is_hidden or attributes.get("val", "") in self._hidden
            case "vanish" | "webHidden":
                self._is_hidden = attributes.get("val", "1") not in _OFF
            case "t":
                self._is_text = True
            case "tab":
                self._put(" ", has_attributes=bool(attributes))
            case "br" | "cr":
                self._put("\n")
            case "noBreakHyphen":
                self._put("-")

    def end(self, name: str) -> None:
        self._left_out -= name in _LEFT_OUT
        self._former -= name.endswith("Change")
        if name == "t":
            self._is_text = False
        elif name == "sdt" and self._frames:
            self._left_out -= self._frames.pop()
        elif name == "pPr":
            self._is_in_style = False
        elif name == "body" and self._carried.strip():
            self.ready.append(Block(self._carried, f"paragraph {self._number}"))
        elif name == "p" and self._open:
            self._number += 1
            text = "".join(self._open.pop())
            if self._goes_on and len(text) < _LONGEST_CARRIED:
                self._carried, text = text, ""
            self._goes_on = False
            if text.strip():
                self.ready.append(Block(text, f"paragraph {self._number}", self._is_heading))
            self._is_heading = False

    def characters(self, content: str) -> None:
        if self._is_text:
            self._put(content)

    def _put(self, text: str, *, has_attributes: bool = False) -> None:
        """Adds text to the innermost paragraph. A tab with attributes is a tab stop of the paragraph's style."""
        if self._open and not (self._left_out or self._is_hidden or has_attributes):
            self._open[-1].append(text)
