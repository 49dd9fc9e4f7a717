"""Chooses a reply's engine: the first that is available and allowed. If it fails, the next one continues."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal, cast

from django.conf import settings

from generation import metrics, reply_text
from generation.engines import registry
from generation.engines.base import (
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
class _Progress:
    """The text of one reply so far, from all its engines together."""

    text: list[str] = field(default_factory=list)
    tokens: int = 0


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
    progress = _Progress()
    reason = ""
    last: EngineError = EngineUnavailable("No engine is switched on; see Engines in the admin.")
    failures: list[Failure] = []
    for entry in engine_rows.candidates():
        gate = breaker(entry)
        try:
            _admit(entry, account, gate)
        except EngineError as error:
            last, reason = error, reason or error.code
            continue

        def announce_engine(info: EngineInfo, entry: EngineEntry = entry) -> None:
            failovers.record(replace(failure, taken_over_by=entry.name) for failure in failures)
            failures.clear()
            announce(info, reason)  # noqa: B023  called only within this round of the loop

        tokens_before = progress.tokens
        try:
            with POOL.borrowed(entry.name) as engine:
                yield from _engine_tokens(entry, engine, build, rank, cancelled, announce_engine, progress, account)
        except EngineNotReady as error:
            last = error
        except EngineError as error:
            # A prompt that is too long is no fault of the engine. Another engine may have a longer window.
            if not isinstance(error, PromptTooLong):
                gate.failed()
                metrics.FAILURES.labels(engine=entry.name, code=error.code).inc()
                logger.warning("generation.engine_failed", extra={"engine": entry.name, "code": error.code})
            failures.append(Failure(entry.name, error.code, str(error), progress.tokens))
            last, reason = error, error.code
            if cancelled():
                break
        else:
            # An engine that was stopped before its first token has shown nothing. It may hang.
            if progress.tokens > tokens_before or not cancelled():
                gate.succeeded()
            return
    failovers.record(failures)
    if not cancelled():
        raise last


def stream_from(
    entry: EngineEntry, engine: Engine, build: Build, cancelled: Callable[[], bool], *, rank: Rank | None = None
) -> Generator[Token]:
    """The tokens of one reply from an engine that serves nobody. No other engine takes over. Raises EngineError.

    `entry` is what its row would be. Its cost is counted under that name.
    """
    yield from _engine_tokens(entry, engine, build, rank, cancelled, lambda info: None, _Progress(), "")


def engines_without_adapters() -> list[str]:
    """The engines that cannot use a fine-tune. Where one of them answers, the model answers as it is."""
    can_adapt = registry.ADAPTING - ({"transformers"} if settings.CUDA_BLOCKS else set())
    return [entry.name for entry in engine_rows.enabled() if entry.kind not in can_adapt]


def read_ahead(build: Build) -> None:
    """Has the first engine read the beginning of the next prompt in advance, if that engine runs in this process.

    A remote engine charges for it, or cannot keep the result. Raises EngineError.
    """
    for entry in engine_rows.candidates():
        if entry.kind not in registry.SCORING:
            return
        with contextlib.suppress(EngineNotReady), POOL.borrowed(entry.name) as engine:
            prompt, _ = build(_described(entry, engine), engine.count_tokens)
            cast(LocalEngine, engine).read_ahead(prompt)
            return


def _admit(entry: EngineEntry, account: str, gate: Breaker) -> None:
    """Raises BudgetSpent, or EngineUnavailable while the breaker is open."""
    if budget := spending.used_up(entry, account):
        raise BudgetSpent(f"{entry.name} has used up its {budget}.")
    if not gate.allows():
        raise EngineUnavailable(f"{entry.name} failed {_FAILURES_TO_OPEN} times and is spared for a while.")


def _described(entry: EngineEntry, engine: Engine) -> EngineInfo:
    """The engine with the name of its row, and the number of candidates that it draws unless a persona wants fewer."""
    info = engine.describe()
    count = 1
    if entry.kind in registry.RANKING:
        count = entry.candidates or (info.sampling.candidates if entry.kind in registry.RANKING_UNASKED else 1)
    return replace(
        info,
        name=entry.name,
        sampling=replace(info.sampling, candidates=count),
        chat_sampling=info.chat_sampling and replace(info.chat_sampling, candidates=count),
    )


def _engine_tokens(
    entry: EngineEntry,
    engine: Engine,
    build: Build,
    rank: Rank | None,
    cancelled: Callable[[], bool],
    announce_engine: Callable[[EngineInfo], None],
    progress: _Progress,
    account: str,
) -> Iterator[Token]:
    """The tokens of one engine. Its cost is counted however its part ends."""
    info = _described(entry, engine)
    prompt, sampling = build(info, engine.count_tokens)
    before = progress.tokens
    if progress.tokens:
        # The next engine continues the reply so far, without a thought that the last engine broke off.
        prompt = prompt.continued(reply_text.reply_in("".join(progress.text)))
        sampling = replace(sampling, max_tokens=max(1, sampling.max_tokens - before))
    sampling = replace(sampling, candidates=_affordable(entry, engine, prompt, sampling, account))
    is_ranked = rank is not None and sampling.candidates > 1 and entry.kind in registry.RANKING
    ranking = rank(info, engine.count_tokens) if rank is not None and is_ranked else None
    announce_engine(info)
    started = first_at = last_at = time.monotonic()
    usage: Usage | None = None
    replies_in_progress = metrics.SPEAKING.labels(engine=entry.name)
    try:
        with (
            replies_in_progress.track_inprogress(),
            contextlib.closing(_iterator(engine, prompt, sampling, ranking, cancelled)) as tokens,
        ):
            for token in map(_cleaned, tokens):
                if token.usage is None:
                    last_at = time.monotonic()
                    if progress.tokens == before:
                        first_at = last_at
                        metrics.FIRST_TOKEN.labels(engine=entry.name).observe(first_at - started)
                    progress.tokens += 1
                    metrics.TOKENS.labels(engine=entry.name, model=info.model).inc()
                else:
                    usage = token.usage
                    token = replace(token, usage=replace(usage, completion_tokens=progress.tokens))
                progress.text.append(token.text)
                yield token
    finally:
        if last_at > first_at:
            speed = (progress.tokens - before - 1) / (last_at - first_at)
            metrics.REPLY_SPEED.labels(engine=entry.name).set(speed)
        if usage is None and progress.tokens > before:
            usage = Usage(engine.count_tokens(prompt.whole), 0, progress.tokens - before, is_estimated=True)
        if usage is not None:
            spending.record(entry=entry, account=account, usage=usage)


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
