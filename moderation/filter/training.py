"""Fitting and measuring the linear classifier.

Data: the folder of labelled texts (`<source>.jsonl.gz`, one {id, source, lang, text, labels, split} a line) and
our own templates. An absent label is unknown: such a text takes no part in that category. French and Vietnamese
are left out, because there they occur among harmful texts only, and a classifier would learn the language.

Everything is decided by the SHA-1 of a text's id: which half it belongs to when the first stage is scored on
texts it was not fitted on, and which texts are embedded. So the same data give the same weights.
"""

import gzip
import hashlib
import itertools
import json
import re
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import average_precision_score

from moderation.filter import encoder, pii, policy
from moderation.filter.classifiers import features, registry
from moderation.filter.classifiers.base import Category
from moderation.filter.classifiers.linear import VECTOR_TOKENS, Scores, Weights, calibrated
from moderation.filter.policy import ActivePolicy
from moderation.models import Direction, RuleAction

OWN_TEXTS = Path(__file__).resolve().parent.parent / "data" / "own_texts.toml"
LEFT_OUT_LANGUAGES = {"fr", "vi"}
CATEGORIES = tuple(Category)
# Ordinary talk and prose.
ORDINARY_SOURCES = {"clinc_oos", "counsel_chat", "gutenberg_prose", "kdconv", "mts_dialog", "smilechat", "topical_chat"}
# Two categories that the sources do not label. Nobody jailbreaks in comments, tweets or letters, only in prompts to
# an assistant; and where there is no violence, there is no threat of it.
PROMPT_SOURCES = {"ailuminate", "catqa", "pyrit_garak_seed_prompts", "pyrit_scorer_evals", "red_instruct_harmfulqa"}
# Categories with thousands of positives; of the others every positive is embedded.
COMMON = {Category.HATE, Category.HARASSMENT, Category.ILLICIT}
EXPANSIONS = 40  # of one template
NEVER = -12.0  # the logit of a category that a fit saw no positive of

Say = Callable[[str], None]


