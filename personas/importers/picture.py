"""What a child process does with a picture that somebody uploaded; `personas.avatars` asks for it."""

from base64 import b64encode
from collections.abc import Iterator
from typing import BinaryIO

from personas import avatars


def answers(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """The picture as WebP, in base64, or why not."""
    try:
        yield "picture", b64encode(avatars.encoded(file)).decode()
    except avatars.PictureRefused as refusal:
        yield "refused", refusal.user_message
