"""The e-book holds what EPUB 3 asks for, and comes back as text through the site's own reader of e-books."""

import io
import zipfile
from datetime import UTC, datetime
from uuid import UUID
from xml.etree import ElementTree

import pytest

from personas.importers.documents.epub import Epub
from stories import epub
from stories.epub import Book, Chapter

BOOK = Book(
    id=UUID(int=7),
    title="Salt & <Light>",
    language="zh-Hans",
    narrator="阿达",
    chapters=[Chapter("灯塔", [["第一段。", "第二段。"], ["新的一场。"]]), Chapter("", [["“&” <b>"]])],
    passages=5,
    shared=3,
    modified=datetime(2026, 11, 29, 12, 0, tzinfo=UTC),
)
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(epub.write(BOOK)))


def parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(name))


def test_the_type_comes_first_uncompressed_and_without_an_extra_field(archive):
    first = archive.infolist()[0]
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert epub.write(BOOK)[30:58] == b"mimetypeapplication/epub+zip"


def test_the_container_leads_to_the_package_and_the_package_to_every_file(archive):
    container = parsed(archive, "META-INF/container.xml")
    path = container[0][0].attrib["full-path"]
    package = parsed(archive, path)
    metadata = package.find(f"{OPF}metadata")
    assert metadata.findtext(f"{DC}title") == BOOK.title
    assert metadata.findtext(f"{DC}language") == "zh-Hans"
    assert metadata.findtext(f"{DC}identifier") == f"urn:uuid:{BOOK.id}"
    assert metadata.findtext(f"{OPF}meta") == "2026-11-29T12:00:00Z"
    items = {item.attrib["id"]: item.attrib["href"] for item in package.iter(f"{OPF}item")}
    assert {f"book/{href}" for href in items.values()} | {"mimetype", "META-INF/container.xml", path} == set(
        archive.namelist()
    )
    spine = [reference.attrib["idref"] for reference in package.iter(f"{OPF}itemref")]
    assert spine == ["nav", "chapter-1", "chapter-2", "about"]


def test_the_contents_lead_to_every_chapter(archive):
    links = [(link.attrib["href"], link.text) for link in parsed(archive, "book/nav.xhtml").iter(f"{XHTML}a")]
    assert links == [
        ("chapter-1.xhtml", "第1章　灯塔"),
        ("chapter-2.xhtml", "第2章"),
        ("about.xhtml", "关于本书"),
    ]
    assert all(f"book/{href}" in archive.namelist() for href, _ in links)


def test_scenes_are_parted_and_words_are_words(archive):
    chapter = parsed(archive, "book/chapter-1.xhtml")
    assert len(list(chapter.iter(f"{XHTML}hr"))) == 1
    assert [each.text for each in parsed(archive, "book/chapter-2.xhtml").iter(f"{XHTML}p")] == ["“&” <b>"]


def test_the_book_says_that_an_ai_has_written_with_a_person(archive):
    text = archive.read("book/about.xhtml").decode()
    assert "人工智能" in text
    assert "全书5段中，有3段" in text
    assert "AI, Afterword" in archive.read("book/package.opf").decode()


def test_the_same_book_gives_the_same_bytes():
    assert epub.write(BOOK) == epub.write(BOOK)


def test_the_sites_own_reader_finds_every_paragraph():
    records = list(Epub().parse(io.BytesIO(epub.write(BOOK))))
    text = "\n".join(str(record) for record in records)
    assert all(words in text for words in ("第一段。", "第二段。", "新的一场。", "“&” <b>"))
