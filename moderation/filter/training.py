"""Fitting the classifier on n-grams, and what the later stages make of the networks' logits.

Data: the folder of labelled texts (`<source>.jsonl.gz`, one {id, source, lang, text, labels, split} a line), our own
templates, and what the caller adds. An absent label is unknown: such a text takes no part in that category. French
and Vietnamese are left out, because there they occur among harmful texts only, and a classifier would learn the
language.

scikit-learn and scipy are imported where they fit something: every process of the site imports this module, and the
libraries take seconds.

Everything is decided by the SHA-1 of a text's id, so the same data give the same weights.
"""

import gzip
import hashlib
import itertools
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from moderation import features
from moderation.categories import Category
from moderation.filter.classifiers.linear import Scores, Weights, english_row, is_in_doubt, sigmoid
from moderation.filter.classifiers.network import LANGUAGES, Network, language_of
from moderation.networks import english_network
from moderation.networks.english_network import EnglishNetwork

if TYPE_CHECKING:
    from scipy import sparse

OWN_TEXTS = Path(__file__).resolve().parent.parent / "data" / "own_texts.toml"
LEFT_OUT_LANGUAGES = {"fr", "vi"}
CATEGORIES = tuple(Category)
# Two categories that the sources do not label. Nobody jailbreaks in comments, tweets or letters, only in prompts to
# an assistant; and where there is no violence, there is no threat of it.
PROMPT_SOURCES = {"ailuminate", "catqa", "pyrit_garak_seed_prompts", "pyrit_scorer_evals", "red_instruct_harmfulqa"}
# Categories with thousands of positives.
COMMON = {Category.HATE, Category.HARASSMENT, Category.ILLICIT}
# What was written for the filter and the crisis ladder.
WRITTEN = {"own", "crisis"}
EXPANSIONS = 40  # of one template
FEW_TO_TRUST = 5  # positives of a category and language; with fewer, the n-grams alone decide
FEW_IN_DOUBT = 20  # positives of a category in doubt; with fewer, the second stage decides
NEVER = -12.0  # the logit of a category that a fit saw no positive of

Say = Callable[[str], None]


@dataclass(frozen=True)
class Example:
    id: str
    source: str
    text: str
    labels: dict[str, int]
    is_dev: bool
    group: str = ""  # texts of one group are alike, so they are read together or left out together

    @property
    def rank(self) -> int:
        """A number in [0, 2**32) that depends on the group, or on the id of a text without one."""
        return int(hashlib.sha1((self.group or self.id).encode(), usedforsecurity=False).hexdigest()[:8], 16)

    @property
    def is_left_out(self) -> bool:
        """Whether no stage is fitted on the text. Every eighth one is, so that the stages can be calibrated."""
        return self.rank % 8 == 0


class DataMissing(Exception):
    """The folder holds no labelled texts."""


def read(data: Path) -> list[Example]:
    """All labelled texts but those in LEFT_OUT_LANGUAGES. Raises DataMissing."""
    files = sorted(data.glob("*.jsonl.gz"))
    if not files:
        raise DataMissing(f"{data} holds no *.jsonl.gz file of labelled texts.")
    return [example for path in files for example in _read(path)]


def _read(path: Path) -> Iterator[Example]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["lang"] in LEFT_OUT_LANGUAGES:
                continue
            labels = dict(row["labels"])
            if row["source"] not in PROMPT_SOURCES:
                labels[Category.JAILBREAK] = 0
            if labels.get(Category.VIOLENCE) == 0:
                labels[Category.HARASSMENT_THREATENING] = 0
            yield Example(row["id"], row["source"], row["text"], labels, row["split"] == "dev")


def thinned(examples: Sequence[Example], every: int) -> list[Example]:
    """Of the texts without a rare positive that stages are fitted on, one in `every`; and all the others."""
    kept = 2**32 // every
    return [one for one in examples if one.is_dev or one.is_left_out or _is_rare(one) or one.rank < kept]


