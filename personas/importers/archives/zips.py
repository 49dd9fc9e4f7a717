"""Opens archives: uploaded ones, and documents that are archives (Word, e-books).

Limits are checked before unpacking, and unpacked bytes are counted while they are read. What an archive says of its
own sizes is not trusted. Nothing is ever written under a name from an archive.
"""

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.conf import settings
from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge

MAGIC = b"PK\x03\x04"
MOST_ENTRIES = 20_000  # an export with years of media has thousands
_MOST_DIRECTORY = 8 * 1024**2  # bytes of the list of entries; each takes 46 bytes and its name
_CHUNK = 1 << 16
_IN_MEMORY = 2 * 1024**2
_IN_ALL = 2  # times the upload limit: what the entries of one archive that are read may unpack to


@dataclass
class Budget:
    """Counts the bytes that the entries of one archive unpack to."""

    spent: int = 0

    @property
    def most(self) -> int:
        return _IN_ALL * settings.UPLOAD_BYTES

    @property
    def is_spent(self) -> bool:
        return self.spent > self.most

    def spend(self, count: int) -> None:
        """Counts bytes that were unpacked. Raises FileTooLarge."""
        self.spent += count
        self.check(self.spent)

    def check(self, total: int) -> None:
        """Raises FileTooLarge for more bytes than are allowed, also if an archive only says so."""
        if total > self.most:
            self.spent = max(self.spent, total)
            raise FileTooLarge(
                gettext(
                    "The files inside this archive unpack to more than %(most)s MB together, which is the limit. "
                    "Unpack it and upload the files that you mean."
                )
                % {"most": self.most // 1024**2}
            )


def opened(stream: BinaryIO) -> zipfile.ZipFile:
    """The opened archive. Raises DamagedFile or FileTooLarge."""
    if _directory_bytes(stream) > _MOST_DIRECTORY:
        raise FileTooLarge(
            gettext("This .zip holds far more than %(most_entries)s files, which is the limit.")
            % {"most_entries": f"{MOST_ENTRIES:,}"}
        )
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
        raise DamagedFile(
            gettext("This .zip file is damaged and cannot be opened. Export or download it again.")
        ) from error
    if len(archive.infolist()) > MOST_ENTRIES:
        raise FileTooLarge(
            gettext("This .zip holds %(archive)s files; the limit is %(most_entries)s.")
            % {"archive": f"{len(archive.infolist()):,}", "most_entries": f"{MOST_ENTRIES:,}"}
        )
    return archive


def _directory_bytes(stream: BinaryIO) -> int:
    """The length that the archive's end gives to its list of entries; 0 where there is no end."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 66_000))
    tail = stream.read()
    stream.seek(0)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 16:
        return 0
    length: int = struct.unpack_from("<L", tail, place + 12)[0]
    large = tail.rfind(b"PK\x06\x06")
    if length == 0xFFFFFFFF and 0 <= large <= len(tail) - 48:
        length = struct.unpack_from("<Q", tail, large + 40)[0]
    return length


def readable_bytes(entries: Iterable[zipfile.ZipInfo]) -> int:
    """What entries say that they unpack to, without those that are too large and will be refused."""
    return sum(entry.file_size for entry in entries if entry.file_size <= settings.UPLOAD_BYTES)


def unpacked(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, limit: int | None = None, budget: Budget | None = None
) -> BinaryIO:
    """One entry as a seekable file of at most `limit` bytes (by default the upload limit).

    Raises DamagedFile or FileTooLarge.
    """
    limit = limit or settings.UPLOAD_BYTES
    if entry.file_size > limit:
        raise _too_large(limit)
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller reads it
    total = 0
    try:
        with _source(archive, entry) as source:
            while chunk := source.read(_CHUNK):
                total += len(chunk)
                if total > limit:
                    raise _too_large(limit)
                if budget is not None:
                    budget.spend(len(chunk))
                target.write(chunk)
    except _BROKEN as error:
        raise DamagedFile(gettext("This .zip file is damaged inside. Export or download it again.")) from error
    target.seek(0)
    return cast(BinaryIO, target)


def _too_large(limit: int) -> FileTooLarge:
    return FileTooLarge(
        gettext(
            "The file inside this .zip unpacks to more than %(limit)s MB, which is the limit. Split it, or "
            "raise AFTERWORD_UPLOAD."
        )
        % {"limit": limit // 1024**2}
    )


def head(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, count: int) -> bytes:
    """The first bytes of an entry. Raises DamagedFile."""
    try:
        with _source(archive, entry) as source:
            return source.read(count)
    except _BROKEN as error:
        raise DamagedFile(gettext("This file inside the .zip is damaged. Export or download it again.")) from error


_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, struct.error)


def _source(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> "zipfile.ZipExtFile":
    if entry.flag_bits & 1:
        raise DamagedFile(gettext("This .zip is protected by a password. Unpack it and upload the file inside."))
    return cast("zipfile.ZipExtFile", archive.open(entry))


def entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files, without folders and what systems add to archives."""
    return [entry for entry in archive.infolist() if not entry.is_dir() and not _is_of_system(entry.filename)]


def _is_of_system(path: str) -> bool:
    name = path.replace("\\", "/").rpartition("/")[2]
    return path.startswith("__MACOSX/") or name.startswith("._") or name in {".DS_Store", "Thumbs.db", "desktop.ini"}


def shown_name(entry: zipfile.ZipInfo) -> str:
    """An entry's name for people. Old programs write names without telling their charset."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030", "shift_jis"):
            try:
                name = name if raw.isascii() else raw.decode(encoding)
                break
            except UnicodeError:
                continue
    return "".join(character for character in name if character.isprintable()).rpartition("/")[2] or "file"
