"""Any causal model by the transformers library's own continuous batching: what serves a CUDA card.

The library reads, caches, batches and chooses the tokens. For each request it takes temperature, top_p and top_k.
It has no min_p, no penalties and no seeds, so those settings have no effect here. It tells neither the probability of
a token before top_k and top_p. It keeps nothing of a prompt when its reply has ended, so each prompt is read whole.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from uuid import uuid4

import torch
from django.conf import settings
from transformers import AutoModelForCausalLM, ContinuousBatchingConfig, GenerationConfig

from generation.catalogue import model_rows, packaged
from generation.engine import (
    EngineFailed,
    EngineUnavailable,
    Prompt,
    Sampling,
    Token,
    Usage,
)
from generation.engines.batching import steps
from generation.engines.batching.in_process import InProcessEngine
from generation.engines.batching.stopping import StopStrings
from generation.engines.hf_transformers.engine import DTYPES

logger = logging.getLogger(__name__)

# On a card the library sizes its cache from the free memory. On a CPU it would take most of the machine's.
_SIZES = {"cuda": {}, "cpu": {"page_size": 32, "num_blocks": 1024, "max_batch_tokens": 256}}


class ContinuousBatchingEngine(InProcessEngine):
    """The active model of the catalogue, or the one in `folder`."""

    def __init__(self, model: packaged.CatalogueModel | None = None, folder: Path | None = None) -> None:
        """Raises EngineUnavailable if the weights are missing or do not load."""
        model = model or model_rows.active()
        folder = folder or model_rows.folder(model.name)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._listeners: dict[str, SimpleQueue[Any]] = {}
        library = f"transformers {version('transformers')}"
        try:
            super().__init__(model, folder, model.info(engine="continuous_batching", device=device, version=library))
            network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=DTYPES[device], local_files_only=True)
            self._manager = network.eval().to(device).init_continuous_batching(_generation(), _batching(device))
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"{model.name} is not installed: {type(error).__name__}.") from error
        except torch.OutOfMemoryError as error:
            raise EngineUnavailable(f"The weights of {model.name} do not fit into the card's free memory.") from error
        self._vocabulary: int = network.config.get_text_config().vocab_size
        self._manager.start()
        self._delivery = threading.Thread(target=self._deliver, name="continuous batching", daemon=True)
        self._delivery.start()

    def close(self) -> None:
        """Waits for the pass under way, but no longer than for one that does not hang."""
        self._manager.stop(block=True, timeout=steps.LONGEST_PASS_S)
        self._delivery.join(steps.LONGEST_PASS_S)
        if self._delivery.is_alive():
            logger.warning("generation.pass_hangs")

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        ids = self._encoded(prompt)
        request_id, outputs = uuid4().hex, SimpleQueue[Any]()
        self._listeners[request_id] = outputs
        try:
            accepted = self._manager.add_request(
                ids,
                request_id=request_id,
                max_new_tokens=min(sampling.max_tokens, self._limit - len(ids)),
                streaming=True,
                eos_token_id=sorted(self._tokenizer.ends),
                **self._choice(sampling),
            )
            if accepted is None:
                raise EngineFailed("The library's batching has stopped.")
            yield from self._tokens(len(ids), outputs, StopStrings((*prompt.stop, *sampling.stop)), cancelled)
        finally:
            del self._listeners[request_id]
            self._manager.cancel_request(request_id)

    def _tokens(
        self, prompt_tokens: int, outputs: "SimpleQueue[Any]", stops: StopStrings, cancelled: Callable[[], bool]
    ) -> Iterator[Token]:
        decoding = self._tokenizer.decoding()
        count = 0
        for token in _new_tokens(outputs, cancelled):
            if token in self._tokenizer.ends:
                break
            count += 1
            yield Token(stops.push(decoding.step(token)), token)
            if stops.found:
                break
        yield Token(stops.finish(), usage=Usage(prompt_tokens, 0, count))

    def _choice(self, sampling: Sampling) -> dict[str, float | int]:
        """The library's own terms. It divides by the temperature, so the likeliest token alone stands for zero."""
        if sampling.temperature == 0:
            return {"temperature": 1.0, "top_k": 1, "top_p": 1.0}
        return {
            "temperature": sampling.temperature,
            "top_k": min(sampling.top_k or self._vocabulary, self._vocabulary),
            "top_p": sampling.top_p or 1.0,
        }

    def _deliver(self) -> None:
        """Hands each output to the stream that waits for it, until the library's thread ends."""
        for output in self._manager:
            if (listener := self._listeners.get(output.request_id)) is not None:
                listener.put(output)
        for listener in list(self._listeners.values()):
            listener.put(None)


def _new_tokens(outputs: "SimpleQueue[Any]", cancelled: Callable[[], bool]) -> Iterator[int]:
    """Tokens as they come. Raises EngineFailed."""
    count = 0
    while not cancelled():
        output = steps.next_step(outputs, cancelled)
        if output is None:
            if cancelled():
                return
            raise EngineFailed("The library's batching has stopped.")
        if output.error is not None:
            raise EngineFailed(f"The library's batching failed: {output.error}")
        new = output.generated_tokens[count:]
        count += len(new)
        yield from new
        if output.is_finished():
            return


def _generation() -> GenerationConfig:
    """Each term has to be on for the library to take it from a request."""
    return GenerationConfig(do_sample=True, temperature=0.8, top_k=50, top_p=0.95, max_new_tokens=200)


def _batching(device: str) -> ContinuousBatchingConfig:
    return ContinuousBatchingConfig(
        per_request_processors=True,
        drop_unsupported_processors=False,
        max_requests_per_batch=settings.CONCURRENT_REPLIES,
        allow_block_sharing=False,  # the library has no door to forget what it would keep of earlier prompts (M2)
        **_SIZES[device],
    )
