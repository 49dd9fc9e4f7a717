"""Photographs and scans of letters: pictures whose words are recognised (`ocr`)."""

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped
from personas.importers.documents import page_lines
from personas.importers.media import media_kinds, ocr, recognition


class Scan:
    name = "scan"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.8 if media_kinds.is_picture(head) else 0.0

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
                gettext(
                    "No words were found in this picture. If it is a photograph of a letter, take it again, straight "
                    "from "
                    "above and in good light. A picture of the persona goes under Picture. If it was a character card, "
                    "it "
                    "has lost its words on the way, as pictures do in chat apps: download the original."
                )
            )
        yield recognised_words()
        yield from page_lines.records(pages)


def recognised_words() -> Remark:
    return Remark(
        gettext("A machine recognised these words in pictures, and it makes mistakes. Check them before you save.")
    )
