"""The assignment of a pool's blocks to sequences: the bookkeeping of paged attention (Kwon et al. 2023).

A block holds keys and values. Sequences with a common beginning share blocks, up to the exact token. A shared block
is copied before a sequence writes to it.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from generation.engines.batching.low_rank import LowRank


class BlockCache:
    """One sequence's tokens and the numbers of its blocks."""

    def __init__(self, pool: "BlockPool", adapter: LowRank | None = None) -> None:
        self.tokens: list[int] = []
        self.adapter = adapter
        self.blocks: list[int] = []
        self._pool = pool

    def beginning(self, length: int) -> "BlockCache":
        shared = BlockCache(self._pool, self.adapter)
        shared.tokens = self.tokens[:length]
        shared.blocks = self.blocks[: self._pool.blocks_of(length)]
        self._pool.share(shared.blocks)
        return shared

    def cut(self, length: int) -> None:
        del self.tokens[length:]
        count = self._pool.blocks_of(length)
        self._pool.give_back(self.blocks[count:])
        del self.blocks[count:]

    def release(self) -> None:
        self.cut(0)

    def grow(self, count: int) -> None:
        """Adds blocks for the next `count` tokens. A shared last block is copied first."""
        last_block, offset = divmod(len(self.tokens), self._pool.size)
        if offset:
            self.blocks[last_block] = self._pool.own(self.blocks[last_block])
        while len(self.blocks) < self._pool.blocks_of(len(self.tokens) + count):
            self.blocks.append(self._pool.take())


class BlockPool:
    """The free blocks, and the number of sequences that hold each of the others."""

    def __init__(self, numbers: range, size: int, copy: Callable[[int, int], None]) -> None:
        """Blocks hold `size` tokens. `copy(source, target)` copies the keys and values of one block into another."""
        self.size = size
        self._copy = copy
        self._free = list(numbers)
        self._holders: Counter[int] = Counter()

    @property
    def free(self) -> int:
        """In tokens."""
        return len(self._free) * self.size

    def blocks_of(self, tokens: int) -> int:
        """The number of blocks that hold `tokens` tokens."""
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
        """The block itself, or a copy if another sequence holds it too."""
        if self._holders[block] == 1:
            return block
        copy = self.take()
        self._copy(block, copy)
        self.give_back([block])
        return copy
