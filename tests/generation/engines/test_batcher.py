"""Room for caches: kept caches are released for new tokens, and the newest request waits. On a fake forward pass."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from generation.engine import Adapter, EngineFailed, Sampling
from generation.engines.batching import steps
from generation.engines.batching.batcher import Batcher, Request, Step
from generation.engines.batching.forward_pass import SLACK, Logits, Segment
from generation.engines.batching.low_rank import LowRank
from generation.engines.batching.sampling import Chooser
from generation.engines.batching.steps import Cancelled, outcome

VOCABULARY = 50


class CountingCache:
    def __init__(self, forward_pass: "CountingForwardPass", adapter: LowRank | None) -> None:
        self.tokens: list[int] = []
        self.adapter = adapter
        self._forward_pass = forward_pass

    def beginning(self, length: int) -> "CountingCache":
        copy = self._forward_pass.cache(self.adapter)
        copy.tokens = self.tokens[:length]
        return copy

    def cut(self, length: int) -> None:
        del self.tokens[length:]

    def release(self) -> None:
        self._forward_pass.caches.remove(self)


class CountingForwardPass:
    """A fake model that always predicts the last token plus one, and raises an error above its capacity."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.caches: list[CountingCache] = []
        self.read_tokens = 0
        self.fullest = 0

    @property
    def free(self) -> int:
        return self.capacity - sum(len(cache.tokens) for cache in self.caches)

    @property
    def adapts(self) -> bool:
        return True

    def load(self, adapter: Adapter) -> LowRank:
        return LowRank(1, {})

    def forget(self) -> None:
        pass

    def cache(self, adapter: LowRank | None = None) -> CountingCache:
        self.caches.append(CountingCache(self, adapter))
        return self.caches[-1]

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        for segment in segments:
            segment.cache.tokens.extend(segment.tokens)
            self.read_tokens += len(segment.tokens)
        assert self.free >= 0
        self.fullest = max(self.fullest, self.capacity - self.free)
        rows = np.zeros((len(segments), VOCABULARY), dtype=np.float32)
        for row, segment in zip(rows, segments, strict=True):
            row[(segment.tokens[-1] + 1) % VOCABULARY] = 9
        return rows


class HangingForwardPass(CountingForwardPass):
    """A pass that does not end before it is released."""

    def __init__(self) -> None:
        super().__init__(capacity=400)
        self.hangs, self.released = threading.Event(), threading.Event()

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        self.hangs.set()
        self.released.wait(60)
        self.hangs.clear()
        return super().read(segments, keep)


def request(prompt: list[int], max_tokens: int = 4) -> Request:
    chooser = Chooser(Sampling(temperature=0, repetition_penalty=1), prompt, frozenset())
    return Request(prompt=prompt, chooser=chooser, max_tokens=max_tokens, ends=frozenset())


def said(asked: Request) -> list[int]:
    tokens = []
    while (step := asked.steps.get(timeout=20)).token is not None:
        tokens.append(step.token)
    if step.error is not None:
        raise step.error
    return tokens


def batcher(forward_pass: Any, step_tokens: int = 64) -> Batcher:
    return Batcher(forward_pass, concurrent=8, step_tokens=step_tokens)


def test_the_longest_unused_gives_way() -> None:
    forward_pass = CountingForwardPass(capacity=400)
    made = batcher(forward_pass)
    for start in range(10):
        asked = request([start] * 60)
        made.submit(asked)
        assert len(said(asked)) == 4
    assert forward_pass.fullest <= 400
    newest, oldest = request([9] * 60), request([0] * 60)
    for asked in (newest, oldest):
        made.submit(asked)
        said(asked)
    assert newest.cached_tokens == 59
    assert oldest.cached_tokens == 0
    made.close()
    assert forward_pass.free == 400


def test_who_came_last_waits_for_room_and_says_the_same() -> None:
    alone = request([3] * 50, max_tokens=100)
    made = batcher(CountingForwardPass(capacity=4000))
    made.submit(alone)
    expected = said(alone)
    made.close()

    forward_pass = CountingForwardPass(capacity=3 * SLACK + 250)  # room for three prompts, not for three replies
    made = batcher(forward_pass)
    asked = [request([start] * 50, max_tokens=100) for start in (3, 13, 23)]
    for each in asked:
        made.submit(each)
    replies = [said(each) for each in asked]
    assert replies[0] == expected
    assert [len(reply) for reply in replies] == [100, 100, 100]
    assert forward_pass.fullest <= forward_pass.capacity
    assert forward_pass.read_tokens > 3 * 149  # somebody was put back, and read again
    made.close()


def test_chats_with_a_common_beginning_each_find_their_own_again() -> None:
    made = batcher(CountingForwardPass(capacity=4000))
    for turn in range(3):
        for person in range(4):
            asked = request([1] * 40 + [10 + person] * (20 * turn + 10))
            made.submit(asked)
            said(asked)
            assert asked.cached_tokens >= (40 + 20 * turn - 10 if turn else 40 * bool(person))
    made.close()


