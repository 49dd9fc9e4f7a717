"""A persona's own words that are not learnt, as dialogues to measure with."""

from dataclasses import dataclass

import pytest

from personas.finetuning import material, own_dialogues
from personas.prompting.phrases import phrases_for


@dataclass(frozen=True)
class Words:
    text: str
    prompted_by: str = ""


def test_held_out_words_are_asked_for_and_are_no_samples(persona):
    passages = list(persona.passages.order_by("id"))
    windows = material.held_out(passages)
    dialogues = own_dialogues.of(persona)
    assert len(dialogues) == len(windows) >= 2
    for dialogue, window in zip(dialogues, windows, strict=True):
        assert [line.speaker for line in dialogue.turns] == ["user", "persona"] * len(window)
        for line, passage in zip(dialogue.turns[1::2], window, strict=True):
            assert passage.text.startswith(line.text)
        assert dialogue.sheet.adapter is None
        held_out = [passage.text for window in windows for passage in window]
        assert not any(e.persona in text for e in dialogue.sheet.exchanges for text in held_out)


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        (Words("We had snow on Monday.", "Is it cold?"), "Is it cold?"),
        (Words("We had snow on Monday."), "How is the weather with you?"),
        (Words("Certainly."), phrases_for("en").anything[0]),
    ],
)
def test_a_line_answers_its_message_or_a_natural_question(persona, passage, question):
    sheet = own_dialogues.of(persona)[0].sheet
    assert own_dialogues._turns(sheet, [passage])[0].text == question


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("One. Two.", "One. Two."),
        (f"{'word ' * 40}end. And more.", f"{'word ' * 40}end."),
        ("x" * 8_000, "x" * 480),
    ],
)
def test_a_long_passage_gives_its_first_sentences(text, line):
    assert own_dialogues._beginning(text) == line
