"""Reads the character card in a WebP picture, from the Exif or XMP chunk of its RIFF container.

Sources: RFC 9649 (WebP), Exif 3.0. Tools that write cards put the JSON into Exif's UserComment: plain, as base64,
or as a list of byte values.
"""

import html
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext, gettext_noop

from personas.importers.base import DamagedFile, FileTooLarge

CHUNK_BYTES = 12 * 1024**2
_MOST_CHUNKS = 10_000
_EXIF_FOLDER, _COMMENT, _DESCRIPTION = 0x8769, 0x9286, 0x010E
_NUMBERS = re.compile(rb"\d{1,3}(?:,\d{1,3})+")
_XMP_CARD = re.compile(rb"\b(?:chara|ccv3)(?:\s?=\s?[\"']([^\"'<>]*)|>([^<>]*)<)")
_BROKEN = gettext_noop("This WebP picture is cut off or damaged. Download it again from where it came.")
# The errors that Pillow raises for malformed Exif.
_NO_EXIF = (SyntaxError, ValueError, KeyError, TypeError, IndexError, OverflowError, OSError, struct.error)


def is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def card_texts(stream: BinaryIO) -> Iterator[bytes]:
    """Texts that may be a card, in JSON or base64, the likeliest first. Raises DamagedFile or FileTooLarge."""
    for kind, body in _chunks(stream):
        yield from (exif_texts(body) if kind == b"EXIF" else xmp_texts(body))


def _chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    stream.seek(12)
    for _ in range(_MOST_CHUNKS):
        head = stream.read(8)
        if len(head) < 8:
            return
        kind, length = struct.unpack("<4sI", head)
        if kind not in {b"EXIF", b"XMP "}:
            stream.seek(length + length % 2, 1)
            continue
        if length > CHUNK_BYTES:
            raise FileTooLarge(
                gettext("A text in this WebP picture has %(length)s MB; the limit is 12 MB.")
                % {"length": f"{length // 1024**2:,}"}
            )
        body = stream.read(length)
        if len(body) < length:
            raise DamagedFile(gettext(_BROKEN))
        stream.seek(length % 2, 1)
        yield kind, body
    raise DamagedFile(
        gettext("This WebP picture has more than %(most_chunks)s parts, which no picture has.")
        % {"most_chunks": f"{_MOST_CHUNKS:,}"}
    )


def exif_texts(body: bytes) -> Iterator[bytes]:
    from PIL import Image  # slower to import than all importers together, and few files are WebP pictures

    exif = Image.Exif()
    try:
        exif.load(body if body.startswith(b"Exif\0\0") else b"Exif\0\0" + body)
        values = [exif.get_ifd(_EXIF_FOLDER).get(_COMMENT), exif.get(_COMMENT), exif.get(_DESCRIPTION)]
    except _NO_EXIF:
        values = []
    for value in values:
        raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        if isinstance(raw, bytes) and raw:
            yield _comment(raw)


def _comment(raw: bytes) -> bytes:
    """The text of a UserComment, without the eight bytes that name its character set."""
    if raw.startswith(b"UNICODE\0"):
        encoding = "utf-16-be" if raw[8:9] == b"\0" else "utf-16-le"
        raw = raw[8:] if raw[8:10].isascii() and b"\0" not in raw[8:40] else _as_utf8(raw[8:], encoding)
    elif raw[:8] in {b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8)}:
        raw = raw[8:]
    raw = raw.strip(b"\0 \r\n\t")
    if _NUMBERS.fullmatch(raw):
        return bytes(min(int(number), 255) for number in raw.split(b","))
    return raw


def _as_utf8(raw: bytes, encoding: str) -> bytes:
    return raw.decode(encoding, "replace").removeprefix("\ufeff").encode("utf-8", "replace")


def xmp_texts(body: bytes) -> Iterator[bytes]:
    for match in _XMP_CARD.finditer(body):
        value = match[1] or match[2] or b""
        yield html.unescape(value.decode("utf-8", "replace")).encode("utf-8", "replace")
