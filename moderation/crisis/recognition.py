"""Recognises the steps of the crisis ladder with a model that read the sentences in `sentences/`.

The model is multilingual-e5-small with its first layers and with the pieces of English and Chinese, fine-tuned for the
six steps (`training`, docs/decisions/0014). It reads a person's newest message behind those before it. A logistic
regression on n-grams of the newest message votes beside it (`ngrams`). Where it is in doubt about a message that is not
Chinese, the larger network reads the message too (`networks.english_network`, docs/decisions/0024). A file holds the
weights and the tokenizer of each network, so they cannot come apart.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from moderation.categories import ClassifierUnavailable
from moderation.crisis import tokens
from moderation.crisis.labelled import STEPS
from moderation.crisis.ngrams import Vote
from moderation.features import is_mostly_cjk
from moderation.networks import english_network
from moderation.networks.bert import Bert, Matrix, Row
from moderation.networks.english_network import EnglishNetwork
from moderation.remembered import Remembered

_DATA = Path(__file__).resolve().parent.parent / "data"
WEIGHTS = _DATA / "crisis.safetensors"
_FIRST_ALARM = STEPS.index("passive")
_VOTE_WEIGHTS, _VOTE_LINE = "vote.weights", "vote.line"
# The least probability of *passive* and the steps above it at which the site answers (docs/moderation-model-card.md).
ALARM = 0.25
# Of a message that is read in pieces: the logit of the threshold, and what is added for each e-fold of their number.
LONG, LONGER = 0.8, 0.6
CALM = 0.02  # below this probability of the same, the model is sure that there is no wish to be dead
CERTAIN = 0.02  # the first network is in doubt where its probability of the same is farther from 0 and from 1
SECOND = 0.6  # the share of the second network in the logits of a message that it reads
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

    def __init__(self, path: Path = WEIGHTS, *, english: Path = english_network.WEIGHTS) -> None:
        self._first, self._second = _First(path), _Second(english)
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
            for key, probabilities in zip(new, self.probabilities(list(new.values())), strict=True):
                results[key] = _recognition(probabilities, _alarm(len(probabilities)))
                self._remembered.put(key, results[key])
        return [results[key] for key in keys]

    def probabilities(self, talks: Sequence[Sequence[str]]) -> list[Matrix]:
        """For each talk, float32 [pieces, STEPS], of the pieces of its last message. Raises ClassifierUnavailable."""
        pieces = [[(*earlier, piece) for piece in self._first.pieces(newest)] for *earlier, newest in talks]
        ends = np.cumsum([len(of_talk) for of_talk in pieces])
        read = [piece for of_talk in pieces for piece in of_talk]
        logits = self._first.logits(read)
        is_doubtful = (_alarms(logits) > CERTAIN) & (_alarms(logits) < 1 - CERTAIN)
        asked = [at for at in np.flatnonzero(is_doubtful) if not is_mostly_cjk(read[at][-1])]
        if asked:
            logits[asked] = (1 - SECOND) * logits[asked] + SECOND * self._second_logits([read[at] for at in asked])
        return np.split(_softmax(logits), ends[:-1])

    def _second_logits(self, talks: Sequence[Sequence[str]]) -> Matrix:
        """float32 [talks, STEPS]: the mean over the newest message behind those before it, and alone.

        Behind a grave message, the second network takes much for grave. A person can go on.
        """
        alone = self._second.logits([talk[-1:] for talk in talks])
        behind = [at for at, talk in enumerate(talks) if len(talk) > 1]
        if behind:
            alone[behind] = (alone[behind] + self._second.logits([talks[at] for at in behind])) / 2
        return alone

    def load(self) -> None:
        """Loads both networks, so that no message waits for one. Raises ClassifierUnavailable."""
        self._first.load()
        self._second.load()

    @property
    def version(self) -> str:
        """Raises ClassifierUnavailable."""
        return f"crisis-{self._first.version}-{self._second.version}"


class _First:
    """The network of all languages, loaded at the first text. Its methods raise ClassifierUnavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def version(self) -> str:
        with _readable(self._path), safe_open(self._path, framework="numpy") as stored:
            return str(json.loads(stored.metadata()["about"])["version"])

    def load(self) -> None:
        _ = self._loaded, self.version

    def pieces(self, message: str) -> list[str]:
        return tokens.pieces(self._loaded.tokenizer, message)

    def logits(self, talks: Sequence[Sequence[str]]) -> Matrix:
        """float32 [talks, STEPS], with the vote of n-grams on a last message that is read in one window."""
        network = self._loaded
        rows = [tokens.rows(network.tokenizer, talk) for talk in talks]
        result = _of_gravest_windows(rows, lambda joined: network.bert.means(joined) @ network.head.T + network.bias)
        if network.vote is not None:
            votes = [
                network.vote.logit(talk[-1]) if len(of_talk) == 1 else 0.0
                for talk, of_talk in zip(talks, rows, strict=True)
            ]
            result[:, _FIRST_ALARM:] += VOTE * np.array(votes, np.float32)[:, None]
        return result

    @cached_property
    def _loaded(self) -> "_Loaded":
        with _readable(self._path):
            return _Loaded(self._path)


