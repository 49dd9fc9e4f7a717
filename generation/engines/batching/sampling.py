"""The choice of the next token: one request's settings over one row of logits.

Every request has its own settings and its own random numbers. So its text does not depend on the
other requests in the batch.
"""

import copy
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engine import Sampling

ALTERNATIVES = 5
# A token is never drawn if its probability is below e^-25 of the most likely token's. All 262,144 tokens of Gemma's
# vocabulary together would weigh less than 4e-6 below that limit.
_NEGLIGIBLE = 25.0
# Sorting a whole vocabulary takes longer than reading a token. So the most likely are first searched among a few.
_NEAR = 8.0
_FEW = 512
# The repetition penalty looks back over this many tokens, prompt included.
_PENALTY_WINDOW = 256


class Chooser:
    """Chooses the tokens of one reply.

    `exempt` are tokens without penalties: the ends of a text and blanks. They are frequent in every
    prompt, and a model that is penalised for them cannot stop.
    """

    def __init__(self, sampling: Sampling, prompt: Sequence[int], exempt: frozenset[int]) -> None:
        self._sampling = sampling
        self._exempt = exempt
        self._recent = list(prompt[-_PENALTY_WINDOW:])
        self._counts: Counter[int] = Counter()
        self._random = np.random.default_rng(sampling.seed)

    def fork(self, seed: int | None) -> "Chooser":
        """A chooser with the same history and other random numbers."""
        fork = copy.copy(self)
        fork._recent, fork._counts = list(self._recent), Counter(self._counts)
        fork._random = np.random.default_rng(seed)
        return fork

    def choose(self, logits: NDArray[np.float32]) -> tuple[int, float, list[tuple[int, float]]]:
        """The token, its log-probability and the most likely alternatives, from `[vocabulary]` logits.

        Log-probabilities are the model's own at temperature 1, after penalties.
        """
        self._penalise(logits)
        below = logits - logits.max()
        normaliser = float(np.log(np.exp(below).sum()))
        token = self._draw(below)
        self._recent.append(token)
        self._counts[token] += 1
        near = np.flatnonzero(below >= -_NEAR)
        if len(near) < ALTERNATIVES:
            near = np.arange(len(below))
        alternatives = near[_descending(below[near], ALTERNATIVES)]
        return (
            token,
            float(below[token]) - normaliser,
            [(int(other), float(below[other]) - normaliser) for other in alternatives],
        )

    def _draw(self, below: NDArray[np.float32]) -> int:
        """Draws a token from logits whose maximum is 0."""
        settings = self._sampling
        if settings.temperature <= 0 or settings.top_k == 1:
            return int(below.argmax())
        floor = settings.temperature * math.log(settings.min_p) if settings.min_p else -math.inf
        candidates = np.flatnonzero(below >= max(floor, -_NEGLIGIBLE * max(1.0, settings.temperature)))
        weights = np.exp(below[candidates].astype(np.float64) / settings.temperature)
        if settings.top_k or settings.top_p < 1:
            nucleus = _nucleus(weights, settings.top_k, settings.top_p)
            candidates, weights = candidates[nucleus], weights[nucleus]
        cumulative = np.cumsum(weights)
        return int(candidates[np.searchsorted(cumulative, self._random.random() * cumulative[-1], side="right")])

    def _penalise(self, logits: NDArray[np.float32]) -> None:
        """Applies penalties in place: repetition by Keskar et al. 2019, frequency and presence as in OpenAI's API."""
        settings = self._sampling
        if settings.repetition_penalty not in (0.0, 1.0):
            penalised = np.array(list(set(self._recent[-_PENALTY_WINDOW:]) - self._exempt), dtype=np.int64)
            values = logits[penalised]
            penalty = settings.repetition_penalty
            logits[penalised] = np.where(values > 0, values / penalty, values * penalty)
        if settings.frequency_penalty or settings.presence_penalty:
            for token, count in self._counts.items():
                if token not in self._exempt:
                    logits[token] -= settings.frequency_penalty * count + settings.presence_penalty


def _nucleus(weights: NDArray[np.float64], top_k: int, top_p: float) -> NDArray[np.int64]:
    """The smallest set that makes up `top_p` among the `top_k` largest (0: all). Positions, the largest first."""
    order = _descending(weights, top_k or _FEW)
    total = weights[order].sum() if top_k else weights.sum()
    if not top_k and weights[order].sum() < top_p * total:
        order = _descending(weights, len(weights))
    share = np.cumsum(weights[order]) / total
    return order[: int(np.searchsorted(share, top_p)) + 1]


def _descending(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """The positions of the `count` largest values, the largest first."""
    if count < len(values):
        largest = np.argpartition(values, -count)[-count:]
        largest.sort()  # equal values stay in their order
    else:
        largest = np.arange(len(values))
    return largest[np.argsort(-values[largest], kind="stable")]
