"""The Embedder seam: it turns texts into unit vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Embedder(Protocol):
    name: str
    dimensions: int
    unrelated: float  # the inner product of texts that have nothing to do with each other
    same: float  # of texts that say the same

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, dimensions], rows of length 1. The same text gives the same vector, apart from rounding."""
        ...


def closeness(embedder: Embedder, product: float) -> float:
    """How near two texts are in meaning, from an inner product of the embedder: about 0 unrelated, 1 the same."""
    return (product - embedder.unrelated) / (embedder.same - embedder.unrelated)
