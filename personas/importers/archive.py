"""Archives (.zip): every file inside that can be read goes through its own importer. The others are counted and named.

An archive inside an archive is opened too, as a folder of exported chats holds them; one inside that is not. Documents
that are archives themselves (Word, OpenDocument, e-books) always are.
Pictures and recordings are read last, and only beside documents: in a chat's archive they would be anybody's.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from django.utils.translation import gettext, ngettext
from msgspec.structs import replace

from personas.importers import registry
from personas.importers.archives import zips
from personas.importers.base import (
    ImportFailed,
    Member,
    Recognition,
    Record,
    Remark,
    SetImporter,
    Skipped,
    UnknownFormat,
    Utterance,
)
from personas.importers.media import media_kinds, ocr

_DOCUMENTS = frozenset({"docx", "odt", "epub"})
_OF_ONE_AUTHOR = _DOCUMENTS | {"pdf", "rtf", "html", "latex", "plain-text", "scan", "recording"}
_MOST_MEDIA = ocr.MOST_PAGES  # pictures and recordings of one archive that are read
# What has no format of its own is somebody's text only if its name says so: an export also holds programs and styles.
_TEXT_NAMES = (".txt", ".md", ".markdown", ".text")
# The download of an app brings pages and notes of its own, which are nobody's words.
_DOWNLOADS = frozenset(
    {
        "telegram",
        "messenger",
        "x-archive",
        "discord",
        "google-chat",
        "linkedin",
        "chatgpt",
        "slack",
        "imessage",
        "tiktok",
        "posts",
        "tumblr",
    }
)
_OF_DOWNLOAD = re.compile(r".{1,200}\.html?|(?:read_?me|lies_?mich|l[ei]sez?-?moi)(?:\.\w{2,4})?", re.IGNORECASE)
_TAKEOUT_PAGE = "archive_browser.html"
_OTHER_ARCHIVES = (b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ")
_MOST_TOLD = 5  # files whose reason is written out
_NAME_CHARACTERS = 32
_LONGEST_PLACE = 60


@dataclass
class _Tally:
    """What became of the files of an archive."""

    formats: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)
    has_author: bool = False
    has_speaker: bool = False
    is_inside: bool = False  # whether an archive inside the archive is being read

    @property
    def has_chat(self) -> bool:
        return self.has_speaker or bool(set(self.formats) - _OF_ONE_AUTHOR)

    @property
    def is_download(self) -> bool:
        return not _DOWNLOADS.isdisjoint(self.formats)

    def count(self, record: Record) -> None:
        if isinstance(record, Utterance):
            self.has_author |= not record.speaker
            self.has_speaker |= bool(record.speaker)

    def remarks(self) -> Iterator[Remark]:
        read = sum(self.formats.values())
        if read > 1:
            yield Remark(gettext("%(read)s files of this archive were read.") % {"read": read})
        for sentence in self.left_out[:_MOST_TOLD]:
            yield Remark(sentence)
        if (more := len(self.left_out) - _MOST_TOLD) > 0:
            yield Remark(gettext("%(more)s more files of this archive could not be read.") % {"more": more})
        if self.has_author and self.has_speaker:
            yield Remark(
                gettext(
                    "The archive holds chats, and texts that name no author. Choose whose words to use. To use both, "
                    "upload the texts as files of their own."
                )
            )


class Archive:
    name = "zip"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.5 if head.startswith((zips.MAGIC, b"PK\x05\x06", b"PK\x07\x08PK")) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        tally, budget = _Tally(), zips.Budget()
        with zips.opened(stream) as archive:
            for record in _records(archive, budget, tally):
                tally.count(record)
                yield record
            count = len(zips.entries(archive))
        if not (tally.has_author or tally.has_speaker):
            raise UnknownFormat(_nothing(tally, count))
        yield from tally.remarks()


def _records(archive: zipfile.ZipFile, budget: zips.Budget, tally: _Tally) -> Iterator[Record]:
    """First what is passed over, then files that belong together, then each other one, and pictures and sound last."""
    _refuse_bundle(archive)
    entries = list({(one.filename, one.CRC, one.file_size): one for one in zips.entries(archive)}.values())
    skipped, media, entries = _parted(archive, entries)
    yield from skipped
    budget.check(zips.readable_bytes(entries))
    for importer in map(registry.get, registry.IMPORTERS):
        if isinstance(importer, SetImporter):
            paths = set(importer.members([entry.filename for entry in entries]))
            together = [entry for entry in entries if entry.filename in paths]
            entries = [entry for entry in entries if entry.filename not in paths]
            if together:
                yield from _set(archive, together, importer, budget, tally)
    for entry in sorted(entries, key=_is_of_download):
        yield from _member(archive, entry, budget, tally)
    yield from _media(archive, media, budget, tally)


def _is_of_download(entry: zipfile.ZipInfo) -> bool:
    """By its name. Such files come last, when it is known whether the archive is the download of an app."""
    return _OF_DOWNLOAD.fullmatch(zips.shown_name(entry)) is not None


def _media(
    archive: zipfile.ZipFile, media: list[tuple[str, zipfile.ZipInfo]], budget: zips.Budget, tally: _Tally
) -> Iterator[Record]:
    most = 0 if tally.has_chat else _MOST_MEDIA
    for _, entry in media[:most]:
        yield from _member(archive, entry, budget, tally)
    for kind, entry in media[most:]:
        yield Skipped(kind, _place(zips.shown_name(entry)))
    if tally.has_chat and any(kind != "picture" for kind, _ in media):
        yield Remark(
            gettext(
                "This archive holds a chat. Its recordings were not read, because they do not say who speaks. To use "
                "one, "
                "upload it by itself."
            )
        )
    elif len(media) > most and not tally.has_chat:
        yield Remark(
            gettext("The first %(most)s of %(media)s pictures and recordings were read. Upload the others apart.")
            % {"most": most, "media": f"{len(media):,}"}
        )


def _parted(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]
) -> tuple[list[Skipped], list[tuple[str, zipfile.ZipInfo]], list[zipfile.ZipInfo]]:
    """By their first bytes: a skip for each file that is never read, pictures and recordings, and all other files."""
    skipped: list[Skipped] = []
    media: list[tuple[str, zipfile.ZipInfo]] = []
    left: list[zipfile.ZipInfo] = []
    for entry in entries:
        try:
            head = zips.head(archive, entry, 64)
        except ImportFailed:
            left.append(entry)  # told when the file is read
            continue
        if kind := _medium(head):
            media.append((kind, entry))
        elif not head or head.startswith(_OTHER_ARCHIVES):
            reason = "archive inside the archive" if head else "empty file"
            skipped.append(Skipped(reason, _place(zips.shown_name(entry))))
        else:
            left.append(entry)
    return skipped, media, left


def _set(
    archive: zipfile.ZipFile,
    entries: list[zipfile.ZipInfo],
    importer: SetImporter,
    budget: zips.Budget,
    tally: _Tally,
) -> Iterator[Record]:
    """The records of files that an importer reads together. Of two with one name, the last is meant."""
    last = {entry.filename: entry for entry in entries}
    wanted = [path for path in importer.members(list(last)) if path in last]
    members = [Member(path, partial(zips.unpacked, archive, last[path], budget=budget)) for path in wanted]
    tally.formats[importer.name] += 1
    try:
        for record in importer.parse_members(members):
            yield (
                replace(record, source_ref=record.source_ref[:_LONGEST_PLACE])
                if isinstance(record, Utterance | Skipped)
                else record
            )
    except ImportFailed as failure:
        if budget.is_spent:
            raise
        tally.left_out.append(failure.user_message)
        yield Skipped("file that cannot be read", _place(zips.shown_name(entries[0])))


def _refuse_bundle(archive: zipfile.ZipFile) -> None:
    """Documents of Apple's apps are archives of pieces that nothing else reads."""
    if any(name.endswith(".iwa") for name in archive.namelist()):
        raise UnknownFormat(
            gettext("This is a document of Pages, Numbers or Keynote. Export it as Word (.docx) or as PDF.")
        )


