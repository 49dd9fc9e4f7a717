"""Sentence vectors by all-MiniLM-L6-v2. It is good at English; in other languages it only knows shared word pieces."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from moderation.filter import encoder


class MiniLM:
    """Uses the same encoder as the filter, so a process loads its weights once. Thread-safe."""

    name = "all-minilm-l6-v2"
    dimensions = encoder.DIMENSIONS
    unrelated, same = 0.0, 1.0

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, 384], rows of length 1. Raises moderation.filter.encoder.EncoderMissing."""
        return encoder.minilm().encode(texts)