def test_a_broken_pass_fails_those_under_way_and_nobody_after() -> None:
    class Breaking(CountingForwardPass):
        breaks = True

        def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
            if self.breaks:
                self.breaks = False
                raise RuntimeError("a kernel")
            return super().read(segments, keep)

    forward_pass = Breaking(capacity=400)
    made = batcher(forward_pass)
    first, second = request([1] * 20), request([2] * 20)
    made.submit(first)
    with pytest.raises(EngineFailed):
        said(first)
    made.submit(second)
    assert said(second) == [3, 4, 5, 6]
    made.close()
    assert forward_pass.free == 400


def test_a_reading_is_kept_for_the_next_turn() -> None:
    made = batcher(CountingForwardPass(capacity=4000))
    cache = made.between_steps(lambda: made.known_beginning([7] * 30)).result(5)
    made.between_steps(lambda: made.read_on(cache, [7] * 30, [29])).result(5)
    made.between_steps(lambda: made.keep(cache)).result(5)
    asked = request([7] * 40)
    made.submit(asked)
    said(asked)
    assert asked.cached_tokens == 30
    made.close()


def test_what_is_read_ahead_is_not_read_again() -> None:
    forward_pass = CountingForwardPass(capacity=4000)
    made = batcher(forward_pass)
    prompt = list(range(40)) * 5
    pieces = 1
    while made.between_steps(lambda: made.read_ahead(prompt)).result(5):
        pieces += 1
    assert forward_pass.read_tokens == 200
    assert pieces == 4  # of 64 tokens at most: somebody may ask in between
    asked = request([*prompt[:190], 41, 42])  # the ends differ: nobody knows what will be said
    made.submit(asked)
    said(asked)
    assert asked.cached_tokens == 190
    made.close()


def test_reading_ahead_gives_way_to_those_who_are_answered_and_they_go_on_from_it() -> None:
    forward_pass = CountingForwardPass(capacity=4000)
    made = batcher(forward_pass)
    prompt = list(range(40)) * 5
    assert made.between_steps(lambda: made.read_ahead(prompt)).result(5)
    asked = request(prompt, max_tokens=1000)
    made.submit(asked)
    assert asked.steps.get(timeout=20).token is not None
    assert not made.between_steps(lambda: made.read_ahead([7] * 100)).result(5)
    assert asked.cached_tokens == 64
    asked.cancelled = True
    said(asked)
    made.close()


def test_a_piece_that_breaks_leaves_the_room_as_it_was() -> None:
    class Breaking(CountingForwardPass):
        def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
            raise RuntimeError("a kernel")

    forward_pass = Breaking(capacity=400)
    made = batcher(forward_pass)
    with pytest.raises(RuntimeError):
        made.between_steps(lambda: made.read_ahead([7] * 30)).result(5)
    assert forward_pass.free == 400
    assert forward_pass.caches == []
    made.close()


def test_what_is_too_short_to_be_found_again_is_not_kept() -> None:
    """Health checks generate one token each, all day long."""
    forward_pass = CountingForwardPass(capacity=400)
    made = batcher(forward_pass)
    asked = request([7] * 3, max_tokens=2)
    made.submit(asked)
    said(asked)
    made.between_steps(lambda: None).result(5)  # the step that ended it is over
    assert forward_pass.free == 400
    made.close()


def test_steps_are_told_one_by_one() -> None:
    made = batcher(CountingForwardPass(capacity=4000))
    asked = request([7] * 30, max_tokens=2)
    made.submit(asked)
    step = asked.steps.get(timeout=20)
    assert isinstance(step, Step)
    assert step.token == 8
    made.close()


def test_a_kept_beginning_serves_only_its_own_adapter() -> None:
    made = batcher(CountingForwardPass(capacity=4000))
    adapters = [None, LowRank(1, {}), LowRank(1, {})]
    for known in (0, 30):
        for adapter in adapters:
            asked = request([7] * 31)
            asked.adapter = adapter
            made.submit(asked)
            said(asked)
            assert asked.cached_tokens == known
    made.close()


def test_an_adapter_stays_in_memory_while_somebody_holds_it() -> None:
    made = batcher(CountingForwardPass(capacity=4000))
    named = Adapter("a", "weights", "folder")
    first = made.load(named)
    assert made.load(named) is first
    assert made.load(None) is None
    number = id(first)
    del first
    assert number not in map(id, made._loaded.values())
    made.close()


def test_a_stop_does_not_wait_for_a_pass_that_hangs_and_what_it_waited_for_is_not_done() -> None:
    forward_pass = HangingForwardPass()
    made, done = batcher(forward_pass), list[str]()
    made.submit(request([7] * 30))
    assert forward_pass.hangs.wait(20)
    with pytest.raises(Cancelled):
        outcome(made.between_steps(lambda: done.append("compared")), forward_pass.hangs.is_set)
    assert forward_pass.hangs.is_set()
    forward_pass.released.set()
    outcome(made.between_steps(lambda: done.append("next")))
    assert done == ["next"]
    made.close()


def test_closing_does_not_wait_for_a_pass_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last reply of an engine that was replaced closes it, and the probe closes one that broke."""
    monkeypatch.setattr(steps, "LONGEST_PASS_S", 0.1)
    forward_pass = HangingForwardPass()
    made, asked = batcher(forward_pass), request([7] * 30)
    made.submit(asked)
    assert forward_pass.hangs.wait(20)
    made.close()
    assert forward_pass.hangs.is_set()
    forward_pass.released.set()
    with pytest.raises(EngineFailed, match="closed"):
        said(asked)
