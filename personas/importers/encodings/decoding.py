"""Decodes bytes in an unknown encoding into lines of text, with bounded memory.

The order of the rules matters: a guess by letters (`legacy_encodings`) is made last.
"""

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext

from personas.importers.base import DamagedFile
from personas.importers.encodings import legacy_encodings
from text import cleaning

HEAD_BYTES = 64 * 1024
LONGEST_LINE = 200_000  # characters; longer lines are read in pieces
_CHUNK = 1 << 16
_BLOCK = 1 << 18
# What `clean` changes, in UTF-8.
_CLEANED_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
_CLEANED_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_LINE_END = re.compile(rb"[\r\n]")
_LONGEST_BYTES = 4 * LONGEST_LINE
_LINE = re.compile(r"([^\r\n]*+)(\r\n|\r|\n|\Z)")
_LONG_LINE = re.compile(rf"[^\n]{{{LONGEST_LINE + 1},}}+")
_BAD_SHARE = 0.5  # of the signs beyond ASCII; with fewer damaged places it is UTF-8
# Files of programs (JSON, pages, XML) are UTF-8, also where a few bytes in a thousand are damaged and no others are
# beyond ASCII. In a text that a person wrote, these are a letter or a curly quotation mark of Windows.
_OF_PROGRAMS = re.compile(rb"\A\s*+(?:[{\[<]|window\.)")
_DAMAGED_BYTES = 0.001
_BOMS = [  # UTF-32 before UTF-16, because its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_JAPANESE = re.compile(rb"\x1b\$[B@]")  # ISO-2022-JP has no bytes beyond ASCII
_SAMPLE = 4_000  # characters
_WRITTEN = 0.85  # of a text's characters are letters, figures, marks and blanks
_FIRST_BYTES = bytes(range(0xC2, 0xF5))  # of signs beyond ASCII in UTF-8
_CONTROL_BYTES = bytes(range(1, 9)) + bytes(range(14, 32))


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file. `is_guessed` is true if no rule was certain and a person should check the text."""

    name: str
    is_guessed: bool = False


def detect(stream: BinaryIO) -> Encoding:
    """The encoding of the whole file. Leaves the stream at its start. Raises DamagedFile if it is not text."""
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    encoding = _from_head(head) or _from_whole(stream, head)
    stream.seek(0)
    return encoding


def _from_head(head: bytes) -> Encoding | None:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name)
    nuls = head.count(0)
    if nuls and (wide := _utf_16(head, nuls)):
        return Encoding(wide, is_guessed=True)
    controls = len(head) - len(head.translate(None, _CONTROL_BYTES))
    if nuls + controls > len(head) // 10:
        raise DamagedFile(
            gettext("This file is not text: it holds mostly binary data. Upload a .txt, .md, .png or .json file.")
        )
    return None


def _utf_16(head: bytes, nuls: int) -> str:
    """The form of UTF-16 in a file without its mark: zeros stand on one side, and what comes out are letters."""
    even = head[0::2].count(0)
    if max(even, nuls - even) < 0.9 * nuls:
        return ""
    codec = "utf-16-be" if even > nuls // 2 else "utf-16-le"
    text = head[: len(head) // 2 * 2].decode(codec, "replace")[:_SAMPLE]
    written = sum(unicodedata.category(sign)[0] in "LNPZ" or sign in "\r\n\t" for sign in text)
    has_ends = any(sign in text for sign in "\n\r \u3002\uff0c")
    return codec if has_ends and written >= _WRITTEN * len(text) else ""


def _from_whole(stream: BinaryIO, head: bytes) -> Encoding:
    good, bad = _count_beyond_ascii(stream)
    if not bad:
        return Encoding("iso2022_jp_ext", is_guessed=True) if _JAPANESE.search(head) else Encoding("utf-8")
    is_of_program = _OF_PROGRAMS.match(head) and bad < stream.tell() * _DAMAGED_BYTES
    if bad < good * _BAD_SHARE or is_of_program:
        return Encoding("utf-8", is_guessed=True)
    return Encoding(legacy_encodings.likeliest(head), is_guessed=True)


def _count_beyond_ascii(stream: BinaryIO) -> tuple[int, int]:
    """The number of signs beyond ASCII in UTF-8, and of places that are not UTF-8. Reads to the end."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    begun = bad = 0
    while chunk := stream.read(_CHUNK):
        begun += len(chunk) - len(chunk.translate(None, _FIRST_BYTES))
        genuine = chunk.count("\ufffd".encode())
        bad += decoder.decode(chunk).count("\ufffd") - genuine
    bad += decoder.decode(b"", final=True).count("\ufffd")
    return max(0, begun - bad), bad


def clean(text: str) -> str:
    """The text without characters that a database or a prompt cannot hold."""
    return cleaning.clean(text)


def decode_head(head: bytes) -> str:
    """The head as text for sniffing. Never raises. An incomplete last character is dropped."""
    try:
        encoding = detect(io.BytesIO(head))
    except DamagedFile:
        return ""
    return clean(codecs.getincrementaldecoder(encoding.name)("replace").decode(head)).removeprefix("\ufeff")


class Line(NamedTuple):
    """`end` is the line ending: CR LF, LF or CR. It is empty at the file's end and where a long line is cut."""

    number: int
    text: str
    end: str


def lines(stream: BinaryIO, encoding: Encoding) -> Iterator[tuple[int, str]]:
    """Line numbers from 1, and cleaned lines without their line endings (CR, LF or both)."""
    return ((line.number, line.text) for line in ended_lines(stream, encoding))


def ended_lines(stream: BinaryIO, encoding: Encoding) -> Iterator[Line]:
    """As `lines`, with the line endings, for formats in which they carry meaning."""
    stream.seek(0)
    wrapper = io.TextIOWrapper(stream, encoding=encoding.name, errors="replace", newline="")
    number = 1
    is_cut_in_end = False
    try:
        while line := wrapper.readline(LONGEST_LINE):
            if is_cut_in_end and line == "\n":
                is_cut_in_end = False
                continue
            text = line.removesuffix("\n").removesuffix("\r")
            end = line[len(text) :]
            yield Line(number, clean(text).replace("\ufeff", ""), end)
            number += bool(end)
            is_cut_in_end = end == "\r" and len(line) == LONGEST_LINE
    except UnicodeError as error:
        raise DamagedFile(
            gettext("This file says that it is %(upper)s, but its bytes are not.") % {"upper": encoding.name.upper()}
        ) from error
    finally:
        wrapper.detach()


class Block(NamedTuple):
    """Some whole lines of a file. `text` ends with a line end, except at the file's end."""

    number: int  # of the first line
    text: str
    ends: int = 0  # the number of line ends: CR LF, LF or CR
    is_clean: bool = False  # nothing in it has to be cleaned, and no CR stands alone

    @property
    def lines(self) -> list[str]:
        """The lines of a clean block. A CR before the line end is left."""
        return self.text.removesuffix("\n").split("\n")


def blocks(stream: BinaryIO) -> Iterator[Block]:
    """A file in UTF-8 by blocks of whole lines, as they stand. A longer line than LONGEST_LINE loses its end."""
    stream.seek(0)
    number, beginning, is_too_long = 1, stream.read(3).removeprefix(codecs.BOM_UTF8), False
    while chunk := stream.read(_BLOCK):
        if is_too_long:
            end = _LINE_END.search(chunk)
            chunk = chunk[end.start() :] if end else b""
        raw = beginning + chunk
        whole = _whole_lines(raw)
        if whole:
            block = _block(number, raw[:whole])
            yield block
            number += block.ends
        is_too_long = len(raw) - whole >= _LONGEST_BYTES
        beginning = raw[whole : whole + _LONGEST_BYTES]
    if beginning:
        yield _block(number, beginning)


def _whole_lines(raw: bytes) -> int:
    """How many of the bytes are whole lines. A CR at the end may be half of a line end."""
    return raw.rfind(b"\n") + 1 or raw.rfind(b"\r", 0, -1) + 1


def _block(number: int, raw: bytes) -> Block:
    text = raw.decode("utf-8", "replace")
    half = LONGEST_LINE // 2
    if any(raw.find(b"\n", start, start + half) < 0 for start in range(0, len(raw) - half, half)):
        text = _LONG_LINE.sub(lambda match: match[0][:LONGEST_LINE], text)
    lone_cr = raw.count(b"\r") - raw.count(b"\r\n") if b"\r" in raw else 0
    is_clean = (
        len(raw.translate(None, _CLEANED_BYTES)) == len(raw)
        and _CLEANED_CONTROL.search(raw) is None
        and codecs.BOM_UTF8 not in raw
        and lone_cr == 0
    )
    return Block(number, text, raw.count(b"\n") + lone_cr, is_clean)


def block_lines(block: Block) -> Iterator[Line]:
    """The lines of a block, as `ended_lines` gives them."""
    number = block.number
    for match in _LINE.finditer(block.text):
        text, end = match.groups()
        if text or end:
            yield Line(number, clean(text).replace("\ufeff", ""), end)
        number += bool(end)


def remark(encoding: Encoding) -> str:
    """The remark for the person about a guessed encoding."""
    if encoding.name == "utf-8":
        return gettext("A few characters of this file are damaged; they are shown as �.")
    return gettext(
        "The file does not name its encoding; it was read as %(encoding)s. Check that its words look right."
    ) % {"encoding": encoding.name.upper()}
