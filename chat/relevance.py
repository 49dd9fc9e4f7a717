"""How well words answer a talk, by their meaning: a learned comparison of sentence vectors.

The vectors are those of the filter's encoder. The texts that a reply follows are each mapped by a matrix and summed;
the reply is mapped by one more; the relevance is the cosine of the two. `relevance_training` fits the matrices on the
written dialogues (learned response ranking: Gao et al. 2020). English only, as the encoder is.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from moderation.filter import encoder
from personas.prompt import Spoken

WEIGHTS = Path(__file__).parent / "data" / "relevance.safetensors"
LANGUAGES = {"en"}
# What a reply follows, and the matrix of each: the newest message, the turns before it, and who the persona is.
SOURCES = ("message", "reply_before", "message_before", "introduction")

Vector = npt.NDArray[np.float32]


def context(turns: Sequence[Spoken], introduction: str) -> Vector:
    """float32 [384]: what a reply to the last turn has to fit. Raises encoder.EncoderMissing."""
    newest_first = [turn.text for turn in turns[-3:]][::-1]
    followed = dict(zip(SOURCES, newest_first, strict=False)) | {"introduction": introduction}
    names = [name for name, text in followed.items() if text]
    vectors = encoder.minilm().encode([followed[name] for name in names])
    matrices = _matrices()
    total = np.sum([vector @ matrices[name] for name, vector in zip(names, vectors, strict=True)], axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


def relevance(context: Vector, texts: Sequence[str]) -> list[float]:
    """The relevance of each text as a reply, from -1 to 1. Raises encoder.EncoderMissing."""
    mapped = encoder.minilm().encode(texts) @ _matrices()["reply"]
    return [float(row @ context / np.linalg.norm(row)) for row in mapped]


@cache
def _matrices() -> dict[str, Vector]:
    return {name: matrix.astype(np.float32) for name, matrix in load_file(WEIGHTS).items()}
