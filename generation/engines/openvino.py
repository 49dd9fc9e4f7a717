"""The CPU engine: OpenVINO GenAI's continuous batching, which replies join and leave between steps.

Its paged cache is shared by what prompts have in common: conversations with one persona share the
persona's part, and a turn pays only for its new words. Blocks of conversations that rest stay until
their room is needed, the longest unused first. docs/decisions/0005 has the figures.
"""

import logging
import queue
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai
from django.conf import settings
from openvino_genai.py_openvino_genai import GenerationStatus

from generation import catalogue, installation, packaged
from generation.engines.base import (
    EngineError,
    EngineFailed,
    EngineInfo,
    EngineNotReady,
    EngineUnavailable,
    Health,
    Prompt,
    PromptTooLong,
    Sampling,
    Token,
    Usage,
)
from generation.engines.probing import Prober
from generation.engines.steps import next_step
from generation.engines.stopping import StopStrings
from generation.engines.wording import Wording

logger = logging.getLogger(__name__)

# Tokens of one step: those of all who speak, and as much of new prompts as fits beside them.
_STEP_TOKENS = 256
# The pipeline's own block size on a CPU, and how many it may keep: 65,536 tokens, 850 MB for the packaged models.
_BLOCK_TOKENS = 32
_BLOCKS = 2048


class OpenVINOEngine:
    """The active model of the catalogue, or the one in `folder`."""

    def __init__(self, model: packaged.CatalogueModel | None = None, folder: Path | None = None) -> None:
        """Raises EngineUnavailable when the weights are not there or do not load."""
        self._packaged = model or catalogue.active()
        folder = folder or catalogue.folder(self._packaged.name)
        source = installation.openvino_source(folder)
        if source is None:
            raise EngineNotReady(f"{self._packaged.title} is not prepared for the CPU engine.")
        try:
            self._wording = Wording(folder)
            self._stepper = _Stepper(source)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineUnavailable(f"{self._packaged.name} does not load: {type(error).__name__}.") from error
        self._prober = Prober()

    def describe(self) -> EngineInfo:
        return self._packaged.info(engine="openvino", version=f"openvino-genai {version('openvino-genai')}")

    def count_tokens(self, text: str) -> int:
        return self._wording.count(text)

    def health(self) -> Health:
        return self._prober.ask(self)

    def close(self) -> None:
        self._stepper.close()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        ids = self._wording.encode(prompt)
        limit = self._packaged.context_length
        if len(ids) >= limit:
            raise PromptTooLong(f"The prompt has {len(ids)} tokens; the model reads {limit}.")
        most = min(sampling.max_tokens, limit - len(ids))
        request = _Request(ids, _generation_config(sampling, most, self._wording.ends))
        self._stepper.submit(request)
        try:
            yield from self._tokens(request, StopStrings((*prompt.stop, *sampling.stop)), cancelled)
        finally:
            request.cancelled = True

    def _tokens(self, request: "_Request", stops: StopStrings, cancelled: Callable[[], bool]) -> Iterator[Token]:
        decoding = self._wording.decoding()
        count = 0
        while (step := next_step(request.steps, cancelled)) is not None:
            if isinstance(step, EngineError):
                raise step
            token, logprob = step
            if token in self._wording.ends:
                continue
            count += 1
            yield Token(stops.push(decoding.step(token)), token, logprob)
            if stops.found:
                break
        yield Token(stops.finish(), usage=Usage(len(request.prompt), request.cached_tokens, count))


def _generation_config(sampling: Sampling, max_tokens: int, ends: frozenset[int]) -> "openvino_genai.GenerationConfig":
    config = openvino_genai.GenerationConfig()
    config.max_new_tokens = max_tokens
    config.stop_token_ids = set(ends)
    config.eos_token_id = min(ends, default=-1)
    config.logprobs = 1
    config.do_sample = sampling.temperature > 0 and sampling.top_k != 1
    if config.do_sample:
        config.temperature = sampling.temperature
        config.top_p = sampling.top_p
        config.min_p = sampling.min_p
        if sampling.top_k:
            config.top_k = sampling.top_k
        config.rng_seed = secrets.randbits(63) if sampling.seed is None else sampling.seed % 2**63
    config.repetition_penalty = sampling.repetition_penalty or 1.0
    config.frequency_penalty = sampling.frequency_penalty
    config.presence_penalty = sampling.presence_penalty
    return config


