"""The batcher's interface to a model, for every library: segments of sequences in, logits out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from generation.engine import Adapter
from generation.engines.batching.low_rank import LowRank

Logits = np.ndarray[Any, np.dtype[np.float32]]


class Cache(Protocol):
    """A model's state after one sequence of tokens, which are in `tokens`."""

    tokens: list[int]
    adapter: LowRank | None  # keys and values depend on it

    def beginning(self, length: int) -> Self:
        """The first `length` tokens, which another sequence may continue."""
        ...

    def cut(self, length: int) -> None:
        """Removes everything after the first `length` tokens."""
        ...

    def release(self) -> None:
        """Releases its room. The cache must not be used afterwards."""
        ...


@dataclass(frozen=True)
class Segment:
    """The next tokens of one sequence, after those in its cache."""

    cache: Cache
    tokens: Sequence[int]


class ForwardPass(Protocol):
    """A model and the room for its caches. Only one thread may use it at a time."""

    @property
    def free(self) -> int:
        """The number of tokens that can still be read. Each segment may need SLACK more than its own tokens."""
        ...

    @property
    def adapts(self) -> bool:
        """Whether its sequences may have adapters."""
        ...

    def load(self, adapter: Adapter) -> LowRank:
        """Reads an adapter, and makes ready what its sequences need. Any thread may call it. Raises EngineFailed."""
        ...

    def forget(self) -> None:
        """Lets go of the adapters of the last pass."""
        ...

    def cache(self, adapter: LowRank | None = None) -> Cache:
        """An empty cache for a new sequence."""
        ...

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        """Runs the segments in one pass and adds their tokens to their caches.

        Returns the logits `[segments or kept, vocabulary]`: those after each segment's last token, or those after
        the tokens at the positions `keep`, counted over the tokens of all segments in order.
        """
        ...


# In tokens: one new block, and one shared block that is copied before a write.
SLACK = 64


def ends(segments: Sequence[Segment]) -> list[int]:
    """The position of each segment's last token, counted over the tokens of all segments in order."""
    return [int(end) - 1 for end in np.cumsum([len(segment.tokens) for segment in segments])]


def positions(segments: Sequence[Segment]) -> list[int]:
    """The position of each token in its own sequence."""
    return [len(s.cache.tokens) + i for s in segments for i in range(len(s.tokens))]
