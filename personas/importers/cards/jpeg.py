"""Reads the character card in a JPEG picture: from Exif or XMP, or from a comment.

Sources: ITU-T T.81 (segments), Exif 3.0. Tools write what they write into WebP pictures (`webp`).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from personas.importers.cards import webp

MAGIC = b"\xff\xd8\xff"
_MOST_SEGMENTS = 1_000
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN, _EXIF, _COMMENT = 0xDA, 0xE1, 0xFE


def card_texts(stream: BinaryIO) -> Iterator[bytes]:
    """Texts that may be a card, in JSON or base64. A damaged picture has none from there on."""
    stream.seek(2)
    for _ in range(_MOST_SEGMENTS):
        head = stream.read(2)
        if len(head) < 2 or head[0] != 0xFF or head[1] == _SCAN:
            return
        if head[1] in _STANDALONE:
            continue
        length = stream.read(2)
        body = stream.read(max(0, struct.unpack(">H", length)[0] - 2)) if len(length) == 2 else b""
        if head[1] == _EXIF:
            yield from webp.exif_texts(body) if body.startswith(b"Exif\0\0") else webp.xmp_texts(body)
        elif head[1] == _COMMENT:
            yield body
