"""The work of a child process on one uploaded picture. `personas.avatars` starts it."""

from collections.abc import Iterator
from typing import BinaryIO

from personas import avatars


def answers(file: BinaryIO) -> Iterator[tuple[str, bytes | str]]:
    """Yields the picture as WebP, or the reason why it is refused."""
    try:
        yield "picture", avatars.encoded(file)
    except avatars.PictureRefused as refusal:
        yield "refused", refusal.user_message
