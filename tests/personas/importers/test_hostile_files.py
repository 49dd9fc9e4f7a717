"""Hostile files of each format, read in a child process with limits, as an upload is: refused in bounded time and memory."""

import resource
import zlib

import pytest

from personas.importers.base import ImportFailed
from personas.reading import parsing
from tests.personas.importers.builders import docx, epub, mail, mbox, odt, pdf, pdf_of, word_paragraphs, zipped

pytestmark = pytest.mark.thorough

# Processor time of the child: eight times what the longest takes. Work that grows as a square needs many minutes.
SECONDS = 60.0
MEMORY = 500 * 1024**2

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def xml_bomb(head: str) -> bytes:
    return docx(
        "",
        **{
            "word/document.xml": f'{head}<w:document xmlns:w="w"><w:body><w:p><w:t>&a;&j;</w:t></w:p></w:body></w:document>'
        },
    )


def deep_mime(depth: int) -> str:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"From: a@example.org\nTo: b@example.org\nDate: Mon, 05 Jun 2023 17:17:18 +0000\n{head}Content-Type: text/plain\n\nx"


def looped_pdf() -> bytes:
    return pdf_of(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>",
            "<< /Type /Page /Parent 3 0 R /Contents 4 0 R /Resources << /XObject << /X 4 0 R >> >> >>",
            "<< /Type /XObject /Subtype /Form /Length 8 /Resources << /XObject << /X 4 0 R >> >> >>\nstream\n/X Do /X\nendstream",
        ]
    )


def stream_bomb() -> bytes:
    packed = zlib.compress(zlib.compress(b"BT (word) Tj ET " * 30_000_000, 9), 9)
    return pdf_of(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
            b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream",
        ]
    )


REFUSED = {
    "rich text of links": lambda: "{\\rtf1 words" + '{\\field{\\*\\fldinst{HYPERLINK "' * 100_000 + "}",
    "entities in word": lambda: xml_bomb(LAUGHS),
    "a file from outside in word": lambda: xml_bomb(OUTSIDE),
    "a bomb as word": lambda: docx("", **{"word/document.xml": b"<w:p>" + b" " * 80_000_000}),
    "a bomb as the styles of word": lambda: docx(word_paragraphs("x"), **{"word/styles.xml": b"<s/>" + b" " * 80_000_000}),
    "word cut off": lambda: docx(word_paragraphs(*["word"] * 9_000))[:-900],
    "word that is no xml": lambda: docx("", **{"word/document.xml": b"\xff\xfe\0no"}),
    "a bomb as an open document": lambda: odt("<text:p>" + "x" * 80_000_000),
    "entities in a book": lambda: epub({"1.xhtml": "<p>x</p>"}, **{"OEBPS/book.opf": LAUGHS + "<package>&j;</package>"}),
    "a book without chapters": lambda: epub({}),
    "a book of bombs": lambda: epub({f"{n}.xhtml": "<p>word</p>" * 1_500_000 for n in range(5)}),
    "a looped pdf": looped_pdf,
    "a stream bomb in a pdf": stream_bomb,
    "a pdf of noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 4_000,
    "a pdf without pages": lambda: pdf([]),
    "rich text of braces": lambda: "{\\rtf1" + "{" * 9_000_000,
    "rich text with a bad number": lambda: "{\\rtf1 \\u9999999999 x}",
    "a table with an open quote": lambda: 'Date,User,Message\n2016-02-05 01:33:00,Ana,"' + "x" * 9_000_000,
    "subtitles without words": lambda: "WEBVTT\n\n" + "00:01.000 --> 00:02.000\n\n" * 90_000,
    "zips inside zips": lambda: zipped({"a.zip": zipped({"b.zip": zipped({"c.txt": "words"})})}),
}  # fmt: skip

