"""Opens uploaded archives. Limits are checked before unpacking, and unpacked bytes are counted while they are read."""

import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

from django.conf import settings

from personas.importers.base import DamagedFile, FileTooLarge, UnknownFormat

MAGIC = b"PK\x03\x04"
MOST_ENTRIES = 20_000  # an export with years of media has thousands
_CHUNK = 1 << 16
_IN_MEMORY = 2 * 1024**2


def opened(stream: BinaryIO) -> zipfile.ZipFile:
    """The opened archive. Raises DamagedFile or FileTooLarge."""
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DamagedFile("This .zip file is damaged and cannot be opened. Export or download it again.") from error
    if len(archive.infolist()) > MOST_ENTRIES:
        raise FileTooLarge(f"This .zip holds {len(archive.infolist()):,} files; the limit is {MOST_ENTRIES:,}.")
    return archive


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, limit: int | None = None) -> BinaryIO:
    """One entry as a seekable file of at most `limit` bytes (by default the upload limit).

    Raises DamagedFile or FileTooLarge.
    """
    limit = limit or settings.UPLOAD_BYTES
    if entry.flag_bits & 1:
        raise DamagedFile("This .zip is protected by a password. Unpack it and upload the file inside.")
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller reads it
    total = 0
    try:
        with archive.open(entry) as source:
            while chunk := source.read(_CHUNK):
                total += len(chunk)
                if total > limit:
                    raise FileTooLarge(
                        f"The file inside this .zip unpacks to more than {limit // 1024**2} MB, which is the limit. "
                        "Split it, or raise AFTERWORD_UPLOAD."
                    )
                target.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise DamagedFile("This .zip file is damaged inside. Export or download it again.") from error
    target.seek(0)
    return cast(BinaryIO, target)


def entries(archive: zipfile.ZipFile, is_wanted: Callable[[str], bool]) -> list[zipfile.ZipInfo]:
    """The files whose names `is_wanted` accepts, without folders and macOS metadata."""
    return [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and not entry.filename.startswith("__MACOSX/") and is_wanted(entry.filename)
    ]


def chat_text(stream: BinaryIO) -> BinaryIO:
    """The .txt of a chat export's .zip. Raises UnknownFormat if there is none, or more than one."""
    with opened(stream) as archive:
        texts = entries(archive, lambda name: name.casefold().endswith(".txt"))
        named = [
            entry for entry in texts if entry.filename.rsplit("/", 1)[-1] == "_chat.txt" or "WhatsApp" in entry.filename
        ]
        candidates = named if named else texts
        if len(candidates) != 1:
            contents = "no .txt file" if not candidates else f"{len(candidates)} .txt files"
            raise UnknownFormat(
                f"This .zip holds {contents}, where a WhatsApp export holds one. "
                "Unpack it and upload the files that you mean."
            )
        return unpacked(archive, candidates[0])
