"""Passages become paragraphs, and their authors stay known."""

from dataclasses import dataclass

import pytest

from stories import prose
from stories.models import Author


@dataclass(frozen=True)
class Passage:
    text: str
    author: str = Author.USER


def texts(*passages: Passage) -> list[str]:
    return [prose.text_of(paragraph) for paragraph in prose.paragraphs(passages)]


def test_a_passage_with_a_whole_sentence_ends_its_paragraph():
    assert texts(Passage("The lamp was lit."), Passage("Nobody came.")) == ["The lamp was lit.", "Nobody came."]


@pytest.mark.parametrize(
    ("before", "after", "together"),
    [("She opened the", "heavy door.", "She opened the heavy door."), ("她推开", "沉重的门。", "她推开沉重的门。")],
)
def test_an_open_sentence_is_continued_by_the_next_passage(before, after, together):
    joined = prose.paragraphs([Passage(before), Passage(after, Author.PERSONA)])
    assert [prose.text_of(paragraph) for paragraph in joined] == [together]
    assert [span.author for span in joined[0]] == [Author.USER, Author.PERSONA]


def test_each_line_of_a_passage_is_a_paragraph():
    assert texts(Passage("“Who?”\n\n“Me.”\n"), Passage("It was so.")) == ["“Who?”", "“Me.”", "It was so."]


def test_words_have_the_author_who_wrote_them():
    drawn = ["The sea rose. A gull cried.", "海浪涌来。灯灭了。"]
    assert prose.author_of("My own words.", drawn) == Author.USER
    assert prose.author_of("A gull cried.", drawn) == Author.PERSONA
    assert prose.author_of("灯灭了。The sea rose.", drawn) == Author.PERSONA
    assert prose.author_of("A gull cried. I laughed.", drawn) == Author.BOTH


def test_chosen_sentences_are_joined_as_their_script_wants():
    assert prose.mixed(["The sea rose.", "A gull cried."]) == "The sea rose. A gull cried."
    assert prose.mixed(["海浪涌来。", "灯灭了。"]) == "海浪涌来。灯灭了。"
