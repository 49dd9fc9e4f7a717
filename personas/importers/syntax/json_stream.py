"""Reads JSON as a stream: whole small values out of a file of any size, each with its path.

The standard library's scanner decodes each value in C. Only the named lists and objects are walked into, so memory
holds one value at a time, or a few hundred kilobytes of small ones. Reading a large file with a callback for each token
takes several times as long.
"""

import io
import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TextIO

import msgspec
from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding

Path = tuple[str, ...]
EACH = "*"  # the step of a path that leads to any element of a list
MOST_VALUE = 16 * 1024**2  # characters of one value; messengers allow some thousand in a message
_CHUNK = 1 << 18
_BLANKS = re.compile(r"[ \t\r\n]*")
_OUTER = re.compile(r"[^\[{]*")
_C_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda name: None)
_TRIES = 4  # of decoding many elements at once
_LIST = msgspec.json.Decoder(list[Any])  # quicker than _DECODER, and refuses some of what that accepts


def walk(stream: BinaryIO, encoding: Encoding, *, into: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    """Yields the path and the value of everything that the lists and objects at the paths `into` hold, in order.

    What stands before the first bracket is passed over. Raises DamagedFile and FileTooLarge.
    """
    with _text(stream, encoding) as text:
        window = _Window(text)
        window.skip(_OUTER)
        yield from _values(window, (), into)


def each(stream: BinaryIO, encoding: Encoding) -> Iterator[Any]:
    """The values of a file that has one after another, such as JSON lines. Raises DamagedFile and FileTooLarge."""
    with _text(stream, encoding) as text:
        window = _Window(text)
        while window.next():
            yield window.value()


def glimpse(head: bytes, *, into: Collection[Path], shows_empty: bool = False) -> dict[Path, Any]:
    """The first value at each path in the beginning of a file; None where the beginning ends within it.

    With `shows_empty`, a list or an object of `into` that holds nothing is a value, too.
    """
    window = _Window(io.StringIO(decoding.decode_head(head)), shows_empty=shows_empty)
    window.skip(_OUTER)
    values: dict[Path, Any] = {}
    with suppress(DamagedFile, FileTooLarge):
        for path, value in _values(window, (), into):
            values.setdefault(path, value)
        return values
    values.setdefault(window.path, None)
    return values


@contextmanager
def _text(stream: BinaryIO, encoding: Encoding) -> Iterator[TextIO]:
    stream.seek(0)
    wrapper = io.TextIOWrapper(stream, encoding=encoding.name, errors="replace", newline="")
    try:
        yield wrapper
    except UnicodeError as error:
        raise DamagedFile(
            gettext("This file says that it is %(upper)s, but its bytes are not.") % {"upper": encoding.name.upper()}
        ) from error
    finally:
        wrapper.detach()


def _values(window: "_Window", path: Path, into: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    window.path = path
    opening = window.next()
    if path not in into or opening not in ("[", "{"):
        yield path, window.value()
        return
    window.at += 1
    closing = "]" if opening == "[" else "}"
    if window.next() == closing:
        window.at += 1
        if window.shows_empty:
            yield path, [] if opening == "[" else {}
        return
    step, is_list = (*path, EACH), opening == "["
    if is_list and step not in into:
        window.path = step
        yield from ((step, value) for value in window.elements())
        return
    while True:
        if not is_list:
            step = (*path, window.key())
        if step in into:
            yield from _values(window, step, into)
        else:
            window.path = step
            yield step, window.value()
        if window.take("," + closing) == closing:
            return


class _Window:
    """The part of a text that is being read. `path` is the place of the value that is read now."""

    def __init__(self, source: TextIO, *, shows_empty: bool = False) -> None:
        self._source = source
        self.shows_empty = shows_empty
        self._text = ""
        self._is_regular = True
        self.at = 0
        self.path: Path = ()

    def next(self) -> str:
        """The next character that is not blank, without passing it; "" at the end."""
        return self.skip(_BLANKS)

    def skip(self, passed: re.Pattern[str]) -> str:
        while True:
            match = passed.match(self._text, self.at)
            assert match is not None  # the patterns match an empty text
            self.at = match.end()
            if self.at < len(self._text):
                return self._text[self.at]
            if not self._grow():
                return ""

    def take(self, expected: str) -> str:
        """Passes one of the expected characters and returns it."""
        character = self._text[self.at : self.at + 1]
        if not character or character not in expected:
            character = self.next()
        if not character or character not in expected:
            raise _damaged()
        self.at += 1
        return character

    def key(self) -> str:
        if self.next() != '"':
            raise _damaged()
        key: str = self.value()
        self.take(":")
        return key

    def value(self) -> Any:
        self.next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.at)
            except RecursionError:
                raise DamagedFile(
                    gettext("This file cannot be read: its JSON is nested too deeply. Export it again.")
                ) from None
            except ValueError as error:  # cut by the window's end, wrong, or a number with thousands of digits
                if not self._mend(error) and not self._grow():
                    raise _damaged() from None
            else:
                if end < len(self._text) or not self._grow():  # "12" may go on as "123"
                    self.at = end
                    return value

    def elements(self) -> Iterator[Any]:
        """The values of a list that is not empty. Its opening bracket is passed."""
        while True:
            yield self.value()
            if self.take(",]") == "]":
                return
            yield from self._objects()

    def _objects(self) -> list[Any]:
        """The next elements, decoded at once, if they are objects that stand apart as the next one from the last.

        A cut behind an object leaves a list of whole elements, or it lies inside one and leaves no JSON. If each of the
        last cuts does, the elements are decoded one by one until the text grows.
        """
        blanks = _BLANKS.match(self._text, self.at)
        opening = f"{blanks[0] if blanks else ''}{{"
        if not self._is_regular or not self._text.startswith(opening, self.at):
            return []
        end = self.at + _CHUNK
        for _ in range(_TRIES):
            end = self._text.rfind(f"}},{opening}", self.at, end) + 1
            with suppress(ValueError, RecursionError):
                objects = _LIST.decode(f"[{self._text[self.at : end]}]") if end else []
                self.at = end + 1 if objects else self.at
                self._is_regular = bool(objects)
                return objects
        self._is_regular = False
        return []

    def _grow(self) -> bool:
        """Reads on, at least as much as is unread, so that a long value is tried few times. False at the end."""
        unread = len(self._text) - self.at
        if unread > MOST_VALUE:
            raise FileTooLarge(
                gettext("One record of this file has more than %(most_value)s million characters, which is the limit.")
                % {"most_value": MOST_VALUE // 1024**2}
            )
        chunk = self._source.read(max(_CHUNK, unread))
        if chunk:
            self._text = self._text[self.at :] + chunk
            self.at = 0
            self._is_regular = True
        return bool(chunk)

    def _mend(self, error: ValueError) -> bool:
        r"""Writes control characters as JSON does. Telegram Desktop writes them as \x0B."""
        if "Invalid \\escape" not in str(error):
            return False
        mended = _C_ESCAPE.sub(r"\1\\u00\2", self._text[self.at :])
        is_mended = len(mended) != len(self._text) - self.at
        self._text, self.at = mended, 0
        return is_mended


def _damaged() -> DamagedFile:
    return DamagedFile(
        gettext("This file is cut off or damaged: its JSON ends early or holds an error. Export it again.")
    )
