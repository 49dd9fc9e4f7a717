"""Passages become examples, some are kept apart, and words are counted in every script."""

from dataclasses import dataclass

import pytest

from generation.catalogue import model_rows
from generation.engines.batching.tokenizer import ModelTokenizer
from personas.finetuning import curve, material, questions
from personas.prompting.prompt_sheet import Sheet

SHEET = Sheet(name="George", description="George keeps bees.", has_own_words=True)


@dataclass
class Words:
    text: str
    prompted_by: str = ""


@pytest.fixture(scope="module")
def tokenizer(installed_model):
    return ModelTokenizer(model_rows.folder(installed_model.name)).tokenizer


def letters(count: int) -> list[Words]:
    return [Words(f"Letter {n}: " + "I walked to the harbour, and the boat was green. " * 8) for n in range(count)]


def test_words_of_chinese_are_counted_by_their_characters():
    assert material.words(["one two three", "我今天去了港口看船回来很晚了啊。"]) == 3 + 10


@pytest.mark.model
def test_held_out_passages_are_not_learnt(tokenizer):
    found = material.of(SHEET, letters(100), tokenizer)
    assert len(found.held_out) == 3  # one of twelve, of 34 examples
    learnt = "".join(tokenizer.decode(example.ids) for example in found.learnt)
    for example in found.held_out:
        own = tokenizer.decode(example.ids).split("Letter ")[1].split(":")[0]
        assert f"Letter {own}:" not in learnt
    assert found == material.of(SHEET, letters(100), tokenizer)


@pytest.mark.model
def test_words_of_other_people_are_read_and_not_learnt(tokenizer):
    talk = [Words("I would not dream of it.", "Will you come to the fair?") for _ in range(40)]
    found = material.of(SHEET, talk, tokenizer)
    example = found.learnt[0]
    targets = "".join(tokenizer.decode(example.ids[start:end]) for start, end in example.targets)
    assert "fair" in tokenizer.decode(example.ids)
    assert "fair" not in targets
    assert "dream" in targets
    assert set(found.messages) == {"Will you come to the fair?"}


@pytest.mark.model
def test_a_large_corpus_is_read_in_part(tokenizer):
    found = material.of(SHEET, letters(1000), tokenizer)
    assert (len(found.learnt), len(found.held_out)) == (250, 20)


def test_a_comparison_asks_ten_things_that_were_not_learnt():
    assert len(set(questions.ten([], "en"))) == len(set(questions.ten([], "zh"))) == 10
    own = [f"Question {n}?" for n in range(25)]
    assert len(set(questions.ten(own, "en")) & set(own)) == 10
    assert questions.ten(["Really?", "Really?", "x" * 300], "en")[:2] == ["Really?", questions.ten([], "en")[0]]


def test_the_curve_falls_from_the_top_to_the_bottom():
    drawing = curve.drawn([[0, 2.0, 2.0], [5, 1.5, 1.6], [10, 1.0, 1.2]])
    assert drawing.held_out == "0.0,0.0 200.0,56.0 400.0,112.0"
    assert drawing.learnt == "200.0,70.0 400.0,140.0"