@dataclass(frozen=True)
class Example:
    id: str
    source: str
    text: str
    labels: dict[str, int]
    is_dev: bool

    @property
    def rank(self) -> int:
        """A number in [0, 2**32) that depends on the id alone."""
        return int(hashlib.sha1(self.id.encode(), usedforsecurity=False).hexdigest()[:8], 16)


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
    """Of the training texts without a rare positive, one in `every`; all the others, and the development split."""
    return [one for one in examples if one.is_dev or _is_rare(one) or one.rank < 2**32 // every]


def _is_rare(example: Example) -> bool:
    return example.source == "own" or any(on and name not in COMMON for name, on in example.labels.items())


def own_examples() -> list[Example]:
    """Our templates, filled: at most EXPANSIONS of each, evenly over the combinations. All are for training."""
    content = tomllib.loads(OWN_TEXTS.read_text(encoding="utf-8"))
    examples = []
    for template in content["template"]:
        labels = dict.fromkeys(CATEGORIES, 0) if template.get("benign") else template["labels"]
        for text in template["texts"]:
            for filled in _fill(text, content["slots"]):
                digest = hashlib.sha1(filled.encode(), usedforsecurity=False).hexdigest()[:12]
                examples.append(Example(f"own-{digest}", "own", filled, dict(labels), False))
    return examples


def _fill(text: str, slots: dict[str, list[str]]) -> list[str]:
    names = list(dict.fromkeys(re.findall(r"{(\w+)}", text)))
    filled = [
        text.format(**dict(zip(names, chosen, strict=True))) for chosen in itertools.product(*(slots[n] for n in names))
    ]
    return filled[:: -(-len(filled) // EXPANSIONS)]


# --- Vectors ----------------------------------------------------------------------------------


def chosen_for_vectors(examples: Sequence[Example], count: int) -> list[Example]:
    """Which training texts get a sentence vector: every rare positive, then the rest by rank.

    In an order that mixes the groups, so that a run that was cut short has something of each.
    """
    readable = [one for one in examples if not one.is_dev and not features.is_mostly_cjk(one.text)]

    def group(example: Example) -> int:
        if _is_rare(example):
            return 0
        return 1 if any(example.labels.values()) else 2

    groups = [
        sorted((one for one in readable if group(one) == number), key=lambda one: one.rank) for number in range(3)
    ]
    queues = [iter(members) for members in groups]
    chosen: list[Example] = []
    while len(chosen) < min(count, len(readable)):
        for queue, share in zip(queues, (4, 8, 10), strict=True):
            chosen += itertools.islice(queue, share)
    return chosen


def vectors_of(examples: Sequence[Example], cache: Path, say: Say) -> dict[str, Scores]:
    """Vector by id; what is missing under `cache` is computed, and kept there for the next run."""
    cache.mkdir(parents=True, exist_ok=True)
    known: dict[str, Scores] = {}
    for path in sorted(cache.glob("*.npz")):
        with np.load(path, allow_pickle=False) as stored:
            known |= dict(zip(stored["ids"].tolist(), stored["vectors"].astype(np.float32), strict=True))
    missing = [example for example in examples if example.id not in known]
    for start in range(0, len(missing), 512):
        batch = sorted(missing[start : start + 512], key=lambda example: len(example.text))
        # Rounded before they are used, so that a vector just made equals the same one read back.
        vectors = encoder.minilm().encode([one.text for one in batch], max_tokens=VECTOR_TOKENS).astype(np.float16)
        ids = [example.id for example in batch]
        name = hashlib.sha1("".join(ids).encode(), usedforsecurity=False).hexdigest()[:12]
        np.savez(cache / f"{name}.npz", ids=np.array(ids), vectors=vectors)
        known |= dict(zip(ids, vectors.astype(np.float32), strict=True))
        say(f"vectors {start + len(batch):,} of {len(missing):,}")
    return {example.id: known[example.id] for example in examples}


# --- Fitting -----------------------------------------------------------------------------------


def fit(examples: Sequence[Example], vectors: dict[str, Scores], say: Say) -> Weights:
    """Weights fitted on the training split of `examples`; the development split is not looked at."""
    training = [example for example in examples if not example.is_dev]
    say(f"n-grams of {len(training):,} texts")
    matrix = ngram_matrix([example.text for example in training])
    half = np.array([example.rank % 2 for example in training])
    weight = np.ones(len(training))
    size = len(CATEGORIES)
    kernel, bias = np.zeros((features.BUCKETS, size), np.float32), np.zeros(size, np.float32)
    unseen = np.zeros((len(training), size), np.float32)
    calibration = np.zeros((2, size), np.float32)
    for column, category in enumerate(CATEGORIES):
        labels = _labels(training, category)
        unseen[:, column], kernel[:, column], bias[column] = _crossed(_sparse_head, matrix, labels, weight, half)
        calibration[:, column] = _platt(unseen[:, column], labels, weight)
        say(f"{category}: first stage, {int((labels == 1).sum()):,} positives")
    scale = np.maximum(np.abs(kernel).max(axis=0), 1e-6) / 127
    quantised = np.rint(kernel / scale).astype(np.int8)
    first = _first_stage(quantised, scale, bias, calibration)
    return _with_meaning(first, training, vectors, unseen, half, weight, say)


def _first_stage(
    quantised: npt.NDArray[np.int8], scale: Scores, bias: Scores, calibration: Scores
) -> dict[str, Scores | npt.NDArray[np.int8]]:
    return {"ngrams": quantised, "ngram_scale": scale, "ngram_bias": bias, "ngram_calibration": calibration}


def _with_meaning(
    first: dict[str, Any],
    training: Sequence[Example],
    vectors: dict[str, Scores],
    unseen: Scores,
    half: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    say: Say,
) -> Weights:
    rows = np.array([row for row, example in enumerate(training) if example.id in vectors])
    seen = np.stack([vectors[training[row].id] for row in rows])
    matrix = np.concatenate([seen, np.clip(unseen[rows], NEVER, -NEVER)], axis=1)  # [n, 384 + C]
    size = len(CATEGORIES)
    meaning, bias = np.zeros((matrix.shape[1], size), np.float32), np.zeros(size, np.float32)
    calibration, floors = np.zeros((2, size), np.float32), np.ones(size, np.float32)
    early = calibrated(unseen[rows], first["ngram_calibration"])
    for column, category in enumerate(CATEGORIES):
        labels = _labels([training[row] for row in rows], category)
        late, meaning[:, column], bias[column] = _crossed(_dense_head, matrix, labels, weight[rows], half[rows])
        calibration[:, column] = _platt(late, labels, weight[rows])
        # Of the positives that the second stage would catch, as scored by heads that had not seen them, one in
        # twenty lies below the floor.
        caught = (labels == 1) & (calibrated(late[:, None], calibration[:, [column]])[:, 0] >= 0.5)
        if caught.any():
            floors[column] = max(float(np.quantile(early[caught, column], 0.05)), 0.01)
        say(f"{category}: second stage, {int((labels == 1).sum()):,} positives, floor {floors[column]:.3f}")
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in (first["ngrams"], meaning)))
    return Weights(
        version=f"1.{digest.hexdigest()[:8]}",
        categories=CATEGORIES,
        floors=floors,
        meaning=meaning,
        meaning_bias=bias,
        meaning_calibration=calibration,
        **first,
    )


def ngram_matrix(texts: Iterable[str]) -> sparse.csr_matrix:
    """float32 [n, BUCKETS]; rows of length 1."""
    found = [features.buckets(text) for text in texts]
    lengths = np.array([len(row) for row in found])
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.concatenate(found).astype(np.int32)
    return sparse.csr_matrix((values, columns, starts), shape=(len(found), features.BUCKETS))


def _labels(examples: Sequence[Example], category: Category) -> npt.NDArray[np.int8]:
    """1, 0, or -1 where unknown."""
    return np.array([example.labels.get(category, -1) for example in examples], dtype=np.int8)


class _Head(Protocol):
    coef_: npt.NDArray[np.float64]
    intercept_: npt.NDArray[np.float64]

    def fit(self, matrix: Any, labels: Any, *, sample_weight: Any) -> "_Head": ...
    def decision_function(self, matrix: Any) -> npt.NDArray[np.float64]: ...


def _sparse_head() -> _Head:
    """Averaged stochastic gradient over the n-grams: as good here as the exact solvers, and much faster."""
    head: _Head = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=6, tol=None, average=True, random_state=1)
    return head


