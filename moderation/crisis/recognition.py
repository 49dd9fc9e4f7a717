"""Recognises the steps of the crisis ladder with a model that read the sentences in `sentences/`.

The model is multilingual-e5-small with its first layers and with the pieces of English and Chinese, fine-tuned for the
six steps (`training`, docs/decisions/0014). It reads a person's newest message behind those before it. A logistic
regression on n-grams of the newest message votes beside it (`ngrams`). One file holds the weights and the tokenizer, so
they cannot come apart.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from moderation.bert import Bert, Matrix, Row
from moderation.crisis import tokens
from moderation.crisis.labelled import STEPS
from moderation.crisis.ngrams import Vote
from moderation.filter.classifiers.base import ClassifierUnavailable
from moderation.filter.classifiers.features import is_mostly_cjk
from moderation.filter.classifiers.remembered import Remembered

WEIGHTS = Path(__file__).resolve().parent.parent / "data" / "crisis.safetensors"
_FIRST_ALARM = STEPS.index("passive")
_VOTE_WEIGHTS, _VOTE_LINE = "vote.weights", "vote.line"
# Chosen on training sentences that the network had not read (docs/moderation-model-card.md).
# The least probability of *passive* and the steps above it at which the site answers, for a newest message in other
# scripts and in Chinese. The n-grams lower Chinese more.
ALARM, ALARM_CHINESE = 0.18, 0.25
# Of a message that is read in pieces: the logit of the threshold, and what is added for each e-fold of their number.
LONG, LONGER = 0.8, 0.6
CALM = 0.02  # below this probability of the same, the model is sure that there is no wish to be dead
VOTE = 0.7  # the factor of the n-grams' logit, which is added to the network's logits of the steps of an alarm
SURE = 0.6  # the least probability of *grief* at which the model is sure of it


@dataclass(frozen=True)
class Recognition:
    step: str  # as in ladder.LEVELS; "" is none
    is_calm: bool  # the model is sure that the step is below *passive*
    is_grief: bool  # the model is sure of grief


_NOTHING = Recognition("", is_calm=True, is_grief=False)  # of a message without a word
_WORD = re.compile(r"[^\W_]{2}")
# The model has not learned from such texts, and takes them for anything: markup and addresses, and drawn-out letters.
_ILLEGIBLE = re.compile(r"<[a-zA-Z/!][^<>]{0,300}>|[!-~]{41,}")
_DRAWN_OUT = re.compile(r"(\w)\1{3,}")


class Recogniser:
    """The model. Thread-safe. Loads its weights at the first text."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        self._path = path
        self._remembered: Remembered[Recognition] = Remembered(20_000)

    def recognise(self, talks: Sequence[Sequence[str]]) -> list[Recognition]:
        """For each talk, the step of its last message. A talk is one person's messages, the newest last.

        Raises ClassifierUnavailable.
        """
        talks = [[_legible(message) for message in talk[-tokens.EARLIER - 1 :]] for talk in talks]
        keys = [self._remembered.key(talk) for talk in talks]
        results = {key: cached for key in keys if (cached := self._remembered.get(key)) is not None}
        new = {key: talk for key, talk in zip(keys, talks, strict=True) if key not in results}
        for key in [key for key, talk in new.items() if not _WORD.search(talk[-1])]:
            results[key] = _NOTHING
            del new[key]
        if new:
            for (key, talk), probabilities in zip(new.items(), self.probabilities(list(new.values())), strict=True):
                results[key] = _recognition(probabilities, _alarm(talk[-1], len(probabilities)))
                self._remembered.put(key, results[key])
        return [results[key] for key in keys]

    def probabilities(self, talks: Sequence[Sequence[str]]) -> list[Matrix]:
        """For each talk, float32 [pieces, STEPS], of the pieces of its last message. Raises ClassifierUnavailable."""
        model = self._model
        rows: list[Row] = []
        votes: list[float] = []
        ends: list[int] = []
        for *earlier, newest in talks:
            for piece in tokens.pieces(model.tokenizer, newest):
                windows = tokens.rows(model.tokenizer, [*earlier, piece])
                rows += windows
                votes += model.votes(piece, len(windows))
            ends.append(len(rows))
        logits = model.bert.means(rows) @ model.head.T + model.bias
        logits[:, _FIRST_ALARM:] += VOTE * np.array(votes, np.float32)[:, None]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.split(odds / odds.sum(axis=1, keepdims=True), ends[:-1])

    @property
    def version(self) -> str:
        """Raises ClassifierUnavailable."""
        return f"crisis-{self._model.version}"

    @cached_property
    def _model(self) -> "_Model":
        with _readable(self._path):
            return _Model(self._path)


