"""Writes down the speech in recordings and videos, with times (Whisper base by faster-whisper; about 99 languages).

Only the sound is decoded, by FFmpeg's libraries. Its length is counted while it is decoded: what a file says of its own
length is not trusted.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge, RecognisedLine
from personas.importers.media import recognition

if TYPE_CHECKING:
    from av.container import InputContainer
    from numpy import ndarray

MOST_MINUTES = 30
_RATE = 16_000  # samples a second, as the model learnt them
_BITS = 32_000  # of MP3 a second, for the sound that the words are corrected beside
_THREADS = 2
_PROMPTS = {"zh": "以下是普通话的句子。"}  # without it, Mandarin comes in traditional characters as often as not
_EASE = 2  # seconds of processor time for each second of sound; speech takes a quarter of that
_BASE_SECONDS = 60


@dataclass(frozen=True)
class _Sound:
    """`samples` are float32 [n] in [-1, 1], RATE a second. `mp3` is the same sound."""

    samples: "ndarray[Any, Any]"
    mp3: bytes


def _decoded(stream: BinaryIO) -> _Sound:
    """The first sound track of a file. Raises DamagedFile, FileTooLarge."""
    import av
    import numpy as np

    target = io.BytesIO()
    pieces: list[Any] = []
    try:
        with (
            av.open(stream, mode="r", metadata_errors="ignore") as source,
            av.open(target, mode="w", format="mp3") as copy,
        ):
            out = copy.add_stream("libmp3lame", rate=_RATE, layout="mono", bit_rate=_BITS)
            for frame in _frames(source):
                pieces.append(frame.to_ndarray()[0])  # int16 [n]
                frame.pts = None
                copy.mux(out.encode(frame))
            copy.mux(out.encode(None))
    except (av.FFmpegError, ValueError, OSError, IndexError) as error:
        raise DamagedFile(
            gettext("This recording is damaged, or of a kind that cannot be read. Save it as MP3, M4A or WAV.")
        ) from error
    if not pieces:
        raise DamagedFile(gettext("This recording is empty."))
    samples = np.concatenate(pieces).astype(np.float32) / 32768
    return _Sound(samples, target.getvalue())


def _frames(source: "InputContainer") -> Iterator[Any]:
    """The sound in mono, RATE samples a second. Raises DamagedFile if there is none, FileTooLarge above the limit."""
    import av

    if not source.streams.audio:
        raise DamagedFile(gettext("This video has no sound, so there is no speech in it."))
    _refuse_long((source.duration or 0) / av.time_base)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
    count = 0
    for frame in source.decode(source.streams.audio[0]):
        for part in resampler.resample(frame):
            count += part.samples
            _refuse_long(count / _RATE)
            yield part


def _refuse_long(seconds: float) -> None:
    if seconds > 60 * MOST_MINUTES:
        raise FileTooLarge(
            gettext(
                "This recording is longer than %(most_minutes)s minutes, which is the limit. Cut it into shorter ones."
            )
            % {"most_minutes": MOST_MINUTES}
        )


@cache
def _model() -> Any:
    from faster_whisper import WhisperModel  # a second, and 150 MB

    return WhisperModel(str(settings.SPEECH_MODEL), device="cpu", compute_type="int8", cpu_threads=_THREADS)


def recognise(stream: BinaryIO) -> tuple[tuple[RecognisedLine, ...], bytes]:
    """The pieces of speech in a file, about a sentence each, and its sound as MP3. Raises DamagedFile, FileTooLarge."""
    sound = _decoded(stream)
    recognition.grant(_BASE_SECONDS + math.ceil(_EASE * len(sound.samples) / _RATE))
    # Without what was said before, a mistake does not go on; silence, in which the model invents words, is cut out.
    language, _, _ = _model().detect_language(sound.samples)
    segments, _ = _model().transcribe(
        sound.samples,
        language=language,
        initial_prompt=_PROMPTS.get(language),
        vad_filter=True,
        condition_on_previous_text=False,
    )
    lines = (
        RecognisedLine(segment.text.strip(), round(math.exp(segment.avg_logprob), 3), round(segment.start, 2))
        for segment in segments
    )
    return tuple(line for line in lines if line.text), sound.mp3