def _dense_head() -> _Head:
    head: _Head = LogisticRegression(C=1.0, max_iter=100, tol=1e-3)
    return head


def _crossed(
    make: Callable[[], _Head],
    matrix: Any,
    labels: npt.NDArray[np.int8],
    weight: npt.NDArray[np.float64],
    half: npt.NDArray[np.int64],
) -> tuple[Scores, Scores, float]:
    """Logits of each row by a head that saw only the other half; then coefficients and intercept fitted on all."""
    unseen = np.full(len(labels), NEVER, np.float32)
    for part in (0, 1):
        head = _fitted(make(), matrix, labels, weight, (labels >= 0) & (half != part))
        if head is not None:
            unseen[half == part] = head.decision_function(matrix[half == part])
    head = _fitted(make(), matrix, labels, weight, labels >= 0)
    if head is None:
        return unseen, np.zeros(matrix.shape[1], np.float32), NEVER
    return unseen, head.coef_[0].astype(np.float32), float(head.intercept_[0])


def _fitted(
    head: _Head,
    matrix: Any,
    labels: npt.NDArray[np.int8],
    weight: npt.NDArray[np.float64],
    take: npt.NDArray[np.bool_],
) -> _Head | None:
    """Fitted on the rows taken, where positives weigh more the fewer they are, by a square root; None without any."""
    kept = labels[take]
    positives = int((kept == 1).sum())
    if positives in {0, len(kept)}:
        return None
    boost = min(float(np.sqrt((len(kept) - positives) / positives)), 10.0)
    return head.fit(matrix[take], kept, sample_weight=weight[take] * np.where(kept == 1, boost, 1.0))


def _platt(logits: Scores, labels: npt.NDArray[np.int8], weight: npt.NDArray[np.float64]) -> Scores:
    """Slope and offset that make the logits' sigmoid a probability, on texts that the head had not seen."""
    known = labels >= 0
    if len(set(labels[known].tolist())) < 2:
        return np.array([1.0, 0.0], dtype=np.float32)
    fitted = LogisticRegression(C=1e3).fit(logits[known, None], labels[known], sample_weight=weight[known])
    return np.array([fitted.coef_[0, 0], fitted.intercept_[0]], dtype=np.float32)


