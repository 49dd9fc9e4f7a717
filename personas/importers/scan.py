"""Photographs and scans of letters: pictures whose words are recognised (`ocr`)."""

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from personas.importers import ocr, page_lines, recognition
from personas.importers.base import DamagedFile, Record, Remark, Skipped

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
_BITMAP = 26  # bytes of the shortest head of a BMP, whose magic is two letters


class Scan:
    name = "scan"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.8 if is_picture(head) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        pages: list[list[str]] = []
        for number, frame in enumerate(ocr.frames(stream), start=1):
            found = recognition.recognised(
                medium="page",
                place=f"page {number}",
                digest=recognition.digest(stream, number),
                recognise=partial(ocr.recognise, frame),
            )
            yield found
            pages.append(recognition.texts(found))
            if not pages[-1]:
                yield Skipped("page without words", f"page {number}")
        if not any(pages):
            raise DamagedFile(
                "No words were found in this picture. If it is a photograph of a letter, take it again, straight from "
                "above and in good light. A picture of the persona goes under Picture. If it was a character card, it "
                "has lost its words on the way, as pictures do in chat apps: download the original."
            )
        yield recognised_words()
        yield from page_lines.records(pages)


def is_picture(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return len(head) >= _BITMAP and head[6:10] == bytes(4)
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def recognised_words() -> Remark:
    return Remark("A machine recognised these words in pictures, and it makes mistakes. Check them before you save.")
