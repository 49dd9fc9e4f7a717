"""Which blocks of a pool hold which sequence's keys and values: the bookkeeping of paged attention (Kwon et al. 2023).

Blocks are shared by sequences with a common beginning, to the token: one that is shared is copied before it is written.
"""

from collections import Counter
from collections.abc import Callable, Sequence


class BlockCache:
    """One sequence's tokens and the numbers of its blocks."""

    def __init__(self, pool: "BlockPool") -> None:
        self.tokens: list[int] = []
        self.blocks: list[int] = []
        self._pool = pool

    def beginning(self, length: int) -> "BlockCache":
        shared = BlockCache(self._pool)
        shared.tokens = self.tokens[:length]
        shared.blocks = self.blocks[: self._pool.blocks_of(length)]
        self._pool.share(shared.blocks)
        return shared

    def cut(self, length: int) -> None:
        del self.tokens[length:]
        kept = self._pool.blocks_of(length)
        self._pool.give_back(self.blocks[kept:])
        del self.blocks[kept:]

    def release(self) -> None:
        self.cut(0)

    def grow(self, count: int) -> None:
        """Blocks of its own for the next `count` tokens."""
        begun, offset = divmod(len(self.tokens), self._pool.size)
        if offset:
            self.blocks[begun] = self._pool.own(self.blocks[begun])
        while len(self.blocks) < self._pool.blocks_of(len(self.tokens) + count):
            self.blocks.append(self._pool.take())


class BlockPool:
    """Which blocks are free, and by how many sequences the others are held."""

    def __init__(self, numbers: range, size: int, copy: Callable[[int, int], None]) -> None:
        """Blocks of `size` tokens; `copy(source, target)` copies the keys and values of one into another."""
        self.size = size
        self._copy = copy
        self._free = list(numbers)
        self._holders: Counter[int] = Counter()

    @property
    def free(self) -> int:
        """In tokens."""
        return len(self._free) * self.size

    def blocks_of(self, tokens: int) -> int:
        """How many blocks hold so many tokens."""
        return -(-tokens // self.size)

    def take(self) -> int:
        block = self._free.pop()
        self._holders[block] = 1
        return block

    def share(self, blocks: Sequence[int]) -> None:
        self._holders.update(blocks)

    def give_back(self, blocks: Sequence[int]) -> None:
        self._holders.subtract(blocks)
        self._free.extend(block for block in blocks if not self._holders[block])

    def own(self, block: int) -> int:
        """The block itself, or a copy where somebody else holds it too."""
        if self._holders[block] == 1:
            return block
        copy = self.take()
        self._copy(block, copy)
        self.give_back([block])
        return copy
