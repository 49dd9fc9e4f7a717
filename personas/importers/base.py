"""The Importer seam: an uploaded file in, utterances and counted skips out.

ImportFailed            `user_message` says what is wrong and what to do
├── UnknownFormat       no importer recognises it
├── DamagedFile         the format is known, this file is broken or hostile
└── FileTooLarge        a limit was passed; the message has the limit and the value
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


class ImportFailed(Exception):
    """A file cannot be imported. The text is for the person who uploaded it."""

    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class UnknownFormat(ImportFailed):
    pass


class DamagedFile(ImportFailed):
    pass


class FileTooLarge(ImportFailed):
    pass


@dataclass(frozen=True)
class Utterance:
    """What one speaker said at once. `speaker` is empty where the file has a single, unnamed author.

    `sent_at` is None where the file tells no time; chat exports tell wall-clock time without a zone,
    which is kept as UTC. `source_ref` leads back to the place: "line 12", "page 3".
    """

    speaker: str
    text: str
    sent_at: datetime | None
    source_ref: str


@dataclass(frozen=True)
class Skipped:
    """A line or record that is not speech: media, deleted, call, system, heading, unreadable."""

    reason: str
    source_ref: str


@dataclass(frozen=True)
class Remark:
    """A sentence for the person who uploads: what had to be guessed, what was left out and why."""

    text: str


Record = Utterance | Skipped | Remark


class Importer(Protocol):
    name: str  # its key in the registry, as stored in Source.format

    def sniff(self, head: bytes, name: str) -> float:
        """Confidence in [0, 1] from the first 64 KiB; the file's name only breaks ties."""
        ...

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        """Streams with bounded memory; every record is an utterance or a counted skip. Raises ImportFailed.

        `stream` can be sought in: an importer may read it twice.
        """
        ...
