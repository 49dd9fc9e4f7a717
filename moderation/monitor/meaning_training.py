"""Fits the classifiers of `meaning` on the examples and look-alikes of data/cues.toml, and on ordinary talk.

Lines of the written dialogues are ordinary. One half of them is learnt, the other sets the thresholds. The same data
give the same weights.
"""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from moderation.crisis import labelled
from moderation.filter.classifiers.features import is_mostly_cjk
from moderation.monitor.meaning import Head, Matrix, parts_of, vectors
from moderation.talk import Speaker

EXAMPLES = Path(__file__).resolve().parent.parent / "data" / "cues.toml"
LANGUAGES = {"en": "english", "zh": "chinese"}  # and the names of their tables
CUES: dict[Speaker, tuple[str, ...]] = {
    "persona": ("pleads", "guilt", "isolates", "secrecy", "threatens", "sells", "against_help", "reunion", "coaxes"),
    "user": ("dependency", "isolation", "plan", "giving_away", "low"),
}
# The share of ordinary lines that may show a cue. One line of a persona is told at once; a person's are counted first.
ORDINARY: dict[Speaker, float] = {"persona": 0.003, "user": 0.01}
_LINES = 1500  # ordinary lines that are learnt; as many others set a threshold
_ORDINARY_WEIGHT = 0.1
_PENALTY = 0.1  # the inverse of the strength of the regularisation


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
    from sklearn.linear_model import LogisticRegression  # slow to load

    cues = CUES[speaker]
    tables = tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))
    name = LANGUAGES[language]
    examples = [(text, index) for index, cue in enumerate(cues) for text in tables[cue][name]]
    examples += [(text, len(cues)) for cue in cues for text in tables[cue][f"{name}_look_alikes"]]
    learnt, others = ordinary[:_LINES], ordinary[_LINES : 2 * _LINES]
    calm = vectors(language, [part for line in learnt for part in parts_of(line)]).astype(np.float64)
    mean, deviation = calm.mean(axis=0), calm.std(axis=0) + 1e-4
    known = (vectors(language, [text for text, _ in examples]) - mean) / deviation
    fitted = LogisticRegression(C=_PENALTY, max_iter=1000).fit(
        np.concatenate([known, (calm - mean) / deviation]),
        [index for _, index in examples] + [len(cues)] * len(calm),
        sample_weight=[1.0] * len(examples) + [_ORDINARY_WEIGHT] * len(calm),
    )
    # The scaling of the vectors goes into the weights.
    weights: Matrix = (fitted.coef_ / deviation).T.astype(np.float32)
    bias: Matrix = (fitted.intercept_ - (fitted.coef_ / deviation) @ mean).astype(np.float32)
    threshold = float(np.quantile(_reached(Head(cues, weights, bias, 1.0), language, others), 1 - ORDINARY[speaker]))
    return Head(cues, weights, bias, threshold)


def _reached(head: Head, language: str, lines: Iterable[str]) -> list[float]:
    """For each line, the highest probability that one of its parts shows a cue."""
    parts = [parts for line in lines if (parts := parts_of(line))]
    probabilities = 1 - head.probabilities(vectors(language, [part for own in parts for part in own]))[:, -1]
    ends = np.cumsum([len(own) for own in parts])
    return [float(own.max()) for own in np.split(probabilities, ends[:-1])]
