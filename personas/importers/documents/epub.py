"""E-books (.epub): the chapters in reading order, as their author's words. Protected books are refused."""

import posixpath
from collections.abc import Iterator
from typing import BinaryIO, TypeVar
from urllib.parse import unquote
from zipfile import ZipFile

from django.utils.translation import gettext

from personas.importers.archives import zips
from personas.importers.base import DamagedFile, FileTooLarge, Record
from personas.importers.documents import document, web_page
from personas.importers.documents.document import Block
from personas.importers.syntax import xml_parts

T = TypeVar("T")
_CONTAINER = "META-INF/container.xml"
_MOST_CHAPTERS = 5_000
_UNSEEN = frozenset({"form"})
_NO_TEXT = frozenset({"toc", "title-page", "copyright-page", "index", "loi"})


class Epub:
    name = "epub"

    def sniff(self, head: bytes, name: str) -> float:
        if not head.startswith(zips.MAGIC):
            return 0.0
        return 0.95 if b"application/epub+zip" in head[:4096] or b"META-INF/container.xml" in head else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        with zips.opened(stream) as archive:
            names = set(archive.namelist())
            chapters = _chapters(archive, names)
            sealed = set(_elements(archive, "META-INF/encryption.xml", names, _Encryption()))
            if "META-INF/rights.xml" in names or "META-INF/sinf.xml" in names or not sealed.isdisjoint(chapters):
                raise DamagedFile(
                    gettext(
                        "This book is protected by its seller, so it cannot be read. Upload a text that is not "
                        "protected."
                    )
                )
            if not chapters:
                raise DamagedFile(
                    gettext("This e-book names no chapters. Convert it to plain text (.txt) and upload that.")
                )
            yield from document.records(_blocks(archive, chapters))


def _chapters(archive: ZipFile, names: set[str]) -> list[str]:
    """The names of the chapters' files, in reading order."""
    package = next(_elements(archive, _CONTAINER, names, _Container()), "")
    folder = posixpath.dirname(package)
    parts = list(_elements(archive, package, names, _Package()))
    hrefs = {identity: href for kind, identity, href in parts if kind == "item"}
    contents = {href.partition("#")[0] for kind, _, href in parts if kind == "contents"}
    spine = [hrefs[identity] for kind, identity, _ in parts if kind == "itemref" and identity in hrefs]
    spine = [href for href in spine if href.partition("#")[0] not in contents] or spine
    if len(spine) > _MOST_CHAPTERS:
        raise FileTooLarge(
            gettext("This e-book has %(spine)s chapters; the limit is %(most_chapters)s.")
            % {"spine": f"{len(spine):,}", "most_chapters": f"{_MOST_CHAPTERS:,}"}
        )
    paths = [posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0]))) for href in spine]
    return [path for path in dict.fromkeys(paths) if path in names]


def _elements(archive: ZipFile, name: str, names: set[str], collector: "xml_parts.Collector[T]") -> Iterator[T]:
    if name in names:
        with zips.unpacked(archive, archive.getinfo(name), limit=8 * 1024**2) as part:
            yield from xml_parts.read(part, collector)


class _Container(xml_parts.Collector[str]):
    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "rootfile" and attributes.get("full-path"):
            self.ready.append(attributes["full-path"])


class _Package(xml_parts.Collector[tuple[str, str, str]]):
    """The book's files, their order, and its table of contents: ("item", id, address), ("itemref", id, "") and
    ("contents", "", address)."""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        is_page = "html" in attributes.get("media-type", "") and "nav" not in attributes.get("properties", "").split()
        if name == "item" and is_page:
            self.ready.append(("item", attributes.get("id", ""), attributes.get("href", "")))
        elif name == "itemref" and attributes.get("linear", "yes") != "no":
            self.ready.append(("itemref", attributes.get("idref", ""), ""))
        elif name == "reference" and attributes.get("type", "").casefold() in _NO_TEXT:
            self.ready.append(("contents", "", attributes.get("href", "")))


class _Encryption(xml_parts.Collector[str]):
    """The files that cannot be read without a key. Fonts are often among them, and do no harm."""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "CipherReference":
            self.ready.append(unquote(attributes.get("URI", "")))


def _blocks(archive: ZipFile, chapters: list[str]) -> Iterator[Block]:
    budget = zips.Budget()
    budget.check(zips.readable_bytes(map(archive.getinfo, chapters)))
    for number, chapter in enumerate(chapters, start=1):
        with zips.unpacked(archive, archive.getinfo(chapter), budget=budget) as part:
            text, _ = web_page.decoded(part)
        yield from web_page.blocks(text, f"chapter {number}, paragraph", unseen=_UNSEEN)
