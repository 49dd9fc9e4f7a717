"""The header of a GGUF file, without its weights and vocabulary (github.com/ggml-org/ggml, docs/gguf.md).

The gguf package makes an object of every word of a vocabulary. 49,000 words take 5 s, too long for a page.
"""

import math
import mmap
import struct
from pathlib import Path

_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_OLDEST = 2  # version 1 counted in 32 bits

Value = str | float | bool


class NotGGUF(Exception):
    pass


def read(path: Path) -> tuple[dict[str, Value], int]:
    """The fields that are not lists, and the number of parameters. Raises NotGGUF or OSError."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).read()
    except (struct.error, ValueError, KeyError, OverflowError, RecursionError) as error:
        raise NotGGUF(f"broken header ({type(error).__name__})") from None


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def read(self) -> tuple[dict[str, Value], int]:
        if self._data[:4] != b"GGUF":
            raise NotGGUF("it does not begin with GGUF")
        self._at = 4
        if self._number("<I") < _OLDEST:
            raise NotGGUF("it is of version 1")
        tensors, count = int(self._number("<Q")), int(self._number("<Q"))
        fields: dict[str, Value] = {}
        for _ in range(count):
            key = self._string()
            value = self._value(int(self._number("<I")))
            if value is not None:
                fields[key] = value
        return fields, sum(self._elements() for _ in range(tensors))

    def _number(self, form: str) -> float:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return value  # type: ignore[no-any-return]

    def _string(self) -> str:
        start = self._skipped_string()
        return self._data[start : self._at].decode("utf-8", "replace")

    def _skipped_string(self) -> int:
        length = int(self._number("<Q"))
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise NotGGUF("it ends too early")
        return start

    def _value(self, kind: int) -> Value | None:
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._number(_NUMBERS[kind])
        kind, length = int(self._number("<I")), int(self._number("<Q"))
        if kind in _NUMBERS:
            self._at += length * struct.calcsize(_NUMBERS[kind])
        else:
            for _ in range(length):
                self._skipped_string() if kind == _STRING else self._value(kind)
        return None

    def _elements(self) -> int:
        self._string()
        dimensions = [int(self._number("<Q")) for _ in range(int(self._number("<I")))]
        self._number("<I")  # the type of its numbers
        self._number("<Q")  # the offset of its numbers
        return math.prod(dimensions)
