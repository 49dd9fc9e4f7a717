"""Voice notes, other recordings, and the speech in videos (`speech`)."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, RecognisedLine, Record, Remark, Utterance
from personas.importers.media import media_kinds, recognition, speech

_PARAGRAPH = 400  # characters after which a sentence's end ends the paragraph
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")


class Recording:
    name = "recording"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.8 if media_kinds.is_recording(head) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        found = recognition.recognised(
            medium="sound",
            place="recording",
            digest=recognition.digest(stream),
            recognise=partial(speech.recognise, stream),
        )
        if not recognition.texts(found):
            raise DamagedFile(gettext("No speech was found in this recording."))
        yield found
        yield Remark(
            gettext("A machine wrote down this recording, and it makes mistakes. Check the words before you save.")
        )
        for start, text in _paragraphs(found.lines):
            yield Utterance("", text, None, moment(start))


def moment(seconds: float) -> str:
    """A time in a recording: "1:05", "1:02:05"."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _paragraphs(lines: Iterable[RecognisedLine]) -> Iterator[tuple[float, str]]:
    """The pieces joined to paragraphs, each with the second at which it begins."""
    start, text = 0.0, ""
    for line in lines:
        if not line.text:
            continue
        start = start if text else line.start
        is_wide = "\u2e80" <= text[-1:] <= "\uffef"
        text += line.text if is_wide or not text else f" {line.text}"
        if len(text) >= _PARAGRAPH and text.endswith(_SENTENCE_ENDS):
            yield start, text
            text = ""
    if text:
        yield start, text