# --- Measuring ---------------------------------------------------------------------------------


def evaluate(examples: Sequence[Example], ordinary: Sequence[Path], say: Say) -> dict[str, Any]:
    """What the configured classifiers and the active policy do on the development split, as plain values.

    `ordinary`: text files (letters, diaries) in which every paragraph is taken for harmless.
    """
    held_out = [example for example in examples if example.is_dev]
    rules = policy.active()
    scores: list[dict[Category, float]] = []
    for start in range(0, len(held_out), 1000):
        scores += registry.score([example.text for example in held_out[start : start + 1000]])
        say(f"judged {len(scores):,} of {len(held_out):,}")
    return {
        "classifiers": registry.version(),
        "policy": rules.version,
        "texts": len(held_out),
        "categories": {category: _measured(category, held_out, scores, rules) for category in CATEGORIES},
        "ordinary": _false_alarms(held_out, scores, rules, ordinary),
        "speed": _speed([example.text for example in held_out]),
    }


def _measured(
    category: Category, examples: Sequence[Example], scores: Sequence[dict[Category, float]], rules: ActivePolicy
) -> dict[str, Any]:
    labels = _labels(examples, category)
    known = labels >= 0
    truth, given = labels[known] == 1, np.array([score[category] for score in scores])[known]
    result: dict[str, Any] = {"positives": int(truth.sum()), "negatives": int((~truth).sum())}
    if truth.any():
        result["auprc"] = round(float(average_precision_score(truth, given)), 3)
    result["rules"] = [
        {"direction": rule.direction, "action": rule.action, "threshold": rule.threshold}
        | _at(given >= rule.threshold, truth)
        for rule in rules.rules
        if rule.category == category
    ]
    return result


def _at(caught: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> dict[str, float | int | None]:
    right, alarms, positives = int((caught & truth).sum()), int(caught.sum()), int(truth.sum())
    return {
        "precision": round(right / alarms, 3) if alarms else None,
        "recall": round(right / positives, 3) if positives else None,
        "false_alarms": alarms - right,
    }


def _false_alarms(
    examples: Sequence[Example], scores: Sequence[dict[Category, float]], rules: ActivePolicy, files: Sequence[Path]
) -> dict[str, Any]:
    """Per harmless source: how many texts each action would have fallen on, as a person's and as a persona's."""
    results = {}
    for source in sorted(ORDINARY_SOURCES):
        texts = [row for row, example in enumerate(examples) if example.source == source]
        if texts:
            results[source] = _actions([(examples[row].text, scores[row]) for row in texts], rules)
    for path in files:
        paragraphs = [text.strip() for text in re.split(r"\n\s*\n", path.read_text(encoding="utf-8", errors="replace"))]
        kept = [text for text in paragraphs if len(text) > 20][:1500]
        results[path.stem] = _actions(list(zip(kept, registry.score(kept), strict=True)), rules)
    return results


def _actions(judged: Sequence[tuple[str, dict[Category, float]]], rules: ActivePolicy) -> dict[str, Any]:
    counts: dict[str, Any] = {"texts": len(judged)}
    for direction in Direction.values:
        for text, found in judged:
            spans = bool(pii.find(text))
            scored = found | {Category.PII: 0.99} if spans else found
            action = policy.decide(rules, scored, direction=direction, has_spans=spans, is_counted=False).action
            if action != RuleAction.ALLOW:
                name = f"{direction}_{RuleAction(action).value}"
                counts[name] = counts.get(name, 0) + 1
    return counts


def _speed(texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds of one text alone (median, 95th percentile), and texts a second together."""
    alone = []
    registry.forget()
    for text in texts[:200]:
        start = time.perf_counter()
        registry.score([text])
        alone.append((time.perf_counter() - start) * 1000)
    registry.forget()
    start = time.perf_counter()
    registry.score(texts[:1000])
    together = len(texts[:1000]) / (time.perf_counter() - start)
    return {
        "one_text_ms_median": round(float(np.median(alone)), 1),
        "one_text_ms_p95": round(float(np.quantile(alone, 0.95)), 1),
        "texts_per_second": round(together, 1),
    }
