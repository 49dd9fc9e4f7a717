"""Compares the tables of the model card with the figures of `evaluate_moderation --json`."""

import json
import re
from pathlib import Path

import pytest

from moderation.categories import Category
from moderation.filter.classifiers.linear import WEIGHTS, Weights

DOCS = Path(__file__).resolve().parents[3] / "docs"
CARD = (DOCS / "moderation-model-card.md").read_text(encoding="utf-8")
FIGURES = json.loads((DOCS / "moderation-figures.json").read_text(encoding="utf-8"))


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading: first cell → the other cells."""
    section = CARD.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {first.strip("`"): others for first, *others in cells[2:]}


@pytest.mark.parametrize("category", list(Category))
def test_each_category_states_its_counts_and_auprc(category: Category) -> None:
    positives, negatives, auprc = rows("Quality on the development split")[category]
    measured = FIGURES["categories"][category]
    assert int(positives.replace(",", "")) == measured["positives"]
    assert int(negatives.replace(",", "")) == measured["negatives"]
    assert auprc == (f"{measured['auprc']:.3f}" if "auprc" in measured else "not measured")


@pytest.mark.parametrize("source", sorted(FIGURES["ordinary"]))
def test_false_alarms_are_stated(source: str) -> None:
    texts, user, persona = rows("False alarms on ordinary texts")[source]
    measured = FIGURES["ordinary"][source]
    assert int(texts.replace(",", "")) == measured["texts"]
    assert int(user) == measured.get("user_block", 0) + measured.get("user_crisis", 0)
    assert int(persona) == measured.get("persona_block", 0)


def test_no_ordinary_source_is_blocked_too_often() -> None:
    texts = sum(source["texts"] for source in FIGURES["ordinary"].values())
    for action in ("user_block", "persona_block", "user_crisis"):
        alarms = sum(source.get(action, 0) for source in FIGURES["ordinary"].values())
        assert alarms <= texts * 0.005, f"{action}: {alarms} of {texts}"


def test_the_figures_are_those_of_the_weights_in_the_repository() -> None:
    version = Weights.load(WEIGHTS).version
    assert f"linear-{version}" in FIGURES["classifiers"]
    assert version in CARD


def test_each_disguise_is_stated_with_its_interval() -> None:
    names = {"en": "English", "zh": "Chinese"}
    for row in FIGURES["evasion"]:
        counts = f"{row['met']} of {row['texts']} | {row['low']:.1%} to {row['high']:.1%}"
        assert f"| {names[row['language']]} | {row['disguise']} | {counts} |" in CARD


def test_the_speed_is_stated() -> None:
    for value in FIGURES["speed"].values():
        assert re.search(rf"(?<![\d.]){re.escape(str(value))}(?![\d.])", CARD), value
