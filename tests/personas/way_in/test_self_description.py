"""A description drafted from somebody's own sentences."""

import pytest

from personas.importers.base import Utterance
from personas.way_in import self_description
from tests import timing


def line(text: str, number: int = 1, file: str = "letters.txt") -> tuple[str, Utterance]:
    return file, Utterance("", text, None, f"line {number}")


def sentences(*texts: str, **options) -> list[str]:
    lines = [line(text, number) for number, text in enumerate(texts, start=1)]
    return [candidate.sentence for candidate in self_description.candidates(lines, **options)]


def test_sentences_about_oneself_are_taken_with_their_places():
    text = "The boat came in late. I worked as a nurse in Leeds for thirty years. It rained."
    (candidate,) = self_description.candidates([line(text, 7)])
    assert candidate.sentence == "I worked as a nurse in Leeds for thirty years."
    assert (candidate.file, candidate.source_ref) == ("letters.txt", "line 7")
    assert (candidate.before, candidate.after) == ("The boat came in late.", "It rained.")


def test_chinese_sentences_are_taken_too():
    assert sentences("今天下雨了。我在上海的一所小学教书二十年。", "我女儿叫小雨,今年读大学了。") == [
        "我在上海的一所小学教书二十年。",
        "我女儿叫小雨,今年读大学了。",
    ]


def test_one_of_each_subject_comes_before_a_second_of_any():
    found = sentences(
        "I worked as a baker in the old town.",
        "I worked as a porter at the station too.",
        "My daughter lives by the sea in Wales.",
        "I love the smell of bread in the morning.",
    )
    assert found[1:3] == ["My daughter lives by the sea in Wales.", "I love the smell of bread in the morning."]
    assert {found[0], found[3]} == {"I worked as a baker in the old town.", "I worked as a porter at the station too."}


@pytest.mark.parametrize(
    "text",
    [
        "The weather is fine and the boat is green.",
        "Do I live in Leeds, do you think?",
        "I live at 123456 somewhere far away.",
        "I like it.",
        "I love " + "very " * 60 + "long sentences.",
    ],
)
def test_other_sentences_are_not_taken(text):
    assert sentences(text) == []


def test_what_is_taken_already_is_not_offered_again():
    text = "I live in a small house by the harbour."
    (candidate,) = self_description.candidates([line(text), line(text, 2)])
    description = self_description.added("Teo mends clocks.", candidate, name="Teo")
    assert description == f"Teo mends clocks.\nTeo says: “{text}”"
    assert self_description.candidates([line(text)], described=description) == []
    assert self_description.added("", candidate, name="") == f"“{text}”"


def test_there_are_not_more_than_can_be_read():
    found = sentences(*(f"I live in a house with {number} green doors." for number in range(40)))
    assert len(found) == self_description.MOST


@pytest.mark.parametrize("piece", ["I ", "我", "I am a ", "my ", "我是", "I live. ", "\n", "I'm "])
def test_it_is_linear(piece):
    text = (piece * 8000)[:8000]
    assert timing.takes_at_most(2, lambda: sentences(*[text] * 20))
