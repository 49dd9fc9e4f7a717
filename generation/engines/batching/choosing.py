"""Sample and rank: several candidates for the next words are drawn in one batch, and the best is continued.

Sampling and ranking: Adiwardana et al. 2020. Mutual information as a score: Li et al. 2016. A reply is drawn piece by
piece, about a sentence at a time, so that its first words come soon. All candidates share the prompt's cache.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from generation.engine import Candidate, Choice, Prompt, Ranking, choose
from generation.engines.batching.batcher import Batcher
from generation.engines.batching.drafts import Draft
from generation.engines.batching.forward_pass import Logits
from generation.engines.batching.low_rank import LowRank
from generation.engines.batching.steps import next_step, outcome

# Tokens of a piece at most. The first piece is short, because the reader waits for it.
_FIRST = 12
_LONGEST = 40
_ENOUGH = 5 / 8  # of the candidates; when so many are drawn, the longer ones are left out, since the reader waits


class Choosing:
    """Draws and compares the candidates of one reply. Only one thread may use it."""

    def __init__(
        self,
        batcher: Batcher,
        ranking: Ranking,
        encode: Callable[[Prompt], list[int]],
        *,
        adapter: LowRank | None,
        cancelled: Callable[[], bool],
    ) -> None:
        """`encode` gives the tokens of a prompt. The neutral prompts are read with the reply's own `adapter`."""
        self._batcher = batcher
        self._ranking = ranking
        self._encode = encode
        self._adapter = adapter
        self._cancelled = cancelled
        self._written: list[int] = []
        self._unfinished = ""  # the words of a sentence that a piece has cut

    @cached_property
    def _neutral(self) -> list[tuple[int, ...]]:
        return [tuple(self._encode(prompt)) for prompt in self._ranking.neutral]

    def draw(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Draws the drafts side by side. Returns those that are drawn, none if the reply was cancelled meanwhile.

        Raises EngineError.
        """
        drawn: list[Draft] = []
        try:
            running = self._submitted(drafts[:1])  # reads the prompt, so that the others find it in a cache
            while len(drawn) < len(drafts) * _ENOUGH:
                for draft in running:
                    if draft in drawn:
                        continue
                    step = next_step(draft.request.steps, self._cancelled)
                    if step is None:
                        return []
                    draft.take(step)
                    if self._is_drawn(draft):
                        draft.request.cancelled = True
                        drawn.append(draft)
                running += self._submitted(drafts[len(running) :])
            return drawn
        finally:
            for draft in drafts:
                draft.request.cancelled = True

    def _submitted(self, drafts: Sequence[Draft]) -> list[Draft]:
        for draft in drafts:
            self._batcher.submit(draft.request)
        return list(drafts)

    def choose(self, drafts: Sequence[Draft]) -> tuple[Draft, Choice]:
        """The best draft. Raises steps.Cancelled and EngineError."""
        choice = choose(self._ranking, drafts[0].before, self._candidates(drafts))
        chosen = drafts[choice.chosen]
        self._written += chosen.ids
        sentence = self._unfinished + chosen.text
        self._unfinished = "" if self._ranking.is_whole(sentence) else sentence
        return chosen, choice

    def forget(self, drafts: Sequence[Draft]) -> None:
        """Releases the caches of drafts that nobody will continue."""
        caches = [draft.request.cache for draft in drafts if draft.request.cache is not None]
        self._batcher.between_steps(lambda: self._batcher.discard(caches))

    def _is_drawn(self, draft: Draft) -> bool:
        if draft.is_over:
            return True
        longest = _LONGEST if self._written else _FIRST
        return not draft.holds_back and (
            len(draft.tokens) >= longest or self._ranking.is_whole(self._unfinished + draft.text)
        )

    def _candidates(self, drafts: Sequence[Draft]) -> list[Candidate]:
        ids = [draft.ids for draft in drafts]
        # In the first turn of a talk the neutral prompts are equal, and one is read.
        prompts = list(dict.fromkeys(self._neutral))
        beginnings = [[*prompt, *self._written] for prompt in prompts]
        readings = log_probabilities(self._batcher, beginnings, ids, self._adapter, self._cancelled)
        neutral = [readings[prompts.index(prompt)] for prompt in self._neutral]
        candidates = []
        for draft, *values in zip(drafts, *neutral, strict=True):
            likelihood = float(np.mean([token.logprob for token in draft.tokens if token.logprob is not None] or [0]))
            candidates.append(Candidate(draft.text, likelihood, tuple(likelihood - value for value in values)))
        return candidates


def log_probabilities(
    batcher: Batcher,
    prompts: Sequence[list[int]],
    variants: Sequence[list[int]],
    adapter: LowRank | None,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[list[float]]:
    """For each prompt, the mean log-probability of the tokens of each variant after it; 0 for one without tokens.

    Raises steps.Cancelled soon after `cancelled` returns True, and EngineError.
    """
    written = [ids for ids in variants if ids]
    if not prompts or not written:
        return [[0.0] * len(variants) for _ in prompts]
    readings = outcome(batcher.between_steps(lambda: batcher.read_variants(prompts, written, adapter)), cancelled)
    rows = [iter(reading) for reading in readings]
    return [[_mean(next(row), ids) if ids else 0.0 for ids in variants] for row in rows]


def _mean(logits: Logits, ids: Sequence[int]) -> float:
    """The mean log-probability of the tokens `ids` from the logits `[tokens, vocabulary]` that predict them."""
    highest = logits.max(axis=1)
    normalisers = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return float((logits[np.arange(len(ids)), list(ids)] - normalisers).mean())