@dataclass(eq=False)
class _Request:
    prompt: list[int]
    config: "openvino_genai.GenerationConfig"
    steps: "queue.SimpleQueue[tuple[int, float] | EngineError | None]" = field(default_factory=queue.SimpleQueue)
    said: list[int] = field(default_factory=list)
    cancelled: bool = False
    cached_tokens: int = 0
    handle: Any = None


class _Stepper:
    """Owns the pipeline. `submit` and `close` may be called from any thread; one thread steps."""

    def __init__(self, source: Path) -> None:
        scheduler = openvino_genai.SchedulerConfig()
        scheduler.num_kv_blocks = _BLOCKS
        scheduler.max_num_batched_tokens = _STEP_TOKENS
        scheduler.max_num_seqs = settings.CONCURRENT_REPLIES
        scheduler.enable_prefix_caching = True
        self._pipeline = openvino_genai.ContinuousBatchingPipeline(source, scheduler, "CPU", {})
        self._known = _KnownBlocks(_BLOCKS)
        self._inbox: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._active: list[_Request] = []
        self._count = 0
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="openvino", daemon=True)
        self._thread.start()

    def submit(self, request: _Request) -> None:
        with self._lock:
            if self._closed:
                raise EngineUnavailable("The engine is closed.")
            self._inbox.put(request)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._inbox.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        error = EngineFailed("The engine was closed.")
        try:
            while self._receive():
                self._pipeline.step()
                for request in list(self._active):
                    self._pass_on(request)
        except Exception as broken:
            # What state the pipeline is in, nobody knows: this engine is over, and the next one is tried.
            logger.exception("generation.step_failed")
            error = EngineFailed(type(broken).__name__)
        self._fail(error)

    def _receive(self) -> bool:
        """Takes what has arrived, waiting when there is nothing to do; False once closed."""
        while True:
            try:
                request = self._inbox.get(block=not self._active)
            except queue.Empty:
                return True
            if request is None:
                return False
            self._begin(request)

    def _begin(self, request: _Request) -> None:
        self._count += 1
        request.cached_tokens = self._known.beginning(request.prompt)
        ids = openvino.Tensor(np.array([request.prompt], dtype=np.int64))
        try:
            request.handle = self._pipeline.add_request(self._count, ids, request.config)
        except RuntimeError as error:
            # It refuses settings that it does not know; nobody else's reply has to suffer for them.
            logger.warning("generation.request_refused", extra={"error": type(error).__name__})
            request.steps.put(EngineFailed("The CPU engine refuses this persona's sampler settings."))
            return
        self._known.add(request.prompt)
        self._active.append(request)

    def _pass_on(self, request: _Request) -> None:
        """The reply's new tokens, and its end."""
        handle = request.handle
        while handle.can_read():
            for output in handle.read().values():
                for token, logprob in zip(output.generated_ids, output.generated_log_probs, strict=True):
                    request.steps.put((token, logprob))
                    request.said.append(token)
        status = handle.get_status()
        if request.cancelled and status == GenerationStatus.RUNNING:
            handle.cancel()  # its blocks are free with the next step
        elif status == GenerationStatus.RUNNING:
            return
        self._active.remove(request)
        self._known.add([*request.prompt, *request.said[:-1]])  # the last token was said, not read
        failed = status == GenerationStatus.IGNORED
        request.steps.put(EngineFailed("There is no room for this prompt.") if failed else None)

    def _fail(self, error: EngineError) -> None:
        with self._lock:
            self._closed = True
        while not self._inbox.empty():
            if (request := self._inbox.get()) is not None:
                self._active.append(request)
        for request in self._active:
            request.steps.put(error)
        self._active.clear()


class _KnownBlocks:
    """Which beginnings the pipeline holds. It does not say, so its own rule is followed beside it: whole blocks,
    found again by all that stands before them, the longest unused forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def beginning(self, tokens: list[int]) -> int:
        """How many of the tokens need not be read again. The last one always is, for its logits."""
        known = 0
        for block in _chain(tokens[:-1]):
            if block not in self._blocks:
                break
            known += _BLOCK_TOKENS
        return known

    def add(self, tokens: list[int]) -> None:
        for block in _chain(tokens):
            self._blocks[block] = None
            self._blocks.move_to_end(block)
        while len(self._blocks) > self._most:
            self._blocks.popitem(last=False)


def _chain(tokens: list[int]) -> Iterator[int]:
    """A hash for each whole block, over all tokens up to its end."""
    before = 0
    for start in range(0, len(tokens) - _BLOCK_TOKENS + 1, _BLOCK_TOKENS):
        before = hash((before, *tokens[start : start + _BLOCK_TOKENS]))
        yield before
