"""What was recognised in the pictures and recordings of a draft, for correction beside the page or the sound.

The lines are kept, so that a file is recognised only once. They go with their draft.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.files.base import ContentFile
from msgspec.structs import asdict

from personas import storage
from personas.importers.base import Recognition
from personas.models import DraftFile, Transcript


def known(file: DraftFile) -> dict[str, list[dict[str, Any]]]:
    """The lines of a file's pages and recordings, by digest, as `parsing.opened` takes them."""
    return dict(file.transcripts.values_list("digest", "lines"))


def keep(file: DraftFile, recognitions: Iterable[Recognition]) -> None:
    """Stores what is new. Call it within a transaction. Raises FileTooLarge if the account has no room."""
    new = {recognition.digest: recognition for recognition in recognitions if recognition.media}
    with storage.room_for(file.draft.owner, sum(len(recognition.media) for recognition in new.values())):
        for recognition in new.values():
            row = Transcript(
                file=file,
                medium=recognition.medium,
                place=recognition.place,
                digest=recognition.digest,
                lines=[asdict(line) for line in recognition.lines],
                bytes=len(recognition.media),
            )
            row.media.save("media", ContentFile(recognition.media), save=False)
            row.save()


def corrected(lines: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> list[dict[str, Any]]:
    """The lines with these texts. They are sure now, because a person has looked at them."""
    return [{**line, "text": text, "confidence": 1.0} for line, text in zip(lines, texts, strict=True)]
