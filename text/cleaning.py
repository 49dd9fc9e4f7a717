"""Makes text and JSON from outside storable where they enter the site.

PostgreSQL cannot store NUL, and neither UTF-8 nor a tokenizer knows a lone surrogate. A text that contains one would
fail later, far from its writer. Every loop here is linear in the text's length.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# Unicode's noncharacters, which no text is meant to hold; XML forbids two of them.
_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef"
    + "".join(chr(plane + end) for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF))
    + "]"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
# Blanks, controls, and characters that only affect others, such as zero-width joiners and changes of direction.
_INVISIBLE = {"Zs", "Zl", "Zp", "Cc", "Cf"}

JSON_DEPTH = 100  # Python's recursion limit is near 1,000, and a walk over a value takes one or two frames a level
NUMBER_DIGITS = 64


class BadJSON(ValueError):
    """Its text is a sentence about the fault. It quotes nothing of the input."""


class TooManyValues(BadJSON):
    pass


def clean(text: str) -> str:
    r"""The text with `\n` for line ends, U+FFFD for lone surrogates, no noncharacters, and no controls but the tab."""
    if text.isprintable():  # true of most lines, and false of all that is replaced below
        return text
    plain = _NONCHARACTER.sub("", _CONTROL.sub("", _LINE_END.sub("\n", text)))
    return _LONE_SURROGATE.sub("\ufffd", plain)


def storable(text: str) -> str:
    """The text without NUL and with U+FFFD for lone surrogates. All else stays: for what must go out as it came."""
    return _LONE_SURROGATE.sub("\ufffd", text.replace("\0", ""))


def clean_line(text: str) -> str:
    """As `clean`, in one line: for a name, a title or a search."""
    return " ".join(clean(text).split())


def is_blank(text: str) -> bool:
    """Whether the text has no visible character."""
    return all(unicodedata.category(character) in _INVISIBLE for character in text)


def whole_number(text: str, *, most: int) -> int | None:
    """The number from 0 to `most` in ASCII digits, or None. Never converts more digits than `most` has."""
    if not (text.isascii() and text.isdecimal()) or len(text.lstrip("0")) > len(str(most)):
        return None
    number = int(text.lstrip("0") or "0")
    return number if number <= most else None


def parsed_json(document: str | bytes, *, most_values: int | None = None, cleaned: Callable[[str], str] = clean) -> Any:
    """The parsed JSON value, with every text in it cleaned. Raises BadJSON, also for more than `most_values`."""
    try:
        if most_values is not None:
            refuse_many_values(document, most_values)
        value = json.loads(document, parse_int=_short_int, parse_float=_short_float)
    except RecursionError:
        raise _too_deep() from None
    except BadJSON:
        raise
    except ValueError:  # also for bytes that are not Unicode text
        raise BadJSON(gettext("It is not JSON, or it is cut off.")) from None
    return clean_json(value, cleaned=cleaned)


def refuse_many_values(document: str | bytes, most: int) -> None:
    """Raises TooManyValues if the document has more values than `most`, and UnicodeError if it is not Unicode text.

    The values are counted before they are made: two megabytes of empty lists take a second to make and to clean.
    """
    text = document if isinstance(document, str) else document.decode(json.detect_encoding(document), "surrogatepass")
    outside = _JSON_STRING.sub("", text)
    # An opening bracket or a comma comes before each value but those of one-field objects, and the lines of JSONL.
    count = sum(map(outside.count, "[{,\n"))
    if count > most:
        raise TooManyValues(
            gettext("It has about {count} values; the limit is {limit}.").format(count=f"{count:,}", limit=f"{most:,}")
        )


def clean_json(value: Any, *, depth: int = JSON_DEPTH, cleaned: Callable[[str], str] = clean) -> Any:
    """A value of JSON's types, with every text in it cleaned. Raises BadJSON if it is nested deeper than `depth`."""
    if isinstance(value, str):
        return cleaned(value)
    if not isinstance(value, list | dict):
        return value
    if depth == 0:
        raise _too_deep()
    if isinstance(value, list):
        return [clean_json(item, depth=depth - 1, cleaned=cleaned) for item in value]
    return {cleaned(str(name)): clean_json(item, depth=depth - 1, cleaned=cleaned) for name, item in value.items()}


def _short_int(digits: str) -> int:
    return int(_bounded(digits))


def _short_float(digits: str) -> float:
    return float(_bounded(digits))


def _bounded(digits: str) -> str:
    if len(digits) > NUMBER_DIGITS:
        raise BadJSON(
            gettext("A number in it has {count} digits; the limit is {limit}.").format(
                count=f"{len(digits):,}", limit=NUMBER_DIGITS
            )
        )
    return digits


def _too_deep() -> BadJSON:
    return BadJSON(gettext("It is nested too deeply; the limit is {limit} levels.").format(limit=JSON_DEPTH))
