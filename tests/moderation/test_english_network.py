"""The larger network, which the crisis module and the filter share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from moderation.categories import Category, ClassifierUnavailable
from moderation.crisis import tokens
from moderation.crisis.labelled import STEPS
from moderation.filter.classifiers import linear, network
from moderation.filter.classifiers.heads import Head, Heads
from moderation.filter.classifiers.linear import Linear, Weights
from moderation.networks import english_network
from moderation.networks.bert import Row
from moderation.networks.english_network import CRISIS, FILTER, WEIGHTS, EnglishNetwork

pytestmark = pytest.mark.slow

HATEFUL = "Immigrants are dirty liars, and I hate every one of them."
CHINESE = "外地人都是骗子，我最讨厌他们了。"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """The rows that the filter has asked the larger network about."""
    rows: list[Row] = []
    real = EnglishNetwork.logits

    def logits(network: EnglishNetwork, asked: list[Row], head: str) -> np.ndarray:
        rows.extend(asked if head == FILTER else [])
        return real(network, asked, head)

    monkeypatch.setattr(EnglishNetwork, "logits", logits)
    return rows


def test_what_one_head_has_read_costs_the_other_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = EnglishNetwork(WEIGHTS)
    for message in ("I miss you so much.", "Ünïcode ＴＥＸＴ \u200b\ud800", HATEFUL):
        assert tokens.rows(network.tokenizer, [message]) == [linear.english_row(network.tokenizer, message)]
    row = linear.english_row(network.tokenizer, HATEFUL)
    first = network.logits([row], FILTER)
    monkeypatch.setattr(network._bert, "means", None)
    assert network.logits([row], CRISIS).shape == (1, len(STEPS))
    np.testing.assert_allclose(network.logits([row, row], FILTER), np.concatenate([first, first]), atol=1e-4)
    network.forget()
    with pytest.raises(TypeError):
        network.logits([row], CRISIS)


def test_the_heads_of_the_shipped_file_tell_apart_what_their_judges_think() -> None:
    labels = english_network.about(WEIGHTS)["labels"]
    assert labels == {CRISIS: list(STEPS), FILTER: [str(one) for one in Weights.load(linear.WEIGHTS).categories]}


def test_the_weights_are_small_enough_to_commit() -> None:
    assert WEIGHTS.stat().st_size <= 65_000_000


def test_the_filter_asks_it_about_english_in_doubt_alone(read: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Linear()
    monkeypatch.setattr(linear, "DOUBT", (0.0, 1.0))
    doubted = judge.assess([HATEFUL, CHINESE])
    assert read == [linear.english_row(english_network.of(WEIGHTS).tokenizer, HATEFUL)]
    read.clear()
    monkeypatch.setattr(linear, "DOUBT", (0.5, 0.5))
    certain = judge.assess([HATEFUL, CHINESE])
    assert not read
    assert doubted[0] != certain[0]
    assert doubted[1] == pytest.approx(certain[1], abs=1e-6)


def test_without_its_file_the_filter_judges_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Linear(english=tmp_path / "missing.safetensors")
    with pytest.raises(ClassifierUnavailable, match=r"missing\.safetensors cannot be read"):
        judge.describe()
    monkeypatch.setattr(linear, "DOUBT", (0.0, 1.0))
    with pytest.raises(ClassifierUnavailable, match=r"missing\.safetensors cannot be read"):
        judge.assess([HATEFUL])


def test_what_decisions_taught_counts_in_doubt_as_it_does_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "DOUBT", (0.0, 1.0))
    shipped = linear.network_of(network.WEIGHTS["en"])
    weights = Weights.load(linear.WEIGHTS)
    column = weights.categories.index(Category.HATE)
    lowered = shipped.head.bias.copy()
    lowered[column] -= 2
    heads = Heads("lower", {"en": Head(shipped.head.weight, lowered)})
    before, after = (judge.assess([HATEFUL])[0][Category.HATE] for judge in (Linear(), Linear(heads=heads)))
    factor = weights.meaning[network.LANGUAGES.index("en")][0, column]
    assert np.log(after / (1 - after)) - np.log(before / (1 - before)) == pytest.approx(-2 * factor, abs=0.01)


def test_weights_that_were_fitted_for_another_network_judge_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "linear.safetensors"
    replace(Weights.load(linear.WEIGHTS), english="1.00000000").save(other)
    monkeypatch.setattr(linear, "DOUBT", (0.0, 1.0))
    with pytest.raises(ClassifierUnavailable, match="train_moderation --keep-networks"):
        Linear(other).assess([HATEFUL])


def test_a_head_that_does_not_fit_the_network_is_refused(tmp_path: Path) -> None:
    arrays = load_file(WEIGHTS)
    arrays[f"{FILTER}.weight"] = arrays[f"{FILTER}.weight"][1:]
    described = english_network.about(WEIGHTS)
    path = tmp_path / "english.safetensors"
    english_network.save(path, arrays, tokenizer=Tokenizer.from_str(described["tokenizer"]), labels=described["labels"])
    with pytest.raises(ValueError, match="head filter does not fit"):
        EnglishNetwork(path)