class _Second:
    """The larger network, which the filter shares; loaded at the first text. Its methods raise the same."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def version(self) -> str:
        with _readable(self._path):
            return str(english_network.about(self._path)["version"])

    def load(self) -> None:
        _ = self._loaded, self.version

    def logits(self, talks: Sequence[Sequence[str]]) -> Matrix:
        """float32 [talks, STEPS]."""
        network = self._loaded
        rows = [tokens.rows(network.tokenizer, talk) for talk in talks]
        return _of_gravest_windows(rows, lambda joined: network.logits(joined, english_network.CRISIS))

    @property
    def _loaded(self) -> EnglishNetwork:
        with _readable(self._path):
            return english_network.of(self._path)


def _of_gravest_windows(rows: Sequence[Sequence[Row]], judge: Callable[[list[Row]], Matrix]) -> Matrix:
    """float32 [talks, STEPS]. Of a last message that is read in several windows, those of the likeliest alarm."""
    ends = np.cumsum([len(of_talk) for of_talk in rows])
    windows = np.split(judge([row for of_talk in rows for row in of_talk]), ends[:-1])
    return np.stack([of_talk[_alarms(of_talk).argmax()] for of_talk in windows])


class _Loaded:
    def __init__(self, path: Path) -> None:
        about, arrays = _stored(path)
        self.tokenizer = Tokenizer.from_str(about["tokenizer"])
        self.head: Matrix = arrays.pop("head.weight")
        self.bias: Matrix = arrays.pop("head.bias")
        self.vote = Vote(arrays.pop(_VOTE_WEIGHTS), arrays.pop(_VOTE_LINE)) if _VOTE_LINE in arrays else None
        self.bert = Bert(arrays, heads=about["heads"])


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except english_network.UNREADABLE as error:
        raise ClassifierUnavailable(f"The crisis model in {path.name} cannot be read: {error}.") from error


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


def save(
    path: Path, arrays: dict[str, npt.NDArray[Any]], *, tokenizer: Tokenizer, heads: int, vote: Vote | None
) -> str:
    """Writes a network that `Recogniser` reads. Returns its version.

    `arrays`: "head.weight", "head.bias", and the weights of BERT, as `bert.rounded` gives them.
    """
    if vote is not None:
        arrays = arrays | {_VOTE_WEIGHTS: vote.weights, _VOTE_LINE: vote.line}
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(arrays[name]).tobytes() for name in sorted(arrays)))
    version = f"2.{digest.hexdigest()[:8]}"
    about = {"version": version, "heads": heads, "tokenizer": tokenizer.to_str()}
    # One key, because the format keeps several in no fixed order. The same weights must give the same bytes.
    save_file(arrays, path, {"about": json.dumps(about)})
    return version


def _legible(text: str) -> str:
    return _ILLEGIBLE.sub(" ", _DRAWN_OUT.sub(r"\1", text))


def _alarm(pieces: int) -> float:
    """The threshold of an alarm for a message of so many pieces. The more it has, the likelier one of them errs."""
    return ALARM if pieces == 1 else 1 / (1 + math.exp(-LONG - LONGER * math.log(pieces)))


def _softmax(logits: Matrix) -> Matrix:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)


def _alarms(logits: Matrix) -> Matrix:
    """float32 [n]: the probability of *passive* and the steps above it."""
    return np.asarray(_softmax(logits)[:, _FIRST_ALARM:].sum(axis=1), np.float32)


def _recognition(probabilities: Matrix, alarm: float) -> Recognition:
    """The highest step of all pieces."""
    alarms = probabilities[:, _FIRST_ALARM:].sum(axis=1)  # [pieces]
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
