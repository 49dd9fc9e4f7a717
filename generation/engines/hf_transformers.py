"""Any causal model of the transformers library, in this process, many replies at once.

The weights and the forward pass are the library's; batching, caching and the choice of tokens are
`batcher.py`, `packed.py` and `sampling.py` (docs/decisions/0002 says why).
"""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from generation import catalogue, packaged
from generation.engines.base import (
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
from generation.engines.probing import Prober
from generation.engines.sampling import Chooser
from generation.engines.scoring import Scored, Scorer
from generation.engines.steps import next_step
from generation.engines.stopping import StopStrings
from generation.engines.wording import Wording

# Its bars are drawn into the log.
transformers_logging.disable_progress_bar()

# In float32 a text does not depend on who else is in the batch, and without AVX-512 a CPU is also
# faster in it (docs/decisions/0002). Models of this size fit anywhere.
DTYPE = torch.float32
_STEP_TOKENS = {"cpu": 128, "cuda": 2048}
_KEPT_TOKENS = {"cpu": 16_384, "cuda": 131_072}


def best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


class TransformersEngine:
    """The active model of the catalogue, or the one in `folder`."""

    def __init__(self, model: packaged.CatalogueModel | None = None, folder: Path | None = None) -> None:
        """Raises EngineUnavailable when the weights are not there or do not load."""
        self._packaged = model or catalogue.active()
        self._folder = folder or catalogue.folder(self._packaged.name)
        self._device = best_device()
        try:
            self._wording = Wording(self._folder)
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                self._folder, dtype=DTYPE, attn_implementation=ATTENTION, local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"{self._packaged.name} is not installed: {type(error).__name__}.") from error
        self._model = self._model.eval().to(self._device)
        self._exempt = self._wording.ends | self._wording.blank_tokens()
        self._batcher = Batcher(
            self._model,
            concurrent=settings.CONCURRENT_REPLIES,
            step_tokens=_STEP_TOKENS[self._device],
            kept_tokens=_KEPT_TOKENS[self._device],
        )
        self._prober = Prober()

    def describe(self) -> EngineInfo:
        return self._packaged.info(
            engine="transformers", device=self._device, version=f"transformers {version('transformers')}"
        )

    def count_tokens(self, text: str) -> int:
        return self._wording.count(text)

    def health(self) -> Health:
        return self._prober.ask(self)

    def close(self) -> None:
        self._batcher.close()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        ids = self._wording.encode(prompt)
        limit = self._packaged.context_length
        if len(ids) >= limit:
            raise PromptTooLong(f"The prompt has {len(ids)} tokens; the model reads {limit}.")
        request = Request(
            prompt=ids,
            chooser=Chooser(sampling, ids, self._exempt),
            max_tokens=min(sampling.max_tokens, limit - len(ids)),
            ends=self._wording.ends,
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
        words = self._wording
        scorer = Scorer(self._model, words.tokenizer, self._batcher, ends=words.ends)
        read = words.rendered(prompt)
        return scorer.score(read, words.ids(prompt, read), words.ids(prompt, read + text), text)

    def _tokens(self, request: Request, stops: StopStrings, cancelled: Callable[[], bool]) -> Iterator[Token]:
        decoding = self._wording.decoding()
        count = 0
        while (step := next_step(request.steps, cancelled)) is not None and step.token is not None:
            count += 1
            shown = stops.push(decoding.step(step.token))
            if not stops.found:
                yield Token(shown, step.token, step.logprob, self._named(step))
                continue
            yield Token(shown, step.token, step.logprob)
            break
        if step is not None and step.error is not None:
            raise step.error
        yield Token(stops.finish(), usage=Usage(len(request.prompt), request.cached_tokens, count))

    def _named(self, step: Step) -> tuple[tuple[str, float], ...]:
        return tuple((self._wording.tokenizer.decode([token]), logprob) for token, logprob in step.alternatives)
