"""Fits new heads of the filter's networks on decisions, near to those in force.

For each language and category that enough decisions speak of: logistic regression on the network's mean vectors, with a
Gaussian prior around the head in force (maximum a posteriori, by Newton's method). The texts that the repository ships
are among the data, so that what they taught is not lost. The networks themselves and all other heads stay.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.categories import Category
from moderation.filter import training
from moderation.filter.classifiers import linear, network, set_phrases
from moderation.filter.classifiers.heads import Head, Heads
from moderation.filter.training import Example
from moderation.learning.labelled import LabelledTurn

FEWEST = 10  # labelled turns of a category and language; with fewer its head stays
SHIPPED = 800  # shipped texts of a language that are read again, those of the lowest rank
WEIGHT = 3.0  # of a decision, where a shipped text weighs 1
_PRIOR = 4.0  # precision of the prior: how strongly a head is held where it is
_STEPS, _ENOUGH = 25, 1e-5

Say = Callable[[str], None]
Matrix = npt.NDArray[np.float64]


class TooFew(Exception):
    """No category has enough labelled texts. The message says how many there are."""


@dataclass(frozen=True)
class Fitted:
    by_language: dict[str, Head]
    texts: dict[str, int]  # labelled turns by category, of those whose heads are new


def fit(turns: Sequence[LabelledTurn], current: Heads | None, say: Say) -> Fitted:
    """`current`: the heads in force, or None for the shipped ones. Raises TooFew and ClassifierUnavailable."""
    with_words = [turn for turn in turns if turn.text]
    heads, counts = {}, Counter[str]()
    for language in network.LANGUAGES:
        own = [turn for turn in with_words if network.language_of(turn.text) == language]
        enough = [category for category in Category if sum(category in turn.labels for turn in own) >= FEWEST]
        judge = linear.network_of(network.WEIGHTS[language])
        head = (current.by_language.get(language) if current else None) or judge.head
        heads[language] = _fitted(judge, head, own, enough, language) if enough else head
        for category in enough:
            counts[category] += sum(category in turn.labels for turn in own)
            say(f"{language}, {category}: {sum(category in turn.labels for turn in own)} labelled turns")
    if not counts:
        raise TooFew(
            f"{len(with_words)} labelled turns have words and consent. A category needs {FEWEST} in one language."
        )
    return Fitted(heads, dict(counts))


def _fitted(
    judge: network.Network, head: Head, own: Sequence[LabelledTurn], categories: Sequence[Category], language: str
) -> Head:
    shipped = _shipped(language)
    texts = [*(turn.text for turn in own), *(example.text for example in shipped)]
    labels = [*(turn.labels for turn in own), *(example.labels for example in shipped)]
    weights = np.array([WEIGHT] * len(own) + [1.0] * len(shipped))
    judge.forget()  # a vector that was read beside other texts differs in its last bits, and the version with it
    vectors = _with_ones(judge.vectors([set_phrases.read_plainly(text) for text in texts]))
    weight, bias = head.weight.copy(), head.bias.copy()
    for category in categories:
        column = judge.categories.index(category)
        known = np.array([category in of_text for of_text in labels])
        truth = np.array([of_text.get(category, 0) for of_text in labels], dtype=np.float64)[known]
        prior = np.append(head.weight[column], head.bias[column]).astype(np.float64)
        result = _most_likely(vectors[known], truth, weights[known], prior)
        weight[column], bias[column] = result[:-1], result[-1]
    return Head(weight, bias)


def _shipped(language: str) -> list[Example]:
    own = [one for one in training.own_examples() if network.language_of(one.text) == language]
    return sorted(own, key=lambda example: (example.rank, example.id))[:SHIPPED]


def _with_ones(vectors: npt.NDArray[np.float32]) -> Matrix:
    return np.hstack([vectors, np.ones((len(vectors), 1))]).astype(np.float64)


def _most_likely(vectors: Matrix, truth: Matrix, weights: Matrix, prior: Matrix) -> Matrix:
    """The factors [width + 1] of the greatest posterior probability. A step that overshoots is halved."""

    def loss(factors: Matrix) -> float:
        logits = vectors @ factors
        return float(weights @ (np.logaddexp(0, logits) - truth * logits) + _PRIOR / 2 * np.sum((factors - prior) ** 2))

    factors = prior.copy()
    for _ in range(_STEPS):
        shares = 1 / (1 + np.exp(-np.clip(vectors @ factors, -30, 30)))
        gradient = vectors.T @ (weights * (shares - truth)) + _PRIOR * (factors - prior)
        curvature = (vectors * (weights * shares * (1 - shares))[:, None]).T @ vectors + _PRIOR * np.eye(len(prior))
        step = np.linalg.solve(curvature, gradient)
        while loss(factors - step) > loss(factors) and np.abs(step).max() > _ENOUGH:
            step /= 2
        factors = factors - step
        if np.abs(step).max() < _ENOUGH:
            break
    return factors
