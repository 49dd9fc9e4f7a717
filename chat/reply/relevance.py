"""How well words answer a talk, by their meaning: a learned comparison of sentence vectors.

One network reads the talk, with the newest message behind the turns before it and the persona's introduction, and the
words that may answer it. Each vector is mapped by a matrix of its side; the relevance is the cosine of the two.
`relevance_training` fine-tunes all-MiniLM-L6-v2 for this on the written dialogues (learned response ranking: Gao et
al. 2020). Its word vectors stay those of the package, so the file holds the layers alone. English only.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from moderation.filter import encoder
from moderation.networks import bert
from moderation.networks.bert import Bert, Row
from persona_site.loading import loaded_once
from personas.prompting.prompt import Spoken

WEIGHTS = Path(__file__).parents[1] / "data" / "relevance.safetensors"
_LANGUAGE = "en"
TURNS = 3  # of the talk that are read, the message to answer among them
# Tokens that are read of each text, from its beginning.
_INTRODUCTION, _EARLIER, _MESSAGE, _REPLY = 40, 32, 64, 48
_TALK_BEGINS, _REPLY_BEGINS, _END = 2, 101, 102  # [unused1], [CLS] and [SEP] of the encoder's vocabulary

Vector = npt.NDArray[np.float32]


def covers(language: str) -> bool:
    """Whether replies in this language (a BCP 47 tag) can be compared."""
    return language.casefold().split("-")[0] == _LANGUAGE


def context(turns: Sequence[Spoken], introduction: str) -> Vector:
    """float32 [384]: what a reply to the last turn has to fit. Raises encoder.EncoderMissing."""
    return _comparison().context([turn.text for turn in turns[-TURNS:]], introduction)


def relevance(context: Vector, texts: Sequence[str]) -> list[float]:
    """The relevance of each text as a reply, from -1 to 1. Raises encoder.EncoderMissing."""
    return [float(value) for value in _comparison().replies(texts) @ context]


def load() -> None:
    """Loads the comparison, so that the first reply does not wait for it. Raises encoder.EncoderMissing."""
    _comparison()


def talk_row(tokenizer: Tokenizer, texts: Sequence[str], introduction: str) -> Row:
    """The last turns of a talk, the message to answer last. Only its tokens count in the mean."""
    *earlier, message = texts
    parts = [_ids(tokenizer, introduction, _INTRODUCTION), *(_ids(tokenizer, text, _EARLIER) for text in earlier)]
    before = [_TALK_BEGINS, *(token for part in parts for token in (*part, _END))]
    return Row((*before, *_ids(tokenizer, message, _MESSAGE), _END), first=len(before))


def reply_row(tokenizer: Tokenizer, text: str) -> Row:
    return Row((_REPLY_BEGINS, *_ids(tokenizer, text, _REPLY), _END))


def save(path: Path, weights: dict[str, Any], *, talk: Vector, reply: Vector) -> None:
    """Writes what is read here: the network's weights without its word vectors, and the matrices of both sides."""
    layers = bert.rounded({name: value for name, value in weights.items() if name != bert.WORDS})
    save_file(layers | {"talk": talk, "reply": reply}, path, {"about": json.dumps({"base": "all-MiniLM-L6-v2"})})


class _Comparison:
    """The network and the matrices, loaded."""

    def __init__(self, path: Path) -> None:
        with safe_open(path, framework="numpy") as stored:
            arrays: dict[str, Any] = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        self._talk, self._reply = arrays.pop("talk"), arrays.pop("reply")
        words = bert.rounded({bert.WORDS: encoder.weights()[bert.WORDS]})
        self._tokenizer = encoder.tokenizer()
        self._bert = Bert(words | arrays, heads=encoder.HEADS)

    def context(self, texts: Sequence[str], introduction: str) -> Vector:
        """float32 [384], of length 1."""
        row: Vector = _normalised(self._bert.means([talk_row(self._tokenizer, texts, introduction)]) @ self._talk)[0]
        return row

    def replies(self, texts: Sequence[str]) -> Vector:
        """float32 [n, 384], rows of length 1."""
        return _normalised(self._bert.means([reply_row(self._tokenizer, text) for text in texts]) @ self._reply)


@loaded_once
def _comparison() -> _Comparison:
    """The one comparison of this process. Raises encoder.EncoderMissing."""
    return _Comparison(WEIGHTS)


def _ids(tokenizer: Tokenizer, text: str, length: int) -> list[int]:
    valid = text.encode("utf-8", "replace").decode()  # replaces unpaired surrogates
    ids: list[int] = tokenizer.encode(valid, add_special_tokens=False).ids[:length]
    return ids


def _normalised(rows: Vector) -> Vector:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
