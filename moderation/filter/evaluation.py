"""Measures the configured classifiers and the active policy on texts that no classifier was trained on."""

import math
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.categories import Category
from moderation.evasion.disguises import DISGUISES, SPLIT, split
from moderation.filter import assessment, pii, policy
from moderation.filter.classifiers import registry
from moderation.filter.classifiers.network import LANGUAGES, language_of
from moderation.filter.policy import ActivePolicy
from moderation.filter.training import CATEGORIES, Example, labels_of
from moderation.models import Direction, RuleAction

# Ordinary talk and prose.
ORDINARY_SOURCES = {"clinc_oos", "counsel_chat", "gutenberg_prose", "kdconv", "mts_dialog", "smilechat", "topical_chat"}

DISGUISED = 150  # harmful texts of a language that are tried in each disguise
_LONGEST = 240  # characters of such a text

Say = Callable[[str], None]


def evaluate(examples: Sequence[Example], ordinary: Sequence[Path], say: Say) -> dict[str, Any]:
    """What the configured classifiers and the active policy do on the development split, as plain values.

    `ordinary`: text files (letters, diaries) in which every paragraph is taken for harmless.
    """
    held_out = [example for example in examples if example.is_dev]
    rules = policy.active()
    scores: list[dict[str, float]] = []
    for start in range(0, len(held_out), 1000):
        scores += assessment.scores_of([example.text for example in held_out[start : start + 1000]])
        say(f"judged {len(scores):,} of {len(held_out):,}")
    return {
        "classifiers": registry.version(),
        "policy": rules.version,
        "texts": len(held_out),
        "categories": {category: _measured(category, held_out, scores, rules) for category in CATEGORIES},
        "evasion": _evasion(held_out, say),
        "ordinary": _false_alarms(held_out, scores, rules, ordinary),
        "speed": _speed([example.text for example in held_out]),
    }


def _measured(
    category: Category, examples: Sequence[Example], scores: Sequence[dict[str, float]], rules: ActivePolicy
) -> dict[str, Any]:
    from sklearn.metrics import average_precision_score  # only measurements need the library

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


def _evasion(examples: Sequence[Example], say: Say) -> list[dict[str, Any]]:
    """Of harmful texts that the filter acts on as they stand, how many it acts on in each disguise."""
    rows = []
    for language in LANGUAGES:
        harmful = [
            one.text
            for one in sorted(examples, key=lambda example: (example.rank, example.id))
            if 1 in one.labels.values() and len(one.text) <= _LONGEST and language_of(one.text) == language
        ][: 4 * DISGUISED]
        verdicts = assessment.assess_many(harmful, direction=Direction.USER)
        acted_on = [text for text, one in zip(harmful, verdicts, strict=True) if one.action != RuleAction.ALLOW]
        rows.append({"language": language, "disguise": "none", **_share(len(acted_on), len(harmful))})
        known = acted_on[:DISGUISED]
        for name, (disguise, languages) in DISGUISES.items():
            if language in languages:
                chance = random.Random(name)  # noqa: S311 (no secret)
                hidden = [[disguise(text, chance)] for text in known]
                rows.append({"language": language, "disguise": name, **_acted_on(hidden)})
        rows.append({"language": language, "disguise": SPLIT, **_acted_on([split(text) for text in known])})
        say(f"{language}: {len(known)} texts in disguise")
    return rows


def _acted_on(talks: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Of these talks, how many the filter acts on at any message."""
    so_far = [(row, talk[: number + 1]) for row, talk in enumerate(talks) for number in range(len(talk))]
    verdicts = assessment.assess_talks([messages for _, messages in so_far], direction=Direction.USER)
    acted = {row for (row, _), verdict in zip(so_far, verdicts, strict=True) if verdict.action != RuleAction.ALLOW}
    return _share(len(acted), len(talks))


def _share(count: int, total: int) -> dict[str, Any]:
    """With the interval of Wilson (1927) for 95 %."""
    if not total:
        return {"met": 0, "texts": 0}
    share, spread = count / total, 1.96**2 / total
    centre = (share + spread / 2) / (1 + spread)
    margin = 1.96 * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    low, high = round(max(0.0, centre - margin), 3), round(min(1.0, centre + margin), 3)
    return {"met": count, "texts": total, "low": low, "high": high}


def _false_alarms(
    examples: Sequence[Example], scores: Sequence[dict[str, float]], rules: ActivePolicy, files: Sequence[Path]
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
        results[path.stem] = _actions(list(zip(kept, assessment.scores_of(kept), strict=True)), rules)
    return results


def _actions(judged: Sequence[tuple[str, dict[str, float]]], rules: ActivePolicy) -> dict[str, Any]:
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
        assessment.scores_of([text])
        alone.append((time.perf_counter() - start) * 1000)
    registry.forget()
    start = time.perf_counter()
    assessment.scores_of(texts[:1000])
    together = len(texts[:1000]) / (time.perf_counter() - start)
    return {
        "one_text_ms_median": round(float(np.median(alone)), 1),
        "one_text_ms_p95": round(float(np.quantile(alone, 0.95)), 1),
        "texts_per_second": round(together, 1),
    }
