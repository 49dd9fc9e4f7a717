"""Typed readers of the environment.

Every setting is read through one of these. A malformed value stops the start with a sentence that
names the variable. A secret can also come from the file that `NAME_FILE` names (Docker and systemd
credentials).
"""

import os
import re
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dotenv
from django.core.exceptions import ImproperlyConfigured

# Values of the environment override the file.
dotenv.load_dotenv(Path(__file__).resolve().parent.parent / ".env")

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_SIZES = {"": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_DURATIONS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
# Longer than anything is kept. Without it, "now less the duration" could be a date before the year 1.
_LONGEST = timedelta(days=36500)


def text(name: str, default: str = "") -> str:
    """The value without surrounding blanks. An empty value counts as none: `.env.example` has many."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write yes or no.")


def choice(name: str, default: str, *, of: Collection[str]) -> str:
    value = text(name, default)
    if value not in of:
        raise ImproperlyConfigured(f"{name} is {value!r}; write {', '.join(sorted(of))}.")
    return value


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(f"{name} is {value!r}; write a name such as Europe/Berlin.") from None
    return value


def country(name: str) -> str:
    """Two capital letters (ISO 3166-1), or ""."""
    value = text(name).upper()
    if value and not re.fullmatch(r"[A-Z]{2}", value):
        raise ImproperlyConfigured(f"{name} is {value!r}; write two letters, such as GB or DE.")
    return value


def integer(name: str, default: int, *, minimum: int | None = None, maximum: int | None = None) -> int:
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number.") from None
    if minimum is not None and number < minimum:
        raise ImproperlyConfigured(f"{name} is {number}; the smallest possible value is {minimum}.")
    if maximum is not None and number > maximum:
        raise ImproperlyConfigured(f"{name} is {number}; the largest possible value is {maximum}.")
    return number


def duration(name: str, default: str, *, minimum: timedelta = timedelta(0)) -> timedelta:
    """A duration such as `90s`, `15m`, `2h` or `30d`. The largest is 36500 days."""
    value = text(name, default)
    match = re.fullmatch(r"(\d{1,12})(ms|s|m|h|d)", value)
    if match is None:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a duration such as 90s, 15m, 2h or 30d.")
    seconds = int(match[1]) * _DURATIONS[match[2]]
    if not minimum.total_seconds() <= seconds <= _LONGEST.total_seconds():
        smallest = f"{minimum.total_seconds():.0f}s"
        raise ImproperlyConfigured(f"{name} is {value!r}; write a duration from {smallest} to {_LONGEST.days}d.")
    return timedelta(seconds=seconds)


def size(name: str, default: str) -> int:
    """A size in bytes, from `25MB`, `512KB` or a plain number of bytes."""
    value = text(name, default).upper().replace(" ", "")
    match = re.fullmatch(r"(\d{1,15})(KB|MB|GB|)", value)
    if match is None:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a size such as 25MB.")
    return int(match[1]) * _SIZES[match[2]]


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret(name: str) -> str:
    """The value of NAME, or the content of the file that NAME_FILE points at."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE points at {path}, which cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}_FILE points at {path}, which is not text (UTF-8).") from None