# These are not refused: what can be read of them is read.
READ = {
    "a mail of parts inside parts": lambda: deep_mime(9_000),
    "a mailbox without mails": lambda: "From x 17:17\n" * 90_000,
    "deep xml": lambda: docx("<w:a>" * 200_000 + word_paragraphs("words that are deep") + "</w:a>" * 200_000),
    "many empty paragraphs": lambda: docx("<w:p/>" * 2_000_000 + word_paragraphs("words at the end")),
    "a page of unclosed comments": lambda: "<!doctype html><p>words</p>" + "<!--" * 2_000_000,
    "a page of unclosed tags": lambda: "<!doctype html><p>words</p>" + "<a b='" * 1_500_000,
    "a page of deep tags": lambda: "<!doctype html><p>words</p>" + "<div>" * 700_000,
    "a page of stray ends": lambda: "<!doctype html>" + "<i>" * 1_900 + "<p>words</p>" + "</b></u>" * 400_000,
    "a mail of parts inside parts beside another": lambda: mbox(mail("words"), deep_mime(3_000)),
    "a mail with a header of comments": lambda: mail("words", sender="(" * 500_000 + " <a@example.org>", X_Y="(" * 500_000),
    "a mail of angle brackets": lambda: mail("words\n" + "> " * 1_000_000 + "\nOn " * 300_000),
    "a mail with a charset that is none": lambda: mail("words", Content_Type="text/plain; charset=punycode"),
    "a line chat of open quotes": lambda: "[LINE] Chat history with B\n\n2023/06/15(Thu)\n" + '10:00\tA\t"word\n' * 100_000,
    "a kakao line of a megabyte": lambda: "저장한 날짜 : x\n2016. 2. 5. 오전 1:33, A : word\n" + "2016. 2. 5. 오전 1:33, " * 300_000,
    "a qq chat of heads": lambda: "消息对象:x\n\n" + "2019-07-16 18:15:05 A(10001)\nword\n\n" * 80_000,
    "rich text of pictures": lambda: "{\\rtf1{\\pict " + "89504e47" * 2_500_000 + "}words\\par}",
    "rich text of fonts": lambda: "{\\rtf1 words " + "\\f0 " * 500_000 + "}",
    "a long text in one line": lambda: "word " * 2_000_000,
}  # fmt: skip


@pytest.fixture
def _limits(settings):
    settings.IMPORT_MEMORY = MEMORY


def spent(path, name: str) -> tuple[float, int]:
    """Processor time of the child, and the number of utterances. Raises ImportFailed."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        with path.open("rb") as file, parsing.opened(file, name=name) as reading:
            count = sum(1 for _ in reading)
    finally:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
        assert seconds < SECONDS
    return seconds, count


@pytest.mark.usefixtures("_limits")
@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_file_is_refused_with_a_sentence_in_bounded_time_and_memory(case, tmp_path):
    content = REFUSED[case]()
    (tmp_path / "file").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ImportFailed) as refused:
        spent(tmp_path / "file", "file")
    assert "ended unexpectedly" not in refused.value.user_message  # it is refused, and does not break its reader
    assert "of memory" not in refused.value.user_message


@pytest.mark.usefixtures("_limits")
@pytest.mark.parametrize("case", READ)
def test_a_strange_file_is_read_in_bounded_time_and_memory(case, tmp_path):
    content = READ[case]()
    (tmp_path / "file").write_bytes(content if isinstance(content, bytes) else content.encode())
    _, count = spent(tmp_path / "file", "file")
    assert count or case == "a mail of parts inside parts"  # that one is counted as unreadable


def test_no_reader_fetches_anything(monkeypatch, tmp_path):
    """In this process, where a socket can be forbidden."""
    import socket

    from tests.personas.importers.builders import read

    def forbidden(*_, **__):
        raise AssertionError("A reader opens a connection.")

    monkeypatch.setattr(socket, "socket", forbidden)
    link = "https://example.org/x"
    read(f"<!doctype html><link rel=stylesheet href={link}><img src={link}><iframe src={link}></iframe><p>words")
    read(docx(f'<w:p><w:hyperlink w:id="{link}"><w:r><w:t>words</w:t></w:r></w:hyperlink></w:p>'))
    read(epub({"1.xhtml": f"<img src='{link}'/><p>words</p>"}))
    with pytest.raises(ImportFailed):
        read(xml_bomb(OUTSIDE.replace("file:///etc/passwd", link)))