def _nothing(tally: _Tally, count: int) -> str:
    if not count:
        return gettext("This .zip is empty.")
    first = f" {tally.left_out[0]}" if tally.left_out else ""
    sentence = ngettext(
        "This .zip holds nothing that can be read (%(count)s file).",
        "This .zip holds nothing that can be read (%(count)s files).",
        count,
    )
    return sentence % {"count": f"{count:,}"} + first


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: zips.Budget, tally: _Tally) -> Iterator[Record]:
    """The records of one file, or one skip that says what it is."""
    name = zips.shown_name(entry)
    try:
        with zips.unpacked(archive, entry, budget=budget) as file:
            importer = registry.choose(file, name)
            is_page = _is_of_download(entry) and importer.name in {"html", "plain-text"}
            is_furniture = is_page and (tally.is_download or name == _TAKEOUT_PAGE)
            why_not = _why_not(importer.name, file, name, is_inside=tally.is_inside)
            if reason := "file of another kind" if is_furniture else why_not:
                yield Skipped(reason, _place(name))
                return
            if importer.name == Archive.name:
                yield from _inside(file, name, budget, tally)
                return
            tally.formats[importer.name] += 1
            for record in importer.parse(file):
                yield _placed(record, name)
    except ImportFailed as failure:
        if budget.is_spent:
            raise
        message = failure.user_message
        tally.left_out.append(message if name in message else f"{name}: {message}")
        yield Skipped("file that cannot be read", _place(name))


