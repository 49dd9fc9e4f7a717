"""Measures the configured classifiers and the active policy on texts that no classifier was trained on."""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from moderation.filter import pii, policy
from moderation.filter.classifiers import registry
from moderation.filter.classifiers.base import Category
from moderation.filter.policy import ActivePolicy
from moderation.filter.training import CATEGORIES, Example, labels_of
from moderation.models import Direction, RuleAction

# Ordinary talk and prose.
ORDINARY_SOURCES = {"clinc_oos", "counsel_chat", "gutenberg_prose", "kdconv", "mts_dialog", "smilechat", "topical_chat"}

Say = Callable[[str], None]


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
    labels = labels_of(examples, category)
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
            scored = {str(category): score for category, score in found.items()}
            if spans:
                scored[Category.PII] = 0.99
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
