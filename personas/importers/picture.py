"""The work of a child process on one uploaded picture. `personas.avatars` starts it."""

from base64 import b64encode
from collections.abc import Iterator
from typing import BinaryIO

from personas import avatars


def answers(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yields the picture as WebP in base64, or the reason why it is refused."""
    try:
        yield "picture", b64encode(avatars.encoded(file)).decode()
    except avatars.PictureRefused as refusal:
        yield "refused", refusal.user_message
