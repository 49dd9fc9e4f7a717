"""Values of exports as this site keeps them. An export may hold any type anywhere, so nothing here ever raises."""

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from text import cleaning

ME = "Me"  # the owner of an export that does not give the owner's name
DELETED = "Deleted account"
LONGEST_TEXT = 100_000  # characters of one message; more than any app lets a person send
_LONGEST_NAME = 100
_LONGEST_STAMP = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 4_102_444_800  # the year 2100


def words(value: Any) -> str:
    """A text without what a database cannot hold and without blanks around it; "" if the value is no text."""
    return cleaning.clean(value).strip() if isinstance(value, str) else ""


def name(value: Any) -> str:
    """A name in one line."""
    return _line(value[: 4 * _LONGEST_NAME]) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)  # an export repeats the few names and ids of a chat with each message
def _line(text: str) -> str:
    return cleaning.clean_line(text)[:_LONGEST_NAME].strip()


def key(value: Any) -> str:
    """An id as text: some versions of an app write it as a number."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30
    return str(value) if is_number else name(value)


def fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def seconds(value: Any) -> datetime | None:
    """The time of so many seconds since 1970, given as a number or as digits."""
    number = _number(value)
    if number is None or not 0 < number < _LAST_SECOND:
        return None
    return _EPOCH + timedelta(seconds=number)


def milliseconds(value: Any) -> datetime | None:
    number = _number(value)
    return None if number is None else seconds(number / 1000)


def microseconds(value: Any) -> datetime | None:
    number = _number(value)
    return None if number is None else seconds(number / 1_000_000)


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        value = value.strip()
        if not value or len(value) > _LONGEST_STAMP or not value.replace(".", "", 1).isascii():
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e18:
        return None
    return float(value) if math.isfinite(value) else None


def iso(value: Any) -> datetime | None:
    """The wall-clock time of an ISO 8601 stamp. Its zone is dropped: the person lived by that clock."""
    if not isinstance(value, str) or len(value) > _LONGEST_STAMP:
        return None
    try:
        return datetime.fromisoformat(value.strip().removesuffix(" UTC")).replace(tzinfo=UTC)
    except ValueError:
        return None
