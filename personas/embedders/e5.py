"""Sentence vectors by multilingual-e5-small, for Chinese.

Its vectors lie close together around one direction, so short lines are near to everything. Their mean is taken away
(Mu and Viswanath 2018). `e5_centre.json` is the mean of 300 messages of the written dialogues.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from moderation.filter import chinese_encoder

CENTRE = Path(__file__).parent / "e5_centre.json"


class E5:
    """Uses the same encoder as the monitor, so a process loads its weights once, at the first text. Thread-safe."""

    name = "multilingual-e5-small-centred"
    dimensions = chinese_encoder.DIMENSIONS
    unrelated, same = 0.0, 0.7

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, 384], rows of length 1. Only the first 128 tokens count. Raises EncoderMissing."""
        centred = chinese_encoder.encode(texts) - _centre()
        return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), dtype=np.float32)


@cache
def _centre() -> npt.NDArray[np.float32]:
    return np.array(json.loads(CENTRE.read_text("utf-8")), dtype=np.float32)