def _is_rare(example: Example) -> bool:
    return example.source in WRITTEN or any(on and name not in COMMON for name, on in example.labels.items())


def own_examples() -> list[Example]:
    """Our templates, filled: at most EXPANSIONS of each, evenly over the combinations. All are for training."""
    content = tomllib.loads(OWN_TEXTS.read_text(encoding="utf-8"))
    examples = []
    for template in content["template"]:
        labels = dict.fromkeys(CATEGORIES, 0) if template.get("benign") else template["labels"]
        for text in template["texts"]:
            for filled in _fill(text, content["slots"]):
                digest = hashlib.sha1(filled.encode(), usedforsecurity=False).hexdigest()[:12]
                examples.append(Example(f"own-{digest}", "own", filled, dict(labels), False, group=text))
    return examples


def _fill(text: str, slots: dict[str, list[str]]) -> list[str]:
    names = list(dict.fromkeys(re.findall(r"{(\w+)}", text)))
    filled = [
        text.format(**dict(zip(names, chosen, strict=True))) for chosen in itertools.product(*(slots[n] for n in names))
    ]
    return filled[:: -(-len(filled) // EXPANSIONS)]


# --- Fitting -----------------------------------------------------------------------------------


def fit(examples: Sequence[Example], networks: Mapping[str, Network], larger: EnglishNetwork, say: Say) -> Weights:
    """Weights fitted on the training split of `examples`. The development split is not looked at.

    The n-grams are fitted without the texts that are left out. On those, which no stage has read, each stage is
    calibrated, and the floors are set.
    """
    training = [example for example in examples if not example.is_dev and not example.is_left_out]
    unread = [example for example in examples if not example.is_dev and example.is_left_out]
    say(f"n-grams of {len(training):,} texts")
    matrix = features.ngram_matrix([example.text for example in training])
    size = len(CATEGORIES)
    kernel, bias = np.zeros((features.BUCKETS, size), np.float32), np.zeros(size, np.float32)
    for column, category in enumerate(CATEGORIES):
        kernel[:, column], bias[column] = _sparse_head(matrix, labels_of(training, category))
        say(f"{category}: n-grams")
    scale = np.maximum(np.abs(kernel).max(axis=0), 1e-6) / 127
    weights = Weights(
        version="",
        categories=CATEGORIES,
        english=larger.version,
        ngrams=np.rint(kernel / scale).astype(np.int8),
        ngram_scale=scale,
        ngram_bias=bias,
        ngram_calibration=np.zeros((2, size), np.float32),
        floors=np.ones((len(LANGUAGES), size), np.float32),
        meaning=np.zeros((len(LANGUAGES), 3, size), np.float32),
        doubt=np.zeros((4, size), np.float32),
    )
    _calibrate(weights, unread, networks, larger, say)
    parts = (weights.ngrams, weights.ngram_calibration, weights.floors, weights.meaning, weights.doubt)
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    return replace(weights, version=f"2.{digest.hexdigest()[:8]}")


def _calibrate(
    weights: Weights,
    unread: Sequence[Example],
    networks: Mapping[str, Network],
    larger: EnglishNetwork,
    say: Say,
) -> None:
    """Fills in the calibration, the floors and the later stages."""
    early = weights.ngram_logits([example.text for example in unread])
    for column, category in enumerate(CATEGORIES):
        weights.ngram_calibration[:, column] = _logistic(early[:, [column]], labels_of(unread, category))
    spoken = np.array([language_of(example.text) for example in unread])
    for index, language in enumerate(LANGUAGES):
        rows = np.flatnonzero(spoken == language).tolist()
        own = [unread[row] for row in rows]
        late = networks[language].logits([example.text for example in own])
        first = weights.first(early[rows])
        for column, category in enumerate(CATEGORIES):
            labels = labels_of(own, category)
            both = np.stack([late[:, column], np.clip(early[rows, column], NEVER, -NEVER)], axis=1)
            slope, shift = weights.ngram_calibration[:, column]
            is_known = (labels == 1).sum() >= FEW_TO_TRUST
            factors = _logistic(both, labels) if is_known else np.array([0, slope, shift], np.float32)
            weights.meaning[index, :, column] = factors
            # Of the positives that the second stage would catch, one in twenty lies below the floor.
            caught = (labels == 1) & (sigmoid(both @ factors[:2] + factors[2]) >= 0.5)
            if caught.any():
                weights.floors[index, column] = max(float(np.quantile(first[caught, column], 0.05)), 0.01)
            floor = weights.floors[index, column]
            say(f"{language}, {category}: {int((labels == 1).sum()):,} positives, floor {floor:.3f}")
        if language == "en":
            _calibrate_doubt(weights, own, early[rows], late, larger, say)


def _calibrate_doubt(
    weights: Weights, english: Sequence[Example], early: Scores, late: Scores, larger: EnglishNetwork, say: Say
) -> None:
    """Fills in the third stage, on the texts of which the second is in doubt.

    `early` and `late`: the logits of the n-grams and of the network, float32 [english, CATEGORIES].
    """
    index = LANGUAGES.index("en")
    is_read = (weights.first(early) >= weights.floors[index]).any(axis=1)
    rows = np.flatnonzero(is_read & is_in_doubt(weights.second("en", late, early))).tolist()
    doubtful = [english[row] for row in rows]
    read = [english_row(larger.tokenizer, example.text) for example in doubtful]
    latest = larger.logits(read, english_network.FILTER)
    weights.doubt[1:] = weights.meaning[index]  # stays, of a category with too few positives
    say(f"in doubt: {len(doubtful):,} of {len(english):,} English texts")
    for column, category in enumerate(CATEGORIES):
        labels = labels_of(doubtful, category)
        positives = int((labels == 1).sum())
        if positives >= FEW_IN_DOUBT:
            ngrams = np.clip(early[rows, column], NEVER, -NEVER)
            all_three = np.stack([latest[:, column], late[rows, column], ngrams], axis=1)
            weights.doubt[:, column] = _logistic(all_three, labels)
        say(f"in doubt, {category}: {positives:,} positives")


def labels_of(examples: Sequence[Example], category: Category) -> npt.NDArray[np.int8]:
    """1, 0, or -1 where unknown."""
    return np.array([example.labels.get(category, -1) for example in examples], dtype=np.int8)


def _sparse_head(matrix: "sparse.csr_matrix", labels: npt.NDArray[np.int8]) -> tuple[Scores, float]:
    """Coefficients and intercept. Positives weigh more the fewer they are, by a square root.

    Averaged stochastic gradient is as good here as the exact solvers, and much faster.
    """
    from sklearn.linear_model import SGDClassifier

    known = labels >= 0
    kept = labels[known]
    positives = int((kept == 1).sum())
    if positives in {0, len(kept)}:
        return np.zeros(matrix.shape[1], np.float32), NEVER
    boost = min(float(np.sqrt((len(kept) - positives) / positives)), 10.0)
    head = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=6, tol=None, average=True, random_state=1)
    head.fit(matrix[known], kept, sample_weight=np.where(kept == 1, boost, 1.0))
    return head.coef_[0].astype(np.float32), float(head.intercept_[0])


def _logistic(logits: Scores, labels: npt.NDArray[np.int8]) -> Scores:
    """Factors of the columns of `logits`, then the offset, which make a probability of them (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    known = labels >= 0
    if len(set(labels[known].tolist())) < 2:
        return np.array([*np.full(logits.shape[1], 1 / logits.shape[1]), 0.0], dtype=np.float32)
    fitted = LogisticRegression(C=1.0).fit(logits[known], labels[known])
    return np.array([*fitted.coef_[0], fitted.intercept_[0]], dtype=np.float32)