class _Model:
    """The file, loaded."""

    def __init__(self, path: Path) -> None:
        about, arrays = _stored(path)
        self.version: str = about["version"]
        self.tokenizer = Tokenizer.from_str(about["tokenizer"])
        self.head: Matrix = arrays.pop("head.weight")
        self.bias: Matrix = arrays.pop("head.bias")
        self._vote = Vote(arrays.pop(_VOTE_WEIGHTS), arrays.pop(_VOTE_LINE))
        self.bert = Bert(arrays, heads=about["heads"])

    def votes(self, text: str, windows: int) -> list[float]:
        """The n-grams' logit for each window. A sentence of several gets none."""
        return [self._vote.logit(text)] if windows == 1 else [0.0] * windows


def network_of(path: Path) -> tuple[dict[str, npt.NDArray[Any]], Tokenizer]:
    """The network's arrays and its tokenizer. Raises ClassifierUnavailable."""
    with _readable(path):
        about, arrays = _stored(path)
        network = {name: value for name, value in arrays.items() if name not in (_VOTE_WEIGHTS, _VOTE_LINE)}
        return network, Tokenizer.from_str(about["tokenizer"])


def _stored(path: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    with safe_open(path, framework="numpy") as stored:
        arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        return json.loads(stored.metadata()["about"]), arrays


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ClassifierUnavailable(f"The crisis model in {path.name} cannot be read: {error}.") from error


def save(path: Path, arrays: dict[str, npt.NDArray[Any]], vote: Vote, *, tokenizer: Tokenizer, heads: int) -> str:
    """Writes what `Recogniser` reads. Returns its version.

    `arrays`: the rounded weights of BERT, "head.weight" and "head.bias".
    """
    arrays = arrays | {_VOTE_WEIGHTS: vote.weights, _VOTE_LINE: vote.line}
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(arrays[name]).tobytes() for name in sorted(arrays)))
    version = f"2.{digest.hexdigest()[:8]}"
    about = {"version": version, "heads": heads, "tokenizer": tokenizer.to_str()}
    # One key, because the format keeps several in no fixed order. The same weights must give the same bytes.
    save_file(arrays, path, {"about": json.dumps(about)})
    return version


def _legible(text: str) -> str:
    return _ILLEGIBLE.sub(" ", _DRAWN_OUT.sub(r"\1", text))


def _alarm(message: str, pieces: int) -> float:
    """The threshold of an alarm for this message. The more pieces it has, the likelier one of them errs."""
    if pieces > 1:
        return 1 / (1 + math.exp(-LONG - LONGER * math.log(pieces)))
    return ALARM_CHINESE if is_mostly_cjk(message) else ALARM


def _recognition(probabilities: Matrix, alarm: float) -> Recognition:
    """The highest step of all windows."""
    alarms = probabilities[:, _FIRST_ALARM:].sum(axis=1)  # [windows]
    gravest = max((_step(row, alarm) for row in probabilities), key=STEPS.index)
    return Recognition(
        step="" if gravest == "none" else gravest,
        is_calm=bool(alarms.max() < CALM),
        is_grief=bool(alarms.max() < CALM and probabilities[:, STEPS.index("grief")].min() >= SURE),
    )


def _step(probabilities: Matrix, alarm: float) -> str:
    """The likeliest step below *passive*; of a likely alarm, the highest that half its weight reaches."""
    alarms = probabilities[_FIRST_ALARM:]
    if alarms.sum() < alarm:
        return STEPS[int(probabilities[:_FIRST_ALARM].argmax())]
    at_least = alarms[::-1].cumsum()[::-1]  # of each step: the probability of it and those above it
    return STEPS[_FIRST_ALARM + int(np.flatnonzero(at_least >= alarms.sum() / 2)[-1])]


@cache
def recogniser() -> Recogniser:
    """The one instance of this process."""
    return Recogniser()
