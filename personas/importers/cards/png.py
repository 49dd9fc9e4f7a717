"""The text chunks of a PNG (W3C PNG, third edition, sections 5.3 and 11.3.3), read without decoding the picture."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext, gettext_noop

from personas.importers.base import DamagedFile, FileTooLarge

MAGIC = b"\x89PNG\r\n\x1a\n"
TEXT_BYTES = 8 * 1024**2  # of one text chunk, packed or unpacked
_MOST_CHUNKS = 100_000
_TEXT_TYPES = {b"tEXt", b"zTXt", b"iTXt"}
_KEYWORD_BYTES = 79  # the maximum of the specification
_WRONG_CHECKSUM = gettext_noop("The text inside this PNG is damaged: its checksum is wrong. Download it again.")
_CUT_OFF = gettext_noop("This PNG is cut off in the middle. Download it again from where it came.")


def text_chunks(stream: BinaryIO) -> Iterator[tuple[str, bytes | DamagedFile]]:
    """Keyword and value of every text chunk, in order. A DamagedFile replaces a damaged value.

    Raises DamagedFile if the picture itself is damaged, or FileTooLarge.
    """
    if stream.read(8) != MAGIC:
        raise DamagedFile(gettext("This file is not a PNG picture."))
    for _ in range(_MOST_CHUNKS):
        head = stream.read(8)
        if len(head) < 8:
            raise DamagedFile(gettext(_CUT_OFF))
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind not in _TEXT_TYPES:
            _skip(stream, length + 4)
            continue
        body, is_whole = _checked(stream, kind, length)
        keyword = body.partition(b"\0")[0][:_KEYWORD_BYTES].decode("latin-1")
        yield keyword, _value(kind, body) if is_whole else DamagedFile(gettext(_WRONG_CHECKSUM))
    raise DamagedFile(
        gettext("This PNG has more than %(most_chunks)s parts, which no picture has.")
        % {"most_chunks": f"{_MOST_CHUNKS:,}"}
    )


def _skip(stream: BinaryIO, length: int) -> None:
    start = stream.tell()
    end = stream.seek(0, io.SEEK_END)
    if start + length > end:
        raise DamagedFile(gettext(_CUT_OFF))
    stream.seek(start + length)


def _checked(stream: BinaryIO, kind: bytes, length: int) -> tuple[bytes, bool]:
    """The body of a chunk, and whether its checksum is correct."""
    if length > TEXT_BYTES:
        raise FileTooLarge(
            gettext("A text inside this PNG has %(length)s MB; the limit is %(text_bytes)s MB.")
            % {"length": f"{length // 1024**2:,}", "text_bytes": TEXT_BYTES // 1024**2}
        )
    body, checksum = stream.read(length), stream.read(4)
    if len(body) < length or len(checksum) < 4:
        raise DamagedFile(gettext(_CUT_OFF))
    return body, zlib.crc32(kind + body) == int.from_bytes(checksum, "big")


def _value(kind: bytes, body: bytes) -> bytes | DamagedFile:
    _, _, value = body.partition(b"\0")
    try:
        if kind == b"zTXt":
            return _inflated(value[1:])
        if kind == b"iTXt":
            is_packed, value = value[:1] == b"\1", value[2:]
            value = value.split(b"\0", 2)[-1]  # after the language tag and the translated keyword
            return _inflated(value) if is_packed else value
    except DamagedFile as damage:
        return damage
    return value


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        value = inflater.decompress(packed, TEXT_BYTES)
    except zlib.error as error:
        raise DamagedFile(gettext("The packed text inside this PNG is damaged. Download it again.")) from error
    if inflater.unconsumed_tail:
        raise FileTooLarge(
            gettext("A text inside this PNG unpacks to more than %(text_bytes)s MB, the limit.")
            % {"text_bytes": TEXT_BYTES // 1024**2}
        )
    return value