def _inside(file: BinaryIO, name: str, budget: zips.Budget, tally: _Tally) -> Iterator[Record]:
    """The records of an archive inside the archive. What they unpack to counts for both together."""
    tally.is_inside = True
    try:
        with zips.opened(file) as archive:
            for record in _records(archive, budget, tally):
                yield _placed(record, name)
    finally:
        tally.is_inside = False


def _medium(head: bytes) -> str:
    """What a file of pictures or sound is; or ""."""
    if head[4:8] == b"ftyp" and not media_kinds.is_recording(head):
        return "picture"
    if media_kinds.is_picture(head) or head.startswith(b"8BPS"):
        return "picture"
    if not media_kinds.is_recording(head):
        return ""
    is_video = head.startswith((b"\x1aE\xdf\xa3", b"FLV", b"\0\0\x01\xba")) or head[8:12] == b"AVI "
    return "video" if is_video or (head[4:8] == b"ftyp" and head[8:11] != b"M4A") else "sound recording"


def _why_not(format: str, file: BinaryIO, name: str, *, is_inside: bool) -> str:
    """Why a file is not read though an importer knows it; or ""."""
    is_archive = file.read(4) == zips.MAGIC
    file.seek(0)
    if is_archive and format not in _DOCUMENTS and (is_inside or format != Archive.name):
        return "archive inside the archive"
    if format == "character-card":
        return "character card (upload it by itself)"
    if format == "plain-text" and not name.casefold().endswith(_TEXT_NAMES):
        return "file of another kind"
    return ""


def _placed(record: Record, name: str) -> Record:
    match record:
        case Utterance() | Skipped():
            return replace(record, source_ref=f"{_place(name)}, {record.source_ref}"[:_LONGEST_PLACE])
        case Recognition():
            return replace(record, place=f"{_place(name)}, {record.place}"[:_LONGEST_PLACE])
        case Remark(text):
            return Remark(f"{name}: {text}")


def _place(name: str) -> str:
    return name if len(name) <= _NAME_CHARACTERS else f"{name[: _NAME_CHARACTERS - 1]}…"
