"""Uploads in pieces that go on after a lost connection, a closed window or a restart of the server.

The protocol is tus 1.0.0 (https://tus.io/protocols/resumable-upload) with the extensions creation and termination. The
row of the file holds how many bytes have arrived. A piece is written to the disk before the row counts it, so a server
that is killed in between repeats that piece and loses none.

Covered: pieces out of order, twice, from two windows at once, past the announced length, above the limits of a file, a
draft and an account. The announced length is taken from the account's room at once.

UploadRefused           `status` is that of the HTTP answer, `user_message` says what to do
"""

import os
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext

from personas import creation, storage
from personas.importers import registry
from personas.models import Draft, DraftFile, DraftFileStatus
from personas.way_in import drafts

VERSION = "1.0.0"
EXTENSIONS = "creation,termination"
_BLOCK = 1 << 16  # bytes read at once


class UploadRefused(Exception):
    def __init__(self, status: int, user_message: str) -> None:
        super().__init__(user_message)
        self.status = status
        self.user_message = user_message


def begin(draft: Draft, *, name: str, size: int, modified: str) -> DraftFile:
    """Makes room for a file of `size` bytes, or finds the one that it goes on with. Raises ImportFailed.

    It goes on with an unfinished file of the same name, size and time of last change (`modified`, as the browser
    gives it).
    """
    name = drafts.file_name(name)
    same = draft.files.filter(status=DraftFileStatus.UPLOADING, name=name, bytes=size, modified=modified[:32])
    if (file := same.first()) is not None:
        return file
    drafts.refuse_too_many(draft, name)
    registry.check_bytes(size, name)
    with storage.room_for(draft.owner, size):
        file = DraftFile(draft=draft, name=name, bytes=size, modified=modified[:32], status=DraftFileStatus.UPLOADING)
        file.file.save(name, ContentFile(b""), save=False)
        file.save()
    return file


def get_upload_for(draft: Draft, file_id: int) -> DraftFile:
    """A file of the draft that arrives in pieces, or has arrived. Raises Http404."""
    file = draft.files.filter(pk=file_id).exclude(status=DraftFileStatus.FAILED).first()
    if file is None:
        raise Http404
    return file


def add_piece(file: DraftFile, *, offset: int, length: int, stream: BinaryIO) -> int:
    """Appends `length` bytes of the stream at `offset`. Returns how many bytes of the file have arrived.

    Raises UploadRefused. With the last piece the file waits for its reader.
    """
    if length > settings.UPLOAD_PIECE:
        raise UploadRefused(
            413,
            gettext("This piece has %(length)s bytes; the limit is %(upload_piece)s. Send smaller pieces.")
            % {"length": f"{length:,}", "upload_piece": f"{settings.UPLOAD_PIECE:,}"},
        )
    with transaction.atomic():
        row = DraftFile.objects.select_for_update().filter(pk=file.pk).first()
        if row is None:
            raise UploadRefused(410, gettext("%(name)s was removed from its draft.") % {"name": file.name})
        if row.status != DraftFileStatus.UPLOADING or offset != row.received:
            raise UploadRefused(
                409,
                gettext("%(received)s bytes of %(name)s have arrived. Go on from there.")
                % {"received": f"{row.received:,}", "name": row.name},
            )
        if offset + length > row.bytes:
            raise UploadRefused(
                413,
                gettext("%(name)s was announced with %(bytes)s bytes, and this piece goes past them.")
                % {"name": row.name, "bytes": f"{row.bytes:,}"},
            )
        row.received += _written(row, offset, length, stream)
        if row.received == row.bytes:
            row.status = DraftFileStatus.READING
            transaction.on_commit(lambda: creation.queue_reading(row.draft.owner_id))
        row.save(update_fields=["received", "status"])
        Draft.objects.get(pk=row.draft_id).save(update_fields=["updated_at"])  # so that it is not discarded meanwhile
    return row.received


def _written(file: DraftFile, offset: int, length: int, stream: BinaryIO) -> int:
    """Writes a piece to the disk. Bytes of an earlier attempt that no row counts are overwritten.

    Raises UploadRefused for a body that is shorter than it says.
    """
    remaining = length
    with open(file.file.path, "r+b") as target:
        target.seek(offset)
        while remaining and (block := stream.read(min(_BLOCK, remaining))):
            target.write(block)
            remaining -= len(block)
        target.truncate()
        target.flush()
        os.fsync(target.fileno())
    if remaining:
        raise UploadRefused(
            400,
            gettext("This piece ended %(remaining)s bytes too early. Send it again.") % {"remaining": f"{remaining:,}"},
        )
    return length
