"""A story as an e-book (EPUB 3.3, https://www.w3.org/TR/epub-33/), which says that an AI has written with a person.

The archive holds `mimetype` first and uncompressed, `META-INF/container.xml`, the package document, the navigation
document, a style sheet, a document for each chapter, and a note on who wrote the book. Nothing in it is loaded from
elsewhere. Pure: the same book gives the same bytes.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from stories.phrases import Phrases, phrases_for

MIME_TYPE = "application/epub+zip"
_TIME = (1980, 1, 1, 0, 0, 0)  # of every entry: the least that a ZIP archive can hold

_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang={language}>
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:identifier id="id">urn:uuid:{id}</dc:identifier>
    <dc:title>{title}</dc:title>
    <dc:language>{bare_language}</dc:language>
    <dc:contributor>{narrator} (AI, Afterword)</dc:contributor>
    <dc:description>{note}</dc:description>
    <meta property="dcterms:modified">{modified}</meta>
  </metadata>
  <manifest>
    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    <item id="style" href="style.css" media-type="text/css"/>
{items}
  </manifest>
  <spine>
    <itemref idref="nav"/>
{itemrefs}
  </spine>
</package>
"""
_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
  lang={language} xml:lang={language}>
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>
{body}
</body>
</html>
"""
_STYLE = """body { line-height: 1.6; margin: 5%; }
h1, h2 { line-height: 1.3; text-align: center; margin: 2em 0; }
p { margin: 0; text-indent: 1.5em; }
h2 + p, hr + p { text-indent: 0; }
:lang(zh) p { text-indent: 2em; }
hr { border: 0; margin: 1.5em 0; text-align: center; }
hr::before { content: "* * *"; }
"""


@dataclass(frozen=True)
class Chapter:
    title: str
    scenes: Sequence[Sequence[str]]  # the paragraphs of each scene


@dataclass(frozen=True)
class Book:
    id: UUID
    title: str
    language: str  # BCP 47
    narrator: str
    chapters: Sequence[Chapter]
    passages: int  # of which
    shared: int  # hold words of an AI
    modified: datetime


def write(book: Book) -> bytes:
    phrases = phrases_for(book.language)
    pages = dict(_pages(book, phrases))
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        _add(file, "mimetype", MIME_TYPE, zipfile.ZIP_STORED)
        _add(file, "META-INF/container.xml", _CONTAINER)
        _add(file, "book/package.opf", _package(book, phrases, list(pages)))
        _add(file, "book/style.css", _STYLE)
        for name, page in pages.items():
            _add(file, f"book/{name}.xhtml", page)
        _add(file, "book/nav.xhtml", _navigation(book, phrases))
    return archive.getvalue()


def _add(file: zipfile.ZipFile, name: str, text: str, compression: int = zipfile.ZIP_DEFLATED) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = compression
    file.writestr(entry, text)


def _package(book: Book, phrases: Phrases, names: Sequence[str]) -> str:
    return _PACKAGE.format(
        id=book.id,
        title=_title(book, phrases),
        language=quoteattr(book.language),
        bare_language=escape(book.language),
        narrator=escape(book.narrator),
        note=_note(book, phrases),
        modified=book.modified.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        items="\n".join(
            f'    <item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in names
        ),
        itemrefs="\n".join(f'    <itemref idref="{name}"/>' for name in names),
    )


def _pages(book: Book, phrases: Phrases) -> Iterator[tuple[str, str]]:
    """Name and content of each document, in reading order."""
    for number, chapter in enumerate(book.chapters, 1):
        title = _chapter_title(chapter, number, phrases)
        scenes = ("\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in scene) for scene in chapter.scenes)
        text = "\n<hr/>\n".join(scenes)
        body = f'<section epub:type="chapter">\n<h2>{title}</h2>\n{text}\n</section>'
        yield f"chapter-{number}", _page(book, title, body)
    about = escape(phrases.about)
    yield "about", _page(book, about, f"<section>\n<h2>{about}</h2>\n<p>{_note(book, phrases)}</p>\n</section>")


def _navigation(book: Book, phrases: Phrases) -> str:
    entries = "\n".join(
        f'<li><a href="chapter-{number}.xhtml">{_chapter_title(chapter, number, phrases)}</a></li>'
        for number, chapter in enumerate(book.chapters, 1)
    )
    title = _title(book, phrases)
    about = f'<li><a href="about.xhtml">{escape(phrases.about)}</a></li>'
    contents = f'<nav epub:type="toc" id="toc"><h2>{escape(phrases.contents)}</h2><ol>\n{entries}\n{about}\n</ol></nav>'
    return _page(book, title, f"<h1>{title}</h1>\n{contents}")


def _page(book: Book, title: str, body: str) -> str:
    return _PAGE.format(language=quoteattr(book.language), title=title, body=body)


def _title(book: Book, phrases: Phrases) -> str:
    return escape(book.title or phrases.untitled)


def _chapter_title(chapter: Chapter, number: int, phrases: Phrases) -> str:
    return escape((phrases.titled if chapter.title else phrases.chapter).format(number=number, title=chapter.title))


def _note(book: Book, phrases: Phrases) -> str:
    return escape(phrases.note.format(name=book.narrator, shared=book.shared, all=book.passages))
