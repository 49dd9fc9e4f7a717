"""Continuous batching: one thread steps all replies together; they join and leave between steps.

Each step takes one new token of every reply in generation. The remaining room is filled with prompt
tokens of new replies. Caches of finished replies are kept. So the next turn of a chat, or another
chat with the same persona, only reads the new tokens.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np

from generation.engine import Adapter, EngineFailed, EngineUnavailable
from generation.engines.batching import steps
from generation.engines.batching.forward_pass import SLACK, Cache, ForwardPass, Logits, Segment
from generation.engines.batching.low_rank import LowRank
from generation.engines.batching.sampling import Chooser

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Copying a shorter common beginning costs more than it saves.
_SHORTEST_SHARED = 8
# While replies are in generation, a pass reads this part of the prompt tokens that it could read. Each running reply
# waits for the whole pass: with 128 tokens of a long prompt in it, five tokens a second are left on two cores.
_BUSY_SHARE = 4
# Tokens read ahead in one piece. A reply that arrives meanwhile waits for one piece: a quarter of a second on two
# cores.
_AHEAD = 64


@dataclass(frozen=True)
class Step:
    """One token of a reply, or its end. At the end `token` is None, and `error` is set if generation broke."""

    token: int | None
    logprob: float = 0.0
    alternatives: Sequence[tuple[int, float]] = ()
    error: Exception | None = None


@dataclass(eq=False)
class Request:
    prompt: list[int]
    chooser: Chooser
    max_tokens: int
    ends: frozenset[int]  # tokens that end a text
    adapter: LowRank | None = None
    steps: "queue.SimpleQueue[Step]" = field(default_factory=queue.SimpleQueue)
    cancelled: bool = False
    cached_tokens: int = 0
    cache: Cache | None = None  # set at its first step
    generated: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)  # tokens that are not in the cache yet


@dataclass(eq=False)
class _Errand:
    work: Callable[[], Any]
    done: "Future[Any]" = field(default_factory=Future)

    def run(self) -> None:
        if not self.done.set_running_or_notify_cancel():
            return  # nobody waits for it any more
        try:
            self.done.set_result(self.work())
        except Exception as error:
            self.done.set_exception(error)

    def fail(self, error: Exception) -> None:
        if self.done.set_running_or_notify_cancel():
            self.done.set_exception(error)


class Batcher:
    """Owns the forward pass. `submit`, `between_steps` and `close` may be called from any thread."""

    def __init__(self, forward_pass: ForwardPass, *, concurrent: int, step_tokens: int) -> None:
        """`step_tokens` limits a pass, so that a long prompt does not delay the running replies."""
        self._forward_pass = forward_pass
        self._concurrent = concurrent
        self._step_tokens = step_tokens
        self._inbox: queue.SimpleQueue[Request | _Errand | None] = queue.SimpleQueue()
        self._queued: deque[Request] = deque()
        self._errands: deque[_Errand] = deque()
        self._active: list[Request] = []
        self._kept: list[Cache] = []  # ordered by age, the newest last
        self._lock = threading.Lock()
        # Caches and requests hold their adapters. An adapter that nothing holds any more leaves the memory.
        self._loaded: WeakValueDictionary[Adapter, LowRank] = WeakValueDictionary()
        self._loading = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        self._put(request)

    def between_steps(self, work: Callable[[], T]) -> "Future[T]":
        """Runs `work` on the model's thread between two steps. `work` must be short, since every reply waits for it."""
        errand = _Errand(work)
        self._put(errand)
        return errand.done

    @property
    def is_busy(self) -> bool:
        """Whether a reply is being generated or waits."""
        return bool(self._active or self._queued)

    def load(self, adapter: Adapter | None) -> LowRank | None:
        """An adapter in memory, as long as somebody holds it. Any thread may call it. Raises EngineFailed."""
        if adapter is None:
            return None
        with self._loading:
            loaded = self._loaded.get(adapter)
            if loaded is None:
                loaded = self._loaded[adapter] = self._forward_pass.load(adapter)
            return loaded

    def known_beginning(self, prompt: list[int], adapter: LowRank | None = None) -> Cache:
        """A new cache with the longest known beginning of `prompt`, without the last token.

        Call it only between steps, and pass the cache to `keep` afterwards.
        """
        best, length = self._longest_beginning(prompt, adapter)
        return best.beginning(length) if best else self._forward_pass.cache(adapter)

    def read_variants(
        self, prompts: Sequence[list[int]], variants: Sequence[list[int]], adapter: LowRank | None = None
    ) -> list[list[Logits]]:
        """Reads several continuations of each prompt in two passes. Returns the logits that predict their tokens.

        Call it only between steps. The prompts' caches are kept.
        """
        caches = [self.known_beginning(prompt, adapter) for prompt in prompts]
        unread = [(cache, prompt[len(cache.tokens) : -1]) for cache, prompt in zip(caches, prompts, strict=True)]
        segments: list[Segment] = []
        try:
            if rest := [Segment(cache, tokens) for cache, tokens in unread if tokens]:
                self._read(rest, [0])
            segments = [
                Segment(cache.beginning(len(cache.tokens)), [prompt[-1], *variant[:-1]])
                for cache, prompt in zip(caches, prompts, strict=True)
                for variant in variants
            ]
            rows = self._read(segments, list(range(sum(len(segment.tokens) for segment in segments))))
        finally:
            for segment in segments:
                segment.cache.release()
            for cache in caches:
                self.keep(cache)
        logits = iter(np.split(rows, np.cumsum([len(segment.tokens) for segment in segments])[:-1]))
        return [[next(logits) for _ in variants] for _ in prompts]

    def read_on(self, cache: Cache, tokens: list[int], keep: list[int]) -> Logits:
        """Reads `tokens` into the cache and returns the logits after the tokens at the positions `keep`.

        Call it only between steps.
        """
        return self._read([Segment(cache, tokens)], keep)

    def _read(self, segments: Sequence[Segment], keep: list[int]) -> Logits:
        self._make_room(segments)
        return self._forward_pass.read(segments, keep)

    def read_ahead(self, prompt: list[int], adapter: LowRank | None = None) -> bool:
        """Reads one piece of a prompt before a reply is requested, and keeps its cache. Returns whether more is left.

        Call it only between steps. Replies have priority, and continue from what was read.
        """
        if self.is_busy:
            return False
        cache = self._best_cache(prompt, adapter)
        try:
            self.read_on(cache, prompt[len(cache.tokens) :][:_AHEAD], [0])
        finally:
            self.keep(cache)
        return len(cache.tokens) < len(prompt)

    def keep(self, cache: Cache) -> None:
        """Keeps a cache as long as there is room. Call it only between steps."""
        if len(cache.tokens) >= _SHORTEST_SHARED:
            self._kept.append(cache)
        else:
            cache.release()

    def discard(self, caches: Sequence[Cache]) -> None:
        """Releases kept caches that nobody will continue. Call it only between steps."""
        for cache in caches:
            if cache in self._kept:
                self._kept.remove(cache)
                cache.release()

    def forget(self) -> None:
        """Has every kept cache released soon, and the adapters that only these hold. Running replies keep theirs."""

        def release() -> None:
            self._forget()
            self._forward_pass.forget()

        self.between_steps(release)

    def _put(self, item: Request | _Errand) -> None:
        with self._lock:
            if self._closed:
                raise EngineUnavailable("The engine is closed.")
            self._inbox.put(item)

    def close(self) -> None:
        """Waits for the pass under way, but no longer than for one that does not hang."""
        with self._lock:
            self._closed = True
            self._inbox.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(steps.LONGEST_PASS_S)
            if self._thread.is_alive():
                logger.warning("generation.pass_hangs")

    def _run(self) -> None:
        while self._receive():
            try:
                self._admit()
                if self._active:
                    self._step()
                if self._errands:
                    self._errands.popleft().run()
            except Exception as error:
                logger.exception("generation.step_failed")
                self._fail(EngineFailed(type(error).__name__))
                self._forget()
        self._fail(EngineFailed("The engine was closed."))
        self._forget()

    def _receive(self) -> bool:
        """Takes new items from the inbox. Waits if there is no other work. Returns False once the batcher is closed."""
        block = not (self.is_busy or self._errands)
        while True:
            try:
                item = self._inbox.get(block=block)
            except queue.Empty:
                return True
            if item is None:
                return False
            self._take(item)
            block = False

    def _take(self, item: Request | _Errand) -> None:
        if isinstance(item, _Errand):
            self._errands.append(item)
        else:
            self._queued.append(item)

    def _admit(self) -> None:
        for request in [r for r in self._active if r.cancelled]:
            self._end(request)
        while self._queued and len(self._active) < self._concurrent:
            request = self._queued.popleft()
            if request.cancelled:
                request.steps.put(Step(None))
                continue
            request.waiting = [*request.prompt, *request.generated]
            self._active.append(request)

    def _begun(self, request: Request) -> Cache:
        """The request's cache. A known beginning is searched for as late as possible, because requests that arrive
        together may share one."""
        if request.cache is None:
            request.cache = self._best_cache(request.waiting, request.adapter)
            request.cached_tokens = request.cached_tokens or len(request.cache.tokens)
            del request.waiting[: len(request.cache.tokens)]
        return request.cache

    def _best_cache(self, prompt: list[int], adapter: LowRank | None) -> Cache:
        """A cache with the longest known beginning of `prompt`, which a request may continue."""
        best, length = self._longest_beginning(prompt, adapter)
        if best is None:
            return self._forward_pass.cache(adapter)
        if best in self._kept and len(best.tokens) - length <= _SHORTEST_SHARED:
            # The next turn of the same chat takes the cache over without a copy. The cache of another chat stays whole.
            self._kept.remove(best)
            best.cut(length)
            return best
        return best.beginning(length)

    def _longest_beginning(self, prompt: list[int], adapter: LowRank | None) -> tuple[Cache | None, int]:
        """The cache with the longest beginning in common with `prompt`, and that length in tokens.

        The last token of `prompt` does not count. It is read again for its logits. A cache belongs to its adapter.
        """
        best, length = None, 0
        for cache in (*self._kept, *(request.cache for request in self._active if request.cache is not None)):
            known = cache.tokens
            if cache.adapter is not adapter or len(known) <= length or known[length] != prompt[length]:
                continue
            shared = min(_common(known, prompt), len(prompt) - 1)
            if shared > length:
                best, length = cache, shared
        return (best, length) if length >= _SHORTEST_SHARED else (None, 0)

    def _step(self) -> None:
        takers, segments = self._next_pass()
        while not self._make_room(segments):
            self._put_back(self._active[-1])
            takers, segments = self._next_pass()
        logits = self._forward_pass.read(segments)
        choices = []
        for request, segment, row in zip(takers, segments, logits, strict=True):
            request.waiting = request.waiting[len(segment.tokens) :]
            if not request.waiting:
                choices.append((request, request.chooser.choose(row)))
        # After all choices, because a thread that receives its token wakes up and would delay the next choice.
        for request, choice in choices:
            self._deliver(request, *choice)

    def _next_pass(self) -> tuple[list[Request], list[Segment]]:
        """One token of every reply in generation, then prompts, the shortest first, as far as there is room.

        A short prompt does not wait for a long one, which somebody else may have sent to slow down the site. The first
        prompt that does not fit gets the remaining room. The others wait: in the next pass they may share the
        beginning that it has read.
        """
        takers = [request for request in self._active if len(request.waiting) == 1]
        segments = [Segment(self._begun(request), request.waiting) for request in takers]
        room = max(self._step_tokens // _BUSY_SHARE if takers else self._step_tokens, 1)
        reading = [request for request in self._active if len(request.waiting) > 1]
        for request in sorted(reading, key=self._unread):
            if room <= 0:
                break
            fits = self._unread(request) <= room
            cache = self._begun(request)
            tokens = request.waiting[:room]
            room = room - len(tokens) if fits else 0
            takers.append(request)
            segments.append(Segment(cache, tokens))
        return takers, segments

    def _unread(self, request: Request) -> int:
        """The number of its tokens that no cache holds."""
        known = 0 if request.cache is not None else self._longest_beginning(request.waiting, request.adapter)[1]
        return len(request.waiting) - known

    def _deliver(self, request: Request, token: int, logprob: float, alternatives: Sequence[tuple[int, float]]) -> None:
        if token in request.ends:
            self._end(request)
            return
        request.steps.put(Step(token, logprob, alternatives))
        request.waiting = [token]
        request.generated.append(token)
        if len(request.generated) >= request.max_tokens:
            self._end(request)

    def _end(self, request: Request) -> None:
        self._active.remove(request)
        request.steps.put(Step(None))
        if request.cache is not None:
            self.keep(request.cache)

    def _make_room(self, segments: Sequence[Segment]) -> bool:
        """Releases kept caches, the oldest first, until the segments fit. Returns False if a reply has to wait."""
        needed = sum(len(segment.tokens) + SLACK for segment in segments)
        while self._kept and self._forward_pass.free < needed:
            self._kept.pop(0).release()
        return self._forward_pass.free >= needed or len(self._active) == 1

    def _put_back(self, request: Request) -> None:
        """Returns the newest request to the queue to make room. Its generated tokens are kept and read again later."""
        self._active.remove(request)
        self._queued.appendleft(request)
        if request.cache is not None:
            request.cache.release()
            request.cache = None

    def _forget(self) -> None:
        while self._kept:
            self._kept.pop().release()

    def _fail(self, error: Exception) -> None:
        while not self._inbox.empty():
            if (item := self._inbox.get()) is not None:
                self._take(item)
        for request in (*self._active, *self._queued):
            request.steps.put(Step(None, error=error))
            if request.cache is not None:
                request.cache.release()
        for errand in self._errands:
            errand.fail(error)
        self._active.clear()
        self._queued.clear()
        self._errands.clear()


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    length = min(len(first), len(second))
    unequal = np.flatnonzero(np.asarray(first[:length]) != np.asarray(second[:length]))
    return int(unequal[0]) if len(unequal) else length
