from pathlib import Path

import numpy as np
import pytest

from moderation import features
from moderation.categories import Category
from moderation.filter import network_training, training, training_material

pytestmark = pytest.mark.slow


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


def test_texts_of_one_template_are_left_out_together() -> None:
    left_out: dict[str, set[bool]] = {}
    for example in training.own_examples():
        left_out.setdefault(example.group, set()).add(example.is_left_out)
    assert all(len(answers) == 1 for answers in left_out.values())
    assert 0.05 < sum(True in answers for answers in left_out.values()) / len(left_out) < 0.2


@pytest.mark.thorough
def test_the_network_reads_no_text_that_is_left_out_or_measured(shared_data: Path) -> None:
    examples = training.thinned(training.read(shared_data / "moderation") + training.own_examples(), 50)
    read = [example for example in examples if network_training.is_read(example, "en")]
    assert len(read) > 5_000
    assert not any(example.is_dev or example.is_left_out or features.is_mostly_cjk(example.text) for example in read)


def test_a_sentence_in_danger_says_nothing_of_violence() -> None:
    labels = {
        category: {example.labels.get(category) for example in training_material.of_sentences()}
        for category in (Category.SELF_HARM, Category.VIOLENCE, Category.HATE)
    }
    assert labels == {Category.SELF_HARM: {0, 1, None}, Category.VIOLENCE: {0, None}, Category.HATE: {0}}


@pytest.mark.parametrize("text", ["", "a", "word", "我", "I miss you so much since you died.", "\ud800"])
def test_buckets_are_distinct_ascending_and_in_range(text: str) -> None:
    found = features.buckets(text)
    assert list(found) == sorted(set(found.tolist()))
    assert ((found >= 0) & (found < features.BUCKETS)).all()


def test_case_width_blanks_and_invisible_characters_change_nothing() -> None:
    plain = features.buckets("i will come")
    for disguised in ("I WILL COME", "i  will\tcome", "i w\u200bill co\u00adme", "ｉ ｗｉｌｌ ｃｏｍｅ"):
        assert np.array_equal(features.buckets(disguised), plain)
