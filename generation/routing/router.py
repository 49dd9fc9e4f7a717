"""Chooses a reply's engine: the first that is available and allowed. If it fails, the next one continues."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Literal, cast

from django.conf import settings

from generation import engine_kinds, metrics, reply_text
from generation.engine import (
    BudgetSpent,
    Engine,
    EngineError,
    EngineInfo,
    EngineNotReady,
    EngineUnavailable,
    LocalEngine,
    Prompt,
    PromptTooLong,
    Ranking,
    RankingEngine,
    Sampling,
    Token,
    Usage,
)
from generation.models import EngineEntry
from generation.routing import engine_rows, failovers, spending
from generation.routing.engine_pool import POOL
from generation.routing.failovers import Failure
from text import cleaning

logger = logging.getLogger(__name__)

Build = Callable[[EngineInfo, Callable[[str], int]], tuple[Prompt, Sampling]]
Rank = Callable[[EngineInfo, Callable[[str], int]], Ranking]
Announce = Callable[[EngineInfo, str], None]

_FAILURES_TO_OPEN = 3
_OPEN_FOR = timedelta(seconds=30)
_NO_ENGINE = "No engine is switched on; see Engines in the admin."


class Breaker:
    """Keeps replies away from a broken engine, so that people do not wait for it.

    After three failures in a row the breaker is open for 30 s, or until a health check succeeds. Then one reply may
    try (half-open), and its outcome closes the breaker or opens it again.
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
            self._opened_at = self._clock()  # only this caller may try
            return True

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        with self._lock:
            if self._opened_at is None:
                return "closed"
            return "open" if self._clock() - self._opened_at < _OPEN_FOR.total_seconds() else "half-open"

    def recovered(self) -> None:
        """Marks the engine as recovered: the next reply may try it at once."""
        with self._lock:
            if self._opened_at is not None:
                self._opened_at = self._clock() - _OPEN_FOR.total_seconds()

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._opened_at = 0, None

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= _FAILURES_TO_OPEN:
                self._opened_at = self._clock()


_breakers: dict[tuple[str, ...], Breaker] = {}
_breakers_lock = threading.Lock()


def breaker(entry: EngineEntry) -> Breaker:
    """This process's breaker of an engine. An engine with another address or model has another breaker."""
    with _breakers_lock:
        return _breakers.setdefault((entry.name, entry.kind, entry.base_url, entry.model), Breaker())


@dataclass
class _Reply:
    """What is asked for, and what all engines of the reply together have written so far."""

    build: Build
    rank: Rank | None
    cancelled: Callable[[], bool]
    account: str
    text: list[str] = field(default_factory=list)
    tokens: int = 0


@dataclass
class _Trouble:
    """What has kept the reply from its engines so far. `reason` explains the change to the next engine."""

    last: EngineError = field(default_factory=lambda: EngineUnavailable(_NO_ENGINE))
    reason: str = ""
    failures: list[Failure] = field(default_factory=list)  # not told yet

    def refused(self, error: EngineError) -> None:
        """The engine was not asked at all."""
        self.last, self.reason = error, self.reason or error.code

    def failed(self, entry: EngineEntry, error: EngineError, tokens: int) -> None:
        """The engine broke off after the reply had `tokens`."""
        self.last = error
        if isinstance(error, EngineNotReady):
            return
        # A prompt that is too long is no fault of the engine. Another engine may have a longer window.
        if not isinstance(error, PromptTooLong):
            breaker(entry).failed()
            metrics.FAILURES.labels(engine=entry.name, code=error.code).inc()
            logger.warning("generation.engine_failed", extra={"engine": entry.name, "code": error.code})
        self.failures.append(Failure(entry.name, error.code, str(error), tokens))
        self.reason = error.code

    def tell(self, taken_over_by: str = "") -> None:
        failovers.record(replace(failure, taken_over_by=taken_over_by) for failure in self.failures)
        self.failures.clear()


