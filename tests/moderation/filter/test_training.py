from pathlib import Path

import numpy as np
import pytest

from moderation.filter import training
from moderation.filter.classifiers import features
from moderation.filter.classifiers.base import Category


def test_our_own_texts_are_labelled_and_never_in_the_development_split() -> None:
    examples = training.own_examples()
    assert len({example.id for example in examples}) == len(examples)
    assert not any(example.is_dev for example in examples)
    for category in (Category.JAILBREAK, Category.HARASSMENT_THREATENING, Category.SELF_HARM_INTENT):
        assert {0, 1} <= {example.labels.get(category) for example in examples}


def test_french_and_vietnamese_are_left_out_and_unknown_labels_stay_unknown(shared_data: Path) -> None:
    examples = training.read(shared_data / "moderation")
    assert len(examples) > 100_000
    catqa = [example for example in examples if example.source == "catqa"]
    assert catqa
    assert not any(set("ệảạếộ") & set(example.text) for example in catqa)
    coldataset = next(example for example in examples if example.source == "coldataset")
    assert Category.SEXUAL not in coldataset.labels


def test_texts_for_vectors_hold_every_kind_and_no_development_text(shared_data: Path) -> None:
    examples = training.thinned(training.read(shared_data / "moderation") + training.own_examples(), 50)
    chosen = training.chosen_for_vectors(examples, 500)
    assert 500 <= len(chosen) < 530
    assert not any(example.is_dev or features.is_mostly_cjk(example.text) for example in chosen)
    assert any(example.source == "own" for example in chosen)
    assert chosen == training.chosen_for_vectors(examples[::-1], 500)


@pytest.mark.parametrize("text", ["", "a", "word", "我", "I miss you so much since you died.", "\ud800"])
def test_buckets_are_distinct_ascending_and_in_range(text: str) -> None:
    found = features.buckets(text)
    assert list(found) == sorted(set(found.tolist()))
    assert ((found >= 0) & (found < features.BUCKETS)).all()


def test_case_width_blanks_and_invisible_characters_change_nothing() -> None:
    plain = features.buckets("i will come")
    for disguised in ("I WILL COME", "i  will\tcome", "i w\u200bill co\u00adme", "ｉ ｗｉｌｌ ｃｏｍｅ"):
        assert np.array_equal(features.buckets(disguised), plain)
