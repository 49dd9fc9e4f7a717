"""Lays the sources of an archive into the draft that it was uploaded to, each as a file of its own."""

from typing import BinaryIO, cast

from django.core.files.base import File
from django.db import transaction

from personas import storage
from personas.importers.archives import zips
from personas.importers.cards import afterword
from personas.models import DraftFile
from personas.way_in import speakers


def unpack(file: DraftFile) -> None:
    """Replaces an archive by its sources, which a worker reads next like uploads. Raises ImportFailed.

    Call it within a transaction. The archive's card has filled the draft before.
    """
    stored, budget = file.file, zips.Budget()
    with stored.open("rb") as stream, zips.opened(cast(BinaryIO, stream)) as archive:
        for source in afterword.packed_sources(archive):
            with afterword.unpacked(archive, source.path, budget=budget) as words:
                _add(file, source, words)
            file.draft.roles[speakers.key_of(source.speaker)] = speakers.Role.PERSONA
    file.draft.save(update_fields=["roles"])
    name = str(stored.name)
    transaction.on_commit(lambda: stored.storage.delete(name))
    file.delete()


def _add(file: DraftFile, source: afterword.PackedSource, words: BinaryIO) -> None:
    upload = File(words)
    upload.size = words.seek(0, 2)
    words.seek(0)
    with storage.room_for(file.draft.owner, upload.size):
        row = DraftFile(draft=file.draft, name=source.name, bytes=upload.size)
        row.file.save(source.name, upload, save=False)
        row.save()
