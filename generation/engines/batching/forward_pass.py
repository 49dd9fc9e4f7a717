"""How the batcher sees a model, whichever library computes it: segments of sequences in, logits out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

Logits = np.ndarray[Any, np.dtype[np.float32]]


class Cache(Protocol):
    """What a model has read of one sequence. `tokens` are those that it stands for."""

    tokens: list[int]

    def beginning(self, length: int) -> Self:
        """The first `length` tokens, which another sequence may continue."""
        ...

    def cut(self, length: int) -> None:
        """Forgets all after the first `length` tokens."""
        ...

    def release(self) -> None:
        """Gives its room back; it is not used again."""
        ...


@dataclass(frozen=True)
class Segment:
    """The next tokens of one sequence; they follow on what its cache holds."""

    cache: Cache
    tokens: Sequence[int]


class ForwardPass(Protocol):
    """A model and the room for its caches. One thread at a time."""

    @property
    def free(self) -> int:
        """Tokens that can still be read. Each segment may need SLACK beside its own."""
        ...

    def cache(self) -> Cache:
        """That of a new sequence."""
        ...

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        """Runs the segments in one pass and enters their tokens into their caches.

        Returns the logits after each segment's last token, or after those at the positions `keep` of all tokens
        in a row: `[segments or kept, vocabulary]`.
        """
        ...


# A block that is begun and one that is copied before it is written.
SLACK = 64


def ends(segments: Sequence[Segment]) -> list[int]:
    """The position of each segment's last token among all in a row."""
    return [int(end) - 1 for end in np.cumsum([len(segment.tokens) for segment in segments])]


def positions(segments: Sequence[Segment]) -> list[int]:
    """Where in its own sequence each token stands."""
    return [len(s.cache.tokens) + i for s in segments for i in range(len(s.tokens))]
