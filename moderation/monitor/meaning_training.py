"""Fits the classifiers of `meaning` on the examples and look-alikes of data/cues.toml, and on ordinary talk.

Lines of the written dialogues are ordinary. One half of them is learnt, the other sets the thresholds. The same data
give the same weights.
"""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from moderation.crisis import labelled
from moderation.features import is_mostly_cjk
from moderation.monitor.meaning import Head, Matrix, features, parts_of, runs_of, vectors
from moderation.talk import Speaker

EXAMPLES = Path(__file__).resolve().parent.parent / "data" / "cues.toml"
LANGUAGES = {"en": "english", "zh": "chinese"}  # and the names of their tables
CUES: dict[Speaker, tuple[str, ...]] = {
    "persona": ("pleads", "guilt", "isolates", "secrecy", "threatens", "sells", "against_help", "reunion", "coaxes"),
    "user": ("dependency", "isolation", "plan", "giving_away", "low"),
}
# The share of ordinary lines that may show a cue. One line of a persona is told at once; a person's are counted first.
# At 0.01, a person's English look-alikes are met twice as often, by cross-validation. Held-out English lines of a
# persona show more than those that set the threshold.
ORDINARY = {"en persona": 0.0015, "zh persona": 0.003, "en user": 0.005, "zh user": 0.01}
_LINES = 800  # ordinary lines that are learnt; as many others set a threshold
# Chosen by cross-validation on the examples.
_ORDINARY_WEIGHT = 0.3
_PENALTY = 3.0  # the inverse of the strength of the regularisation
_OF_VECTORS = 0.06  # how much the numbers of a vector count beside the runs of characters


def fit(dialogues: Iterable[Path]) -> dict[str, Head]:
    """A head for each language and speaker, by name. Raises DataMissing and ClassifierUnavailable."""
    ordinary = _ordinary(dialogues)
    return {
        f"{language} {speaker}": _head(language, speaker, ordinary[language, speaker])
        for language in LANGUAGES
        for speaker in CUES
    }


def _ordinary(dialogues: Iterable[Path]) -> dict[tuple[str, Speaker], list[str]]:
    """The lines of each language and speaker, mixed so that every writer is in each part of them."""
    lines: dict[tuple[str, Speaker], list[str]] = {
        (language, speaker): [] for language in LANGUAGES for speaker in CUES
    }
    for path in sorted(dialogues):
        for row in labelled.rows(path):
            for speaker, text in row["turns"]:
                lines["zh" if is_mostly_cjk(text) else "en", speaker].append(text)
    for kept in lines.values():
        np.random.default_rng(1).shuffle(kept)
    return lines


def _head(language: str, speaker: Speaker, ordinary: Sequence[str]) -> Head:
    from scipy import sparse  # slow to load, as the next
    from sklearn.linear_model import LogisticRegression

    cues = CUES[speaker]
    tables = tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))
    name = LANGUAGES[language]
    examples = [(text, index) for index, cue in enumerate(cues) for text in tables[cue][name]]
    examples += [(text, len(cues)) for cue in cues for text in tables[cue][f"{name}_look_alikes"]]
    learnt, others = ordinary[:_LINES], ordinary[_LINES : 2 * _LINES]
    calm = [part for line in learnt for part in parts_of(line)]
    calm_vectors = vectors(language, calm).astype(np.float64)
    mean, deviation = calm_vectors.mean(axis=0), (calm_vectors.std(axis=0) + 1e-4) / _OF_VECTORS
    known = [text for text, _ in examples]
    scaled = (np.concatenate([vectors(language, known), calm_vectors]) - mean) / deviation
    fitted = LogisticRegression(C=_PENALTY, max_iter=1000).fit(
        sparse.hstack([sparse.csr_matrix(scaled), sparse.csr_matrix(runs_of([*known, *calm]))]).tocsr(),
        [index for _, index in examples] + [len(cues)] * len(calm),
        sample_weight=[1.0] * len(examples) + [_ORDINARY_WEIGHT] * len(calm),
    )
    # The scaling of the vectors goes into the weights.
    of_vectors, of_runs = fitted.coef_[:, : len(mean)] / deviation, fitted.coef_[:, len(mean) :]
    weights: Matrix = np.concatenate([of_vectors, of_runs], axis=1).T.astype(np.float32)
    bias: Matrix = (fitted.intercept_ - of_vectors @ mean).astype(np.float32)
    threshold = float(
        np.quantile(_reached(Head(cues, weights, bias, 1.0), language, others), 1 - ORDINARY[f"{language} {speaker}"])
    )
    return Head(cues, weights, bias, threshold)


def _reached(head: Head, language: str, lines: Iterable[str]) -> list[float]:
    """For each line, the highest probability that one of its parts shows a cue."""
    parts = [parts for line in lines if (parts := parts_of(line))]
    probabilities = 1 - head.probabilities(features(language, [part for own in parts for part in own]))[:, -1]
    ends = np.cumsum([len(own) for own in parts])
    return [float(own.max()) for own in np.split(probabilities, ends[:-1])]
