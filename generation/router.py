"""Which engine speaks: the first that can, and the next one, from the same word on, when it breaks."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.conf import settings

from generation import metrics
from generation.engines.base import (
    Engine,
    EngineError,
    EngineInfo,
    EngineUnavailable,
    Prompt,
    PromptTooLong,
    Sampling,
    Token,
)
from generation.pool import POOL

logger = logging.getLogger(__name__)

Build = Callable[[EngineInfo, Callable[[str], int]], tuple[Prompt, Sampling]]
Announce = Callable[[EngineInfo, str], None]

_FAILURES_TO_OPEN = 3
_OPEN_FOR = timedelta(seconds=30)


class Breaker:
    """Spares a broken engine, and people the wait for it.

    After three failures in a row it is open for 30 s; then one reply may try, and its outcome decides.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._lock = threading.Lock()

    def allows(self) -> bool:
        with self._lock:
            if self._opened_at is None:
                return True
            if self._clock() - self._opened_at < _OPEN_FOR.total_seconds():
                return False
            self._opened_at = self._clock()  # this caller is the one that tries
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._opened_at = 0, None

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= _FAILURES_TO_OPEN:
                self._opened_at = self._clock()


_breakers: dict[str, Breaker] = {}
_breakers_lock = threading.Lock()


def breaker(name: str) -> Breaker:
    with _breakers_lock:
        return _breakers.setdefault(name, Breaker())


@dataclass
class _Said:
    """What all engines together have said of one reply."""

    text: list[str] = field(default_factory=list)
    tokens: int = 0


def stream(build: Build, cancelled: Callable[[], bool], announce: Announce) -> Iterator[Token]:
    """The tokens of one reply; the last one carries the usage, over all engines that took part.

    `build` makes the prompt anew for every engine that is tried, so form, window and tokenizer fit.
    `announce` hears which engine speaks, and why it changed ("" at first). Raises the last
    EngineError when no engine is left; what was yielded stands.
    """
    said = _Said()
    reason = ""
    last: EngineError = EngineUnavailable("No engine is configured; name one in ENGINES.")
    for name in settings.ENGINES:
        gate = breaker(name)
        if not gate.allows():
            last = EngineUnavailable(f"{name} failed {_FAILURES_TO_OPEN} times and is spared for a while.")
            reason = reason or last.code
            continue
        try:
            with POOL.borrowed(name) as engine:
                yield from _spoken(engine, build, cancelled, announce, said, reason)
        except PromptTooLong as error:
            # No fault of the engine: another one may have a longer window.
            last, reason = error, error.code
        except EngineError as error:
            gate.failed()
            metrics.FAILURES.labels(engine=name, code=error.code).inc()
            logger.warning("generation.engine_failed", extra={"engine": name, "code": error.code})
            last, reason = error, error.code
        else:
            gate.succeeded()
            return
    raise last


def _spoken(
    engine: Engine, build: Build, cancelled: Callable[[], bool], announce: Announce, said: _Said, reason: str
) -> Iterator[Token]:
    info = engine.describe()
    prompt, sampling = build(info, engine.count_tokens)
    before = said.tokens
    if said.text:
        prompt = prompt.continued("".join(said.text))
        sampling = replace(sampling, max_tokens=max(1, sampling.max_tokens - before))
    announce(info, reason)
    started = time.monotonic()
    with metrics.SPEAKING.track_inprogress(), contextlib.closing(_iterator(engine, prompt, sampling, cancelled)) as it:
        for token in it:
            if token.usage is None and said.tokens == before:
                metrics.FIRST_TOKEN.observe(time.monotonic() - started)
            if token.usage is None:
                said.tokens += 1
                metrics.TOKENS.labels(engine=info.name, model=info.model).inc()
            else:
                token = replace(token, usage=replace(token.usage, completion_tokens=said.tokens))
            said.text.append(token.text)
            yield token


def _iterator(engine: Engine, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Generator[Token]:
    """As a generator, so that closing the chain reaches the engine even if it returns a plain iterator."""
    yield from engine.stream(prompt, sampling, cancelled)