def stream(
    build: Build,
    cancelled: Callable[[], bool],
    announce: Announce,
    *,
    rank: Rank | None = None,
    account: str = "",
) -> Generator[Token]:
    """The tokens of one reply. The last one carries the usage of all engines that took part.

    `build` makes the prompt for each engine that is tried, so that form, window and tokenizer fit. `announce` is called
    with the engine that generates and the reason of the change ("" for the first engine). `rank` makes the ranking by
    which an engine chooses among candidates, if it can and `Sampling.candidates` asks for more than one. `account` is
    an opaque id for the budgets; "" has no budget of its own. Raises the last EngineError when no engine is left; the
    tokens yielded so far stay valid. After a cancellation no other engine is tried, and nothing is raised.
    """
    reply, trouble = _Reply(build, rank, cancelled, account), _Trouble()
    for entry in engine_rows.candidates():
        if refusal := _refusal(entry, account):
            trouble.refused(refusal)
            continue
        before = reply.tokens
        try:
            with POOL.borrowed(entry.name, cancelled) as engine:
                yield from _engine_tokens(entry, engine, reply, partial(_announce, entry, trouble, announce))
        except EngineError as error:
            trouble.failed(entry, error, reply.tokens)
            if cancelled():
                break
        else:
            # An engine that was stopped before its first token has shown nothing. It may hang.
            if reply.tokens > before or not cancelled():
                breaker(entry).succeeded()
            return
    trouble.tell()
    if not cancelled():
        raise trouble.last


def _announce(entry: EngineEntry, trouble: _Trouble, announce: Announce, info: EngineInfo) -> None:
    trouble.tell(taken_over_by=entry.name)
    announce(info, trouble.reason)


def stream_from(
    entry: EngineEntry, engine: Engine, build: Build, cancelled: Callable[[], bool], *, rank: Rank | None = None
) -> Generator[Token]:
    """The tokens of one reply from an engine that serves nobody. No other engine takes over. Raises EngineError.

    `entry` is what its row would be. Its cost is counted under that name.
    """
    yield from _engine_tokens(entry, engine, _Reply(build, rank, cancelled, ""), lambda info: None)


def engines_without_adapters() -> list[str]:
    """The engines that cannot use a fine-tune. Where one of them answers, the model answers as it is."""
    can_adapt = engine_kinds.ADAPTING - ({"transformers"} if settings.CUDA_BLOCKS else set())
    return [entry.name for entry in engine_rows.enabled() if entry.kind not in can_adapt]


def read_ahead(build: Build) -> None:
    """Has the first engine read the beginning of the next prompt in advance, if that engine runs in this process.

    A remote engine charges for it, or cannot keep the result. Raises EngineError.
    """
    for entry in engine_rows.candidates():
        if entry.kind not in engine_kinds.SCORING:
            return
        with contextlib.suppress(EngineNotReady), POOL.borrowed(entry.name) as engine:
            prompt, _ = build(_described(entry, engine), engine.count_tokens)
            cast(LocalEngine, engine).read_ahead(prompt)
            return


def _refusal(entry: EngineEntry, account: str) -> EngineError | None:
    """Why this engine is not asked now: its budget is used up, or its breaker is open."""
    if budget := spending.used_up(entry, account):
        return BudgetSpent(f"{entry.name} has used up its {budget}.")
    if not breaker(entry).allows():
        return EngineUnavailable(f"{entry.name} failed {_FAILURES_TO_OPEN} times and is spared for a while.")
    return None


def _described(entry: EngineEntry, engine: Engine) -> EngineInfo:
    """The engine with the name of its row, and the number of candidates that it draws unless a persona wants fewer."""
    info = engine.describe()
    count = 1
    if entry.kind in engine_kinds.RANKING:
        count = entry.candidates or (info.sampling.candidates if entry.kind in engine_kinds.RANKING_UNASKED else 1)
    return replace(
        info,
        name=entry.name,
        sampling=replace(info.sampling, candidates=count),
        chat_sampling=info.chat_sampling and replace(info.chat_sampling, candidates=count),
    )


