"""Files of each format, made in code. Also the way to read one as an upload is read, but in this process."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from personas.importers import registry
from personas.importers.base import Remark, Skipped, Utterance

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"


@dataclass
class Reading:
    format: str
    utterances: list[Utterance] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(utterance.speaker, utterance.text) for utterance in self.utterances]

    @property
    def texts(self) -> list[str]:
        return [utterance.text for utterance in self.utterances]

    @property
    def times(self) -> list[str]:
        return [one.sent_at.strftime("%Y-%m-%dT%H:%M:%S") if one.sent_at else "" for one in self.utterances]


def read(content: bytes | str, name: str = "file") -> Reading:
    """What the chosen importer reads. Raises ImportFailed."""
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    importer = registry.choose(stream, name)
    reading = Reading(importer.name)
    for record in importer.parse(stream):
        match record:
            case Utterance():
                reading.utterances.append(record)
                assert len(record.source_ref) <= 64
                assert len(record.speaker) <= 255
            case Skipped(reason, source_ref):
                reading.skipped[reason] += 1
                assert len(source_ref) <= 64
            case Remark(text):
                reading.remarks.append(text)
    return reading


def zipped(files: Mapping[str, bytes | str], *, first: str = "") -> bytes:
    """An archive. `first` is stored without compression, as an e-book's kind is."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            kind = zipfile.ZIP_STORED if name == first else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=kind)
    return target.getvalue()


def docx(body: str, *, styles: str = "", **more: bytes | str) -> bytes:
    """A Word document with this inside of w:body."""
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "word/document.xml": f'<?xml version="1.0"?><w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f'<?xml version="1.0"?><w:styles xmlns:w="{_WORD}">{styles}</w:styles>',
            **more,
        }
    )


def word_paragraphs(*texts: str) -> str:
    return "".join(f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>' for text in texts)


def odt(body: str, *, manifest: str = "<manifest/>", kind: str = "text") -> bytes:
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{_ODF}office:1.0" xmlns:text="{_ODF}text:1.0" '
        f'xmlns:table="{_ODF}table:1.0"><office:body><office:text>{body}</office:text></office:body></office:document-content>'
    )
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        },
        first="mimetype",
    )


def epub(chapters: Mapping[str, str], **more: str) -> bytes:
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
            "OEBPS/book.opf": f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>',
            **{f"OEBPS/{name}": text for name, text in chapters.items()},
            **more,
        },
        first="mimetype",
    )


def pdf(pages: Sequence[Sequence[str]], *, extra: str = "") -> bytes:
    """A PDF with these lines on its pages. A page without lines has no text layer."""

    def content(lines: Sequence[str]) -> str:
        shown = " ".join(f"({line.translate(_ESCAPES)}) Tj T*" for line in lines)
        return f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET" if lines else "0 0 m 100 100 l S"

    return _pdf_drawn(map(content, pages), extra=extra)


def pdf_at(*pages: Sequence[tuple[float, float, str]]) -> bytes:
    """A PDF whose pages have lines at these places: points from the left, points from the bottom, words."""

    def content(lines: Sequence[tuple[float, float, str]]) -> str:
        shown = " ".join(f"1 0 0 1 {x} {y} Tm ({words.translate(_ESCAPES)}) Tj" for x, y, words in lines)
        return f"BT /F1 10 Tf {shown} ET"

    return _pdf_drawn(map(content, pages))


def _pdf_drawn(contents: Iterable[str], *, extra: str = "") -> bytes:
    """A PDF of pages that are drawn by these operators."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for content in contents:
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return pdf_of(objects, extra=extra)


_ESCAPES = str.maketrans({"(": "\\(", ")": "\\)", "\\": "\\\\"})


def pdf_of(objects: Sequence[str | bytes], *, extra: str = "") -> bytes:
    target = io.BytesIO(b"%PDF-1.4\n")
    target.seek(0, io.SEEK_END)
    places = []
    for number, item in enumerate(objects, start=1):
        places.append(target.tell())
        body = item if isinstance(item, bytes) else item.encode("latin-1")
        target.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
    start = target.tell()
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    target.write(
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {extra} >>\n"
        f"startxref\n{start}\n%%EOF\n".encode()
    )
    return target.getvalue()


def mbox(*mails: str) -> bytes:
    return "".join(f"From 1@x Mon Jun 05 17:17:18 +0000 2023\n{mail}\n\n" for mail in mails).encode()


def mail(words: str, *, sender: str = "Ana Reed <ana@example.org>", minute: int = 1, **headers: str) -> str:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return (
        f"From: {sender}\nTo: Beto <beto@example.org>\nSubject: Lemons\nDate: Mon, 05 Jun 2023 17:{minute:02}:00 +0100\n"
        f"Message-ID: <{minute}.{abs(hash(sender))}@example.org>\n{more}\n{words}"
    )
