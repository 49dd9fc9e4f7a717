"""An engine that runs in this process: a model's tokenizer, a batcher and a forward pass."""

from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from generation.catalogue import packaged
from generation.engines.base import EngineInfo, Prompt, Sampling, Scored, Token, Usage
from generation.engines.batching.batcher import Batcher, Request, Step
from generation.engines.batching.forward_pass import ForwardPass
from generation.engines.batching.in_process import InProcessEngine
from generation.engines.batching.sampling import Chooser
from generation.engines.batching.scoring import Scorer
from generation.engines.batching.steps import next_step
from generation.engines.batching.stopping import StopStrings


class BatchedEngine(InProcessEngine):
    """Generates the replies of many threads in one batch. Scores existing texts between the steps."""

    def __init__(
        self,
        model: packaged.CatalogueModel,
        folder: Path,
        info: EngineInfo,
        forward_pass: ForwardPass,
        *,
        step_tokens: int,
    ) -> None:
        """`folder` holds the tokenizer. Raises OSError or ValueError if it has none."""
        super().__init__(model, folder, info)
        self._exempt = self._tokenizer.ends | self._tokenizer.blank_tokens()
        self._batcher = Batcher(forward_pass, concurrent=settings.CONCURRENT_REPLIES, step_tokens=step_tokens)

    def close(self) -> None:
        self._batcher.close()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        ids = self._encoded(prompt)
        request = Request(
            prompt=ids,
            chooser=Chooser(sampling, ids, self._exempt),
            max_tokens=min(sampling.max_tokens, self._limit - len(ids)),
            ends=self._tokenizer.ends,
        )
        self._batcher.submit(request)
        try:
            yield from self._tokens(request, StopStrings((*prompt.stop, *sampling.stop)), cancelled)
        finally:
            request.cancelled = True

    def read_ahead(self, prompt: Prompt) -> None:
        """Reads a prompt before a reply is requested. A later reply with the same beginning then starts at once.

        Stops as soon as a reply is being generated. Raises EngineError.
        """
        ids = self._tokenizer.encode(prompt)
        while self._batcher.between_steps(lambda: self._batcher.read_ahead(ids)).result():
            pass

    def score(self, prompt: Prompt, text: str) -> Scored:
        """The probability of each token of `text` after `prompt`. Running replies have priority.

        Raises EngineError.
        """
        tokenizer = self._tokenizer
        scorer = Scorer(tokenizer.tokenizer, self._batcher, ends=tokenizer.ends)
        rendered = tokenizer.rendered(prompt)
        return scorer.score(rendered, tokenizer.ids(prompt, rendered), tokenizer.ids(prompt, rendered + text), text)

    def _tokens(self, request: Request, stops: StopStrings, cancelled: Callable[[], bool]) -> Iterator[Token]:
        decoding = self._tokenizer.decoding()
        count = 0
        while (step := next_step(request.steps, cancelled)) is not None and step.token is not None:
            count += 1
            text = stops.push(decoding.step(step.token))
            if not stops.found:
                yield Token(text, step.token, step.logprob, self._named(step))
                continue
            yield Token(text, step.token, step.logprob)
            break
        if step is not None and step.error is not None:
            raise step.error
        yield Token(stops.finish(), usage=Usage(len(request.prompt), request.cached_tokens, count))

    def _named(self, step: Step) -> tuple[tuple[str, float], ...]:
        return tuple((self._tokenizer.named(token), logprob) for token, logprob in step.alternatives)
