"""Discord: what DiscordChatExporter writes (JSON, HTML, CSV, plain text), and Discord's own data package.

Sources: the writers of DiscordChatExporter (MIT), read for their fields and layouts.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import Member, Record, UnknownFormat
from personas.importers.chats.discord import data_package, html_export, json_export, table_export, text_export
from personas.importers.encodings import decoding

_Reader = Callable[[BinaryIO], Iterator[Record]]
_KINDS: tuple[tuple[Callable[[bytes], bool], _Reader], ...] = (
    (json_export.is_export, json_export.records),
    (html_export.is_page, html_export.records),
    (text_export.is_log, text_export.records),
    (table_export.is_table, table_export.records),
    (data_package.is_file, data_package.records),
)


class Discord:
    name = "discord"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.97 if _reader(head) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        reader = _reader(stream.read(decoding.HEAD_BYTES))
        if reader is None:
            raise UnknownFormat(
                gettext("This is no export of Discord that can be read. Export it as JSON, and upload that.")
            )
        yield from reader(stream)

    def members(self, paths: Sequence[str]) -> list[str]:
        return data_package.members(paths)

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        yield from data_package.parse_members(members)


def _reader(head: bytes) -> _Reader | None:
    return next((reader for is_kind, reader in _KINDS if is_kind(head)), None)
