"""The JSON of a character card: bytes of unknown encoding -> an object that this site can keep.

A card comes from a stranger. What would overflow a stack, a number or the database further on is refused here. Its
texts keep their line ends and controls, since a card goes out as it came; where a text is used, it is cleaned.
"""

import base64
import binascii
import io
import math
from typing import Any

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge
from personas.importers.encodings import decoding
from text import cleaning

JSON_BYTES = 8 * 1024**2
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def loaded(raw: bytes) -> dict[str, Any]:
    """The object in a JSON text, as PostgreSQL can hold it. Raises DamagedFile or FileTooLarge."""
    if len(raw) > JSON_BYTES:
        raise FileTooLarge(
            gettext("This card has more than %(json_bytes)s MB of JSON, which is the limit.")
            % {"json_bytes": JSON_BYTES // 1024**2}
        )
    try:
        card = cleaning.parsed_json(_text(raw), cleaned=cleaning.storable)
    except cleaning.BadJSON as error:
        raise DamagedFile(gettext("This card's JSON cannot be read. %(error)s") % {"error": error}) from None
    if not isinstance(card, dict):
        raise DamagedFile(gettext("This JSON file is not a character card: it holds no object with a card's fields."))
    finite: dict[str, Any] = _finite(card)
    return finite


def unwrapped(value: bytes) -> bytes:
    """The JSON inside a picture: base64 by the specification, bare in some old files.

    Line breaks, missing padding and the URL-safe alphabet are accepted. Raises DamagedFile.
    """
    stripped = value.strip().removeprefix(b"\xef\xbb\xbf")
    if stripped.startswith(b"{"):
        return stripped
    digits = b"".join(stripped.split()).rstrip(b"=").translate(_URL_SAFE)
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error as error:
        raise DamagedFile(
            gettext("The character card inside this picture is cut off or damaged (its base64 is broken).")
        ) from error


def _text(raw: bytes) -> str:
    encoding = decoding.detect(io.BytesIO(raw))
    return raw.decode(encoding.name, errors="replace").removeprefix("\ufeff").rstrip("\0")


def _finite(value: Any) -> Any:
    """Null in place of NaN, which PostgreSQL's JSON does not know. Raises DamagedFile at a number past all bounds."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and math.isinf(value):
        raise DamagedFile(gettext("This card holds a number that is too large."))
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
