"""The bytes of an SMS backup as well-formed XML, in UTF-8.

The app writes an emoji as two references to halves of it (`&#55357;&#56832;`), which no parser accepts, and pictures as
attributes of several megabytes, which a parser would hold whole.
"""

import codecs
import re
from typing import BinaryIO

from personas.importers.encodings.decoding import Encoding

_CHUNK = 1 << 18
# The two halves of a character above U+FFFF, in decimal and in hexadecimal figures.
_HIGH = r"(?:5529[6-9]|55[3-9]\d\d|56[0-2]\d\d|563[01]\d|[xX][dD][89abAB][0-9A-Fa-f]{2})"
_LOW = r"(?:563[2-9]\d|56[4-9]\d\d|57[0-2]\d\d|573[0-3]\d|5734[0-3]|[xX][dD][c-fC-F][0-9A-Fa-f]{2})"
_REFERENCE = re.compile(rf"&#(?P<high>{_HIGH});&#(?P<low>{_LOW});|&#(?P<code>\d{{1,8}}|[xX][0-9A-Fa-f]{{1,7}});")
# Runs of base64: no word has a thousand letters. The rest of an attribute stays, and is no text.
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{1000,}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What goes on in the next chunk: the first half of an emoji, the beginning of a reference, or both.
_OPEN_END = re.compile(rf"(?:&#{_HIGH};)?(?:&[^;&\s]{{0,10}})?\Z")


class Source:
    """A file for a parser: `read` gives XML in UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: Encoding) -> None:
        stream.seek(0)
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding.name)("replace")
        self._rest = ""
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        """Some bytes, as many as one chunk of the file gives; none at the end."""
        while not self._is_over:
            chunk = self._stream.read(_CHUNK)
            self._is_over = not chunk
            text = self._rest + self._decoder.decode(chunk, final=self._is_over)
            cut = _OPEN_END.search(text, max(0, len(text) - 24)) if not self._is_over else None
            self._rest = text[cut.start() :] if cut else ""
            whole = text[: cut.start()] if cut else text
            if made := _well_formed(whole):
                return made
        return b""


def _well_formed(text: str) -> bytes:
    text = _BASE64.sub("", text)
    text = _REFERENCE.sub(_character, text) if "&#" in text else text
    return _CONTROL.sub("", text).encode("utf-8", "replace")


def _character(match: re.Match[str]) -> str:
    """What a reference, or a pair of them, stands for, written so that it stays a value."""
    if match["high"]:
        return chr(0x10000 + ((_number(match["high"]) - 0xD800) << 10) + (_number(match["low"]) - 0xDC00))
    code = _number(match["code"])
    if code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000:
        return f"&#{code};"
    return "\ufffd" if 0xD800 <= code < 0xE000 else ""


def _number(figures: str) -> int:
    return int(figures[1:], 16) if figures[0] in "xX" else int(figures)
