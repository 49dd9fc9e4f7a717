"""Reads files of an archive that belong together. One that is damaged is named, and the others are still read."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from personas.importers.base import DamagedFile, Member, Record, Remark, Skipped

_PLACE_CHARACTERS = 60
_MOST_TOLD = 5  # files whose reason is written out


def place(member: Member) -> str:
    """The end of a path, which tells one file from another."""
    return "/".join(member.path.split("/")[-2:])[-_PLACE_CHARACTERS:]


def records(members: Sequence[Member], read: Callable[[Member, BinaryIO], Iterator[Record]]) -> Iterator[Record]:
    """What `read` gives for each file in turn. Raises FileTooLarge."""
    told = 0
    for member in members:
        try:
            with member.open() as stream:
                yield from read(member, stream)
        except DamagedFile as failure:
            yield Skipped("file that cannot be read", place(member))
            told += 1
            if told <= _MOST_TOLD:
                yield Remark(f"{place(member)}: {failure.user_message}")
