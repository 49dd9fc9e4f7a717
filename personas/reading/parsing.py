"""The one door for the words of an upload. A child process reads the file; this side checks and counts its answers."""

import io
import logging
import math
import os
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Annotated, Any, BinaryIO

import msgspec
from django.conf import settings
from django.utils.translation import gettext
from msgspec.json import Decoder

from personas.importers import registry
from personas.importers.base import (
    DamagedFile,
    FileTooLarge,
    ImportFailed,
    Recognition,
    Remark,
    UnknownFormat,
    Utterance,
)
from personas.importers.cards.character_card import CardFields
from personas.importers.summary import Summary
from personas.reading import children, speech_weights

logger = logging.getLogger(__name__)

JOB = "personas.importers.child"
_PAYLOADS: dict[str, Decoder[Any]] = {
    "format": Decoder(str),
    "utterances": Decoder(list[Utterance]),
    "skips": Decoder(dict[str, Annotated[int, msgspec.Meta(gt=0)]]),
    "Remark": Decoder(Remark),
    "Recognition": Decoder(Recognition),
    "card": Decoder(CardFields),
    "failed": Decoder(dict[str, str]),
}
_IMPORT_TIME_BYTES = 100 * 1024**2  # what IMPORT_TIME is for
_SMALL_ARCHIVE = 25 * 1024**2  # bytes that the files of any archive may unpack to
_RATIO = 50  # how often its own size the files of an archive may unpack to; texts pack to a tenth of their size
_FAILURES = {kind.__name__: kind for kind in (ImportFailed, UnknownFormat, DamagedFile, FileTooLarge)}


class Reading:
    """A file that is being read. Iterate once for its utterances. The other attributes are complete at the end."""

    def __init__(self, format: str, answers: Iterator["Answer"]) -> None:
        self.format = format
        self.summary = Summary(format)
        self.card: CardFields | None = None
        self.recognitions: list[Recognition] = []
        self._answers = answers

    def __iter__(self) -> Iterator[Utterance]:
        """Raises ImportFailed."""
        for answer in self._answers:
            match answer:
                case list():
                    self.summary.count(answer)
                    yield from answer
                case Counter():
                    self.summary.skipped.update(answer)
                case Remark(text):
                    self.summary.remarks.append(text)
                case Recognition():
                    self.recognitions.append(answer)
                case CardFields():
                    self.card = answer


@contextmanager
def opened(
    file: BinaryIO, *, name: str, format: str = "", known: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> Iterator[Reading]:
    """Reads a real file from its start. Without `format`, its content decides. Raises ImportFailed.

    `known` has the fields of each `RecognisedLine` of pages and recordings by digest. They are not recognised again.
    """
    with closing(_answers(file, name=name, format=format, known=known or {})) as answers:
        yield Reading(str(next(answers)), answers)


Answer = str | list[Utterance] | Counter[str] | Remark | Recognition | CardFields


def _answers(
    file: BinaryIO, *, name: str, format: str, known: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Generator[Answer, None, None]:
    """The format, then the records and the card. Other answers are refused, in case a file controls the child."""
    size = file.seek(0, io.SEEK_END)
    limits = children.Limits(
        seconds=_seconds(size),
        memory=settings.IMPORT_MEMORY,
        granted_seconds=math.ceil(settings.RECOGNITION_TIME.total_seconds()),
        granted_memory=settings.RECOGNITION_MEMORY,
    )
    arguments = {
        "name": name,
        "format": format,
        "known": known,
        # A small archive that unpacks to a gigabyte is no export, so the limit for its content follows its size.
        "upload_bytes": min(settings.UPLOAD_BYTES, max(_SMALL_ARCHIVE, _RATIO * size)),
        "speech_model": _speech_model(file),
    }
    file.seek(0)
    try:
        with closing(children.answers(JOB, file, limits=limits, arguments=arguments)) as answers:
            for kind, payload in answers:
                yield _answer(kind, payload)
    except children.ChildFailed as failure:
        raise _failure(failure, name, limits) from failure
    except (KeyError, ValueError, RecursionError) as error:
        logger.error("child.answer_refused", extra={"job": JOB, "error": type(error).__name__})
        raise _failure(children.Crashed(), name, limits) from error


def _seconds(size: int) -> int:
    """The processor time for reading a file of that many bytes: IMPORT_TIME for each 100 MB that it has or begins."""
    hundreds = math.ceil(size / _IMPORT_TIME_BYTES)
    return math.ceil(settings.IMPORT_TIME.total_seconds()) * max(1, hundreds)


def _speech_model(file: BinaryIO) -> str:
    """The folder with the weights, for a file that may need them. Raises ImportFailed."""
    # Read past the buffer, which would move the position that the child shares.
    if not registry.may_hold_recording(os.pread(file.fileno(), 64, 0)):
        return ""
    try:
        return str(speech_weights.folder())
    except (speech_weights.WeightsDamaged, OSError) as error:
        logger.exception("speech_weights.unusable")
        raise ImportFailed(
            gettext("Recordings cannot be read now, because of an error on this site's side. Its operator can see why.")
        ) from error


def _answer(kind: str, payload: msgspec.Raw) -> Answer:
    """Raises ImportFailed if the child tells of a failure."""
    value = _PAYLOADS[kind].decode(payload)
    match kind:
        case "format":
            return registry.get(value).name
        case "skips":
            return Counter(value)
        case "failed":
            raise _FAILURES[value["error"]](value["message"])
    answer: Answer = value
    return answer


def _failure(failure: children.ChildFailed, name: str, limits: children.Limits) -> ImportFailed:
    match failure:
        case children.OutOfTime():
            return FileTooLarge(
                gettext(
                    "Reading %(name)s took more than %(seconds)s s, which is the limit. Split it into smaller files, "
                    "or raise IMPORT_TIME."
                )
                % {"name": name, "seconds": limits.seconds}
            )
        case children.OutOfMemory():
            return FileTooLarge(
                gettext(
                    "Reading %(name)s took more than %(import_memory)s MB of memory, which is the limit. Split it "
                    "into smaller files, or raise IMPORT_MEMORY."
                )
                % {"name": name, "import_memory": settings.IMPORT_MEMORY // 1024**2}
            )
        case children.AllBusy():
            return ImportFailed(
                gettext("%(name)s was not read, because other files are being read now. Try again in a minute.")
                % {"name": name}
            )
    return DamagedFile(
        gettext(
            "%(name)s cannot be read: the program that reads it ended unexpectedly. The file may be damaged. "
            "Export or download it again, or save its words as plain text (.txt)."
        )
        % {"name": name}
    )
