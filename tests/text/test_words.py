import pytest

from tests import timing
from text import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Well, it's to-day!", ["Well", "it's", "to-day"]),
        ("don’t 42 times", ["don’t", "times"]),
        ("我今天用电脑聊天", ["我", "今天", "用", "电脑", "聊天"]),
        ("我在北京大学读书。", ["我", "在", "北京大学", "读书"]),
        ("我今天用電腦聊天", ["我", "今天", "用", "電腦", "聊天"]),
        ("我用WhatsApp聊天", ["我", "用", "WhatsApp", "聊天"]),
        ("", []),
        ("?! 😀 …", []),
    ],
)
def test_words(text, expected):
    assert words.words(text) == expected


def test_each_word_has_its_place():
    text = "Ja, 今天天气 ok"
    assert all(text.startswith(word, place) for place, word in words.placed_words(text))


def test_frequencies_are_those_of_the_language():
    assert words.frequency("the", "en") > 100 * words.frequency("lighthouse", "en")
    assert words.frequency("und", "de") > 100 * words.frequency("und", "en")
    assert words.frequency("的", "zh-Hans") == words.frequency("的", "en") > 0.01
    assert words.frequency("天氣", "zh-Hant") == words.frequency("天气", "zh-Hans") > 1e-6


def test_a_word_of_no_list_is_rare_and_not_impossible():
    assert 0 < words.frequency("qwzzkx", "en") < 1e-7
    assert words.frequency("hello", "tlh") == words.frequency("hello", "en")


@pytest.mark.parametrize("piece", ["中", "今天天气", "a-", "a'", "的a"])
def test_a_long_text_takes_linear_time(piece):
    words.words("今天")  # reads the list
    assert timing.grows_in_proportion(lambda length: words.words(piece * (length // len(piece))), 32_000)
