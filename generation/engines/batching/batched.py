"""An engine that runs in this process: a model's tokenizer, a batcher and a forward pass."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from django.conf import settings

from generation.catalogue import packaged
from generation.engine import Candidate, EngineInfo, Prompt, Ranking, Sampling, Scored, Token, Usage
from generation.engines.batching.batcher import Batcher
from generation.engines.batching.choosing import Choosing, log_probabilities
from generation.engines.batching.drafts import Draft
from generation.engines.batching.forward_pass import ForwardPass
from generation.engines.batching.in_process import InProcessEngine
from generation.engines.batching.sampling import Chooser
from generation.engines.batching.scoring import Scorer
from generation.engines.batching.steps import Cancelled, outcome


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
        super().__init__(model, folder, replace(info, adapts=folder.name if forward_pass.adapts else ""))
        self._replies = 0  # in generation
        self._lock = threading.Lock()
        self._exempt = self._tokenizer.ends | self._tokenizer.blank_tokens()
        self._batcher = Batcher(forward_pass, concurrent=settings.CONCURRENT_REPLIES, step_tokens=step_tokens)

    def close(self) -> None:
        self._batcher.close()

    def forget(self) -> None:
        self._batcher.forget()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        draft = self._draft(prompt, sampling)
        with self._one_more_reply():
            yield from draft.stream(self._batcher, cancelled)
        yield Token(draft.rest, usage=Usage(len(draft.prompt), draft.request.cached_tokens, len(draft.tokens)))

    def stream_ranked(
        self, prompt: Prompt, sampling: Sampling, ranking: Ranking, cancelled: Callable[[], bool]
    ) -> Iterator[Token]:
        adapter = self._batcher.load(prompt.adapter)
        choosing = Choosing(self._batcher, ranking, self._encoded, adapter=adapter, cancelled=cancelled)
        beginning = last = self._draft(prompt, sampling)
        pieces: list[Draft] = []
        with self._one_more_reply():
            while not last.is_over and last.room:
                seeds = _seeds(sampling, self._candidates(sampling), last)
                drafts = [last.following(seed) for seed in seeds]
                if len(drafts) == 1:
                    pieces += drafts
                    yield from drafts[0].stream(self._batcher, cancelled)
                    break
                drawn = choosing.draw(drafts)
                if not any(draft.text for draft in drawn):  # cancelled, or each of them ends the reply here
                    choosing.forget(drafts[1:])  # the first one's cache serves the next turn
                    break
                try:
                    last, choice = choosing.choose(drawn)
                except Cancelled:
                    choosing.forget(drafts[1:])
                    break
                pieces.append(last)
                choosing.forget([draft for draft in drafts if draft is not last])
                yield from (replace(token, choice=choice) for token in last.tokens[:1])
                yield from last.tokens[1:]
                if ranking.is_enough(last.before + last.text):
                    break
        cached_tokens = pieces[0].request.cached_tokens if pieces else 0
        count = sum(len(piece.tokens) for piece in pieces)
        rest = pieces[-1].rest if pieces else ""
        yield Token(rest, usage=Usage(len(beginning.prompt), cached_tokens, count))

    def candidates(self, prompt: Prompt, neutral: Sequence[Prompt], texts: Sequence[str]) -> list[Candidate]:
        """The values of given texts as candidates for the next words. For measurements. Raises EngineError."""
        values = [self._log_probabilities(each, texts) for each in (prompt, *neutral)]
        return [
            Candidate(text, value, tuple(value - other for other in others))
            for text, value, *others in zip(texts, *values, strict=True)
        ]

    def _log_probabilities(self, prompt: Prompt, texts: Sequence[str]) -> list[float]:
        ids, rendered = self._encoded(prompt), self._tokenizer.rendered(prompt)
        variants = [self._tokenizer.ids(prompt, rendered + text)[len(ids) :] for text in texts]
        return log_probabilities(self._batcher, [ids], variants, self._batcher.load(prompt.adapter))[0]

    def read_ahead(self, prompt: Prompt) -> None:
        """Reads a prompt before a reply is requested. A later reply with the same beginning then starts at once.

        Stops as soon as a reply is being generated. Raises EngineError.
        """
        ids = self._tokenizer.encode(prompt)
        adapter = self._batcher.load(prompt.adapter)
        while outcome(self._batcher.between_steps(lambda: self._batcher.read_ahead(ids, adapter))):
            pass

    def score(self, prompt: Prompt, text: str) -> Scored:
        """The probability of each token of `text` after `prompt`. Running replies have priority.

        Raises EngineError.
        """
        tokenizer = self._tokenizer
        adapter = self._batcher.load(prompt.adapter)
        scorer = Scorer(tokenizer.tokenizer, self._batcher, ends=tokenizer.ends, adapter=adapter)
        rendered = tokenizer.rendered(prompt)
        return scorer.score(rendered, tokenizer.ids(prompt, rendered), tokenizer.ids(prompt, rendered + text), text)

    def _draft(self, prompt: Prompt, sampling: Sampling) -> Draft:
        ids = self._encoded(prompt)
        return Draft(
            prompt=ids,
            max_tokens=min(sampling.max_tokens, self._limit - len(ids)),
            stop=(*prompt.stop, *sampling.stop),
            chooser=Chooser(sampling, ids, self._exempt),
            decoding=self._tokenizer.decoding(),
            tokenizer=self._tokenizer,
            before=prompt.prefix,
            adapter=self._batcher.load(prompt.adapter),
        )

    @contextmanager
    def _one_more_reply(self) -> Iterator[None]:
        with self._lock:
            self._replies += 1
        try:
            yield
        finally:
            with self._lock:
                self._replies -= 1

    def _candidates(self, sampling: Sampling) -> int:
        """The number of candidates for the next piece. The replies in generation share the places of one batch."""
        if sampling.temperature <= 0:
            return 1  # all would be the same
        if sampling.seed is not None:
            return sampling.candidates  # the text must not depend on other replies
        return max(1, sampling.candidates // self._replies)


def _seeds(sampling: Sampling, count: int, last: Draft) -> list[int | None]:
    """A seed for each candidate after `last`: none, or others for each candidate and each piece."""
    if sampling.seed is None:
        return [None] * count
    return [int(seed) for seed in np.random.SeedSequence((sampling.seed, len(last.prompt))).generate_state(count)]
