"""Discord: what DiscordChatExporter writes (JSON, HTML, CSV, plain text), and Discord's own data package.

Sources: the writers of DiscordChatExporter (MIT), read for their fields and layouts.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers import (
    decoding,
    discord_html,
    discord_json,
    discord_package,
    discord_table,
    discord_text,
)
from personas.importers.base import Member, Record, UnknownFormat

_Reader = Callable[[BinaryIO], Iterator[Record]]
_KINDS: tuple[tuple[Callable[[bytes], bool], _Reader], ...] = (
    (discord_json.is_export, discord_json.records),
    (discord_html.is_page, discord_html.records),
    (discord_text.is_log, discord_text.records),
    (discord_table.is_table, discord_table.records),
    (discord_package.is_file, discord_package.records),
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
        return discord_package.members(paths)

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        yield from discord_package.parse_members(members)


def _reader(head: bytes) -> _Reader | None:
    return next((reader for is_kind, reader in _KINDS if is_kind(head)), None)
