"""The Embedder seam: it turns texts into unit vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Embedder(Protocol):
    name: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, dimensions], rows of length 1. The same text gives the same vector, apart from rounding."""
        ...