@dataclass
class _Part:
    """The tokens that one engine writes of a reply, as they are counted and timed."""

    engine: str
    model: str
    tokens: int = 0
    usage: Usage | None = None
    _started: float = field(default_factory=time.monotonic)
    _first_at: float = 0.0
    _last_at: float = 0.0

    def count(self) -> None:
        self._last_at = time.monotonic()
        if not self.tokens:
            self._first_at = self._last_at
            metrics.FIRST_TOKEN.labels(engine=self.engine).observe(self._first_at - self._started)
        self.tokens += 1
        metrics.TOKENS.labels(engine=self.engine, model=self.model).inc()

    def report_speed(self) -> None:
        if self._last_at > self._first_at:
            speed = (self.tokens - 1) / (self._last_at - self._first_at)
            metrics.REPLY_SPEED.labels(engine=self.engine).set(speed)


def _engine_tokens(
    entry: EngineEntry, engine: Engine, reply: _Reply, announce: Callable[[EngineInfo], None]
) -> Iterator[Token]:
    """The tokens of one engine. Its cost is counted however its part ends."""
    info = _described(entry, engine)
    prompt, sampling, ranking = _asked(entry, engine, info, reply)
    announce(info)
    part = _Part(entry.name, info.model)
    replies_in_progress = metrics.SPEAKING.labels(engine=entry.name)
    try:
        with (
            replies_in_progress.track_inprogress(),
            contextlib.closing(_iterator(engine, prompt, sampling, ranking, reply.cancelled)) as tokens,
        ):
            for token in map(_cleaned, tokens):
                if token.usage is None:
                    part.count()
                    reply.tokens += 1
                else:
                    part.usage = token.usage
                    token = replace(token, usage=replace(token.usage, completion_tokens=reply.tokens))
                reply.text.append(token.text)
                yield token
    finally:
        part.report_speed()
        if part.usage is None and part.tokens:
            part.usage = Usage(engine.count_tokens(prompt.whole), 0, part.tokens, is_estimated=True)
        if part.usage is not None:
            spending.record(entry=entry, account=reply.account, usage=part.usage)


def _asked(
    entry: EngineEntry, engine: Engine, info: EngineInfo, reply: _Reply
) -> tuple[Prompt, Sampling, Ranking | None]:
    """What this engine is asked for. Raises PromptTooLong."""
    prompt, sampling = reply.build(info, engine.count_tokens)
    if reply.tokens:
        # The next engine continues the reply so far, without a thought that the last engine broke off.
        prompt = prompt.continued(reply_text.reply_in("".join(reply.text)))
        sampling = replace(sampling, max_tokens=max(1, sampling.max_tokens - reply.tokens))
    sampling = replace(sampling, candidates=_affordable(entry, engine, prompt, sampling, reply.account))
    is_ranked = sampling.candidates > 1 and entry.kind in engine_kinds.RANKING
    ranking = reply.rank(info, engine.count_tokens) if reply.rank is not None and is_ranked else None
    return prompt, sampling, ranking


def _affordable(entry: EngineEntry, engine: Engine, prompt: Prompt, sampling: Sampling, account: str) -> int:
    """The number of candidates. Each one of a remote engine costs, with its prompt if the server draws one by one."""
    if not entry.is_remote or sampling.candidates == 1:
        return sampling.candidates
    size = {"prompt_tokens": engine.count_tokens(prompt.whole), "completion_tokens": sampling.max_tokens}
    return spending.affordable(entry, account, most=sampling.candidates, **size)


def _cleaned(token: Token) -> Token:
    """A token that every store accepts: clean text and finite numbers."""
    alternatives = tuple((cleaning.clean(text), value) for text, value in token.alternatives if math.isfinite(value))
    logprob = token.logprob if token.logprob is not None and math.isfinite(token.logprob) else None
    return replace(token, text=cleaning.clean(token.text), logprob=logprob, alternatives=alternatives)


def _iterator(
    engine: Engine, prompt: Prompt, sampling: Sampling, ranking: Ranking | None, cancelled: Callable[[], bool]
) -> Generator[Token]:
    """The engine's tokens as a generator. Closing it reaches the engine, even if the engine returns an iterator."""
    if ranking is None:
        yield from engine.stream(prompt, sampling, cancelled)
    else:
        yield from cast(RankingEngine, engine).stream_ranked(prompt, sampling, ranking, cancelled)
