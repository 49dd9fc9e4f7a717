"""Any causal model of the transformers library, in this process, many replies at once.

The weights and the forward pass are the library's; batching, caching and the choice of tokens are
`batcher.py`, `packed.py` and `sampling.py` (docs/decisions/0002 says why).
"""

import contextlib
import queue
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from tokenizers.decoders import DecodeStream
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from generation import catalogue
from generation.engines.base import (
    EngineError,
    EngineFailed,
    EngineInfo,
    EngineUnavailable,
    Health,
    Prompt,
    PromptTooLong,
    Sampling,
    Token,
    Usage,
)
from generation.engines.batcher import Batcher, Request, Step
from generation.engines.packed import ATTENTION
from generation.engines.sampling import Chooser
from generation.engines.scoring import Scored, Scorer
from generation.engines.stopping import StopStrings

# Its bars are drawn into the log.
transformers_logging.disable_progress_bar()

# In float32 a text does not depend on who else is in the batch, and without AVX-512 a CPU is also
# faster in it (docs/decisions/0002). Models of this size fit anywhere.
DTYPE = torch.float32
# How often a reply that waits for its next token looks whether it was cancelled.
_LOOK = timedelta(milliseconds=100)
# Longer without a single token is a fault, not a queue.
_PATIENCE = timedelta(minutes=5)
_STEP_TOKENS = {"cpu": 128, "cuda": 2048}
# What a tokenizer's mark may look like: <bos>, <|im_end|>, <start_of_turn>, [INST].
_MARK = re.compile(r"<[^<>\s]{1,40}>|\[[^\[\]\s]{1,40}\]")
_KEPT_TOKENS = {"cpu": 16_384, "cuda": 131_072}


def best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


class TransformersEngine:
    """The active model of the catalogue, or the one in `folder`."""

    def __init__(self, model: catalogue.PackagedModel | None = None, folder: Path | None = None) -> None:
        """Raises EngineUnavailable when the weights are not there or do not load."""
        self._packaged = model or catalogue.active()
        self._folder = folder or catalogue.folder(self._packaged.name)
        self._device = best_device()
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                self._folder, dtype=DTYPE, attn_implementation=ATTENTION, local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"{self._packaged.name} is not installed: {type(error).__name__}.") from error
        self._model = self._model.eval().to(self._device)
        self._ends = self._end_tokens()
        self._exempt = self._ends | self._blank_tokens()
        added = self._tokenizer.added_tokens_decoder.values()
        self._marks = frozenset(str(token.content) for token in added if token.special)
        self._batcher = Batcher(
            self._model,
            concurrent=settings.CONCURRENT_REPLIES,
            step_tokens=_STEP_TOKENS[self._device],
            kept_tokens=_KEPT_TOKENS[self._device],
        )
        self._health = Health(ok=True, since=datetime.now(UTC))
        self._lock = threading.Lock()

    def describe(self) -> EngineInfo:
        return self._packaged.info(device=self._device)

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def health(self) -> Health:
        """Generates one token."""
        try:
            probe = Prompt(form="transcript", text="Hello")
            last = list(self.stream(probe, Sampling(temperature=0, max_tokens=1), lambda: False))[-1]
            ok, detail = last.usage is not None, ""
        except EngineError as error:
            ok, detail = False, str(error)
        with self._lock:
            if ok != self._health.ok or not self._health.since:
                self._health = Health(ok=ok, detail=detail, since=datetime.now(UTC))
            return self._health

    def close(self) -> None:
        self._batcher.close()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        ids = self._encode(prompt)
        limit = self._packaged.context_length
        if len(ids) >= limit:
            raise PromptTooLong(f"The prompt has {len(ids)} tokens; the model reads {limit}.")
        request = Request(
            prompt=ids,
            chooser=Chooser(sampling, ids, self._exempt),
            max_tokens=min(sampling.max_tokens, limit - len(ids)),
            ends=self._ends,
        )
        self._batcher.submit(request)
        try:
            yield from self._tokens(request, StopStrings((*prompt.stop, *sampling.stop)), cancelled)
        finally:
            request.cancelled = True

    def score(self, prompt: Prompt, text: str) -> Scored:
        """How likely the model finds each token of `text` after `prompt`; running replies go first.

        Raises EngineError.
        """
        scorer = Scorer(self._model, self._tokenizer, self._batcher, ends=self._ends)
        read = self._rendered(prompt)
        return scorer.score(read, self._ids(prompt, read), self._ids(prompt, read + text), text)

    def _tokens(self, request: Request, stops: StopStrings, cancelled: Callable[[], bool]) -> Iterator[Token]:
        decoder = DecodeStream(skip_special_tokens=True)
        tokenizer = self._tokenizer.backend_tokenizer
        count = 0
        while (step := _next_step(request, cancelled)).token is not None:
            count += 1
            shown = stops.push(decoder.step(tokenizer, step.token) or "")
            if not stops.found:
                yield Token(shown, step.token, step.logprob, self._named(step))
                continue
            yield Token(shown, step.token, step.logprob)
            break
        if step.error is not None:
            raise step.error
        yield Token(stops.finish(), usage=Usage(len(request.prompt), request.cached_tokens, count))

    def _named(self, step: Step) -> tuple[tuple[str, float], ...]:
        return tuple((self._tokenizer.decode([token]), logprob) for token, logprob in step.alternatives)

    def _encode(self, prompt: Prompt) -> list[int]:
        return self._ids(prompt, self._rendered(prompt))

    def _ids(self, prompt: Prompt, rendered: str) -> list[int]:
        # A chat template writes the mark for the beginning of a text itself.
        return list(self._tokenizer.encode(rendered, add_special_tokens=prompt.form == "transcript"))

    def _rendered(self, prompt: Prompt) -> str:
        """The text that the model reads. What people wrote cannot pass for the template's own marks."""
        if prompt.form == "transcript":
            return self._plain(prompt.text + prompt.prefix)
        if self._tokenizer.chat_template is None:
            raise EngineFailed(f"{self._packaged.name} has no chat template.")
        messages = [{"role": m.role, "content": self._plain(m.content)} for m in prompt.messages]
        rendered = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return f"{rendered}{self._plain(prompt.prefix)}"

    def _plain(self, text: str) -> str:
        """Without the tokenizer's marks, also not those that appear when others are taken out."""
        while (plain := _MARK.sub(lambda found: "" if found[0] in self._marks else found[0], text)) != text:
            text = plain
        return text

    def _end_tokens(self) -> frozenset[int]:
        ends = self._model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else set(ends or ())
        turn = self._tokenizer.eos_token_id
        return frozenset(ends | ({turn} if turn is not None else set()))

    def _blank_tokens(self) -> frozenset[int]:
        blanks = ("\n", "\n\n", "\n\n\n", " ", "  ", "\t")
        encoded = (self._tokenizer.encode(blank, add_special_tokens=False) for blank in blanks)
        return frozenset(ids[0] for ids in encoded if len(ids) == 1)


def _next_step(request: Request, cancelled: Callable[[], bool]) -> Step:
    """The next step, or an end soon after `cancelled` says so."""
    deadline = datetime.now(UTC) + _PATIENCE
    while not cancelled():
        with contextlib.suppress(queue.Empty):
            return request.steps.get(timeout=_LOOK.total_seconds())
        if datetime.now(UTC) > deadline:
            raise EngineFailed(f"No token within {_PATIENCE.seconds} s.")
    return Step(None)
