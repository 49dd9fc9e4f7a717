"""The Importer seam: it turns an uploaded file into utterances and counted skips.

ImportFailed            `user_message` says what is wrong and what to do
├── UnknownFormat       no importer recognises it
├── DamagedFile         the format is known, but the file is broken or hostile
└── FileTooLarge        the file exceeds a limit; the message has the limit and the value
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, Protocol, runtime_checkable

from msgspec import Struct


class ImportFailed(Exception):
    """A file cannot be imported. The message is for the person who uploaded it."""

    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class UnknownFormat(ImportFailed):
    pass


class DamagedFile(ImportFailed):
    pass


class FileTooLarge(ImportFailed):
    pass


class Utterance(Struct, frozen=True, gc=False):
    """One message or paragraph of one speaker. `speaker` is empty if the file has a single, unnamed author.

    `sent_at` is None if the file gives no time. Chat exports give wall-clock time without a zone, which is stored
    as UTC. `source_ref` names the place in the file: "line 12", "page 3".
    """

    speaker: str
    text: str
    sent_at: datetime | None
    source_ref: str


class Skipped(Struct, frozen=True, gc=False):
    """A line or record that is not speech: media, deleted, call, system, heading, unreadable."""

    reason: str
    source_ref: str


class Remark(Struct, frozen=True, gc=False):
    """A sentence for the person who uploads. It names a guess, or something that was left out and the reason."""

    text: str


Medium = Literal["page", "sound"]


class RecognisedLine(Struct, frozen=True, gc=False):
    """A line that was recognised in a picture, or a piece of speech. `confidence` is in [0, 1], 1 if it was checked.

    `start` is where it begins: the part of the page's height above it, in [0, 1], or seconds of the recording.
    """

    text: str
    confidence: float
    start: float


class Recognition(Struct, frozen=True):
    """What was recognised in one page or recording. Its words follow as utterances; these lines are for correction.

    `digest` tells the page or recording from others (SHA-256). `media` is the page as WebP or the sound as MP3, made
    anew from what was uploaded. It is empty if the lines were known before.
    """

    medium: Medium
    place: str
    digest: str
    lines: tuple[RecognisedLine, ...]
    media: bytes


Record = Utterance | Skipped | Remark | Recognition


class Importer(Protocol):
    name: str  # its key in the registry, as stored in Source.format

    def sniff(self, head: bytes, name: str) -> float:
        """Confidence in [0, 1] from the first 64 KiB. The file's name only breaks ties."""
        ...

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        """Streams the records with bounded memory: utterances, counted skips, remarks and recognitions.

        Raises ImportFailed.

        `stream` is seekable, so an importer may read it twice.
        """
        ...


@dataclass(frozen=True)
class Member:
    """A file inside an archive. `open` unpacks it into a seekable file, which the caller closes."""

    path: str
    open: Callable[[], BinaryIO]


@runtime_checkable
class SetImporter(Importer, Protocol):
    """An importer of a format whose exports have several files that only make sense together.

    The reader of an archive asks it first, and gives every other file to its own importer.
    """

    def members(self, paths: Sequence[str]) -> list[str]:
        """Those of an archive's paths that it reads together; [] if they are no export of its format."""
        ...

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        """As `parse`, for the members that it asked for, in their order. It opens one at a time."""
        ...
