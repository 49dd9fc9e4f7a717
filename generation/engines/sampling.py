"""The choice of the next token: one request's settings over one row of logits.

Every request has its own settings and its own random numbers, so its text does not depend on
who else is in the batch.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.engines.base import Sampling

ALTERNATIVES = 5
# Tokens less likely than e^-25 of the likeliest are never drawn; all 262,144 of Gemma's vocabulary
# together would weigh less than 4e-6 below that line.
_NEGLIGIBLE = 25.0
# The repetition penalty looks back over this many tokens, prompt included.
_PENALTY_WINDOW = 256


class Chooser:
    """Chooses the tokens of one reply.

    `exempt` are tokens that no penalty touches: the ends of a text and blanks. They stand all over a
    prompt, and a model that is punished for them cannot stop.
    """

    def __init__(self, sampling: Sampling, prompt: Sequence[int], exempt: frozenset[int]) -> None:
        self._sampling = sampling
        self._exempt = exempt
        self._recent = list(prompt[-_PENALTY_WINDOW:])
        self._counts: Counter[int] = Counter()
        self._random = np.random.default_rng(sampling.seed)

    def choose(self, logits: NDArray[np.float32]) -> tuple[int, float, list[tuple[int, float]]]:
        """The token, its log-probability and the likeliest alternatives, from `[vocabulary]` logits.

        Log-probabilities are the model's own at temperature 1, after penalties.
        """
        self._penalise(logits)
        top = float(logits.max())
        candidates = np.flatnonzero(logits >= top - _NEGLIGIBLE * max(1.0, self._sampling.temperature))
        candidates = candidates[np.argsort(-logits[candidates], kind="stable")]
        scores = logits[candidates].astype(np.float64) - top
        normaliser = float(np.log(np.exp(scores).sum()))
        position = self._draw(scores)
        token = int(candidates[position])
        self._recent.append(token)
        self._counts[token] += 1
        alternatives = [
            (int(candidate), float(score) - normaliser)
            for candidate, score in zip(candidates[:ALTERNATIVES], scores[:ALTERNATIVES], strict=True)
        ]
        return token, float(scores[position]) - normaliser, alternatives

    def _draw(self, scores: NDArray[np.float64]) -> int:
        """A position among candidates sorted from the likeliest (score 0) down."""
        settings = self._sampling
        if settings.temperature <= 0 or settings.top_k == 1:
            return 0
        weights = np.exp(scores / settings.temperature)
        keep = len(weights)
        if settings.top_k:
            keep = min(keep, settings.top_k)
        if settings.min_p:
            keep = min(keep, int((weights >= settings.min_p).sum()))
        if settings.top_p < 1:
            share = np.cumsum(weights[:keep]) / weights[:keep].sum()
            keep = min(keep, int(np.searchsorted(share, settings.top_p)) + 1)
        cumulative = np.cumsum(weights[: max(1, keep)])
        return int(np.searchsorted(cumulative, self._random.random() * cumulative[-1], side="right"))

    def _penalise(self, logits: NDArray[np.float32]) -> None:
        """Keskar et al. 2019 for repetition; frequency and presence as in OpenAI's interface. In place."""
        settings = self._sampling
        if settings.repetition_penalty not in (0.0, 1.0):
            seen = np.array(sorted(set(self._recent[-_PENALTY_WINDOW:]) - self._exempt), dtype=np.int64)
            values = logits[seen]
            penalty = settings.repetition_penalty
            logits[seen] = np.where(values > 0, values / penalty, values * penalty)
        if settings.frequency_penalty or settings.presence_penalty:
            for token, count in self._counts.items():
                if token not in self._exempt:
                    logits[token] -= settings.frequency_penalty * count + settings.presence_penalty
