import pytest

from text import sentences


@pytest.mark.parametrize(
    "parts",
    [
        ["I am well. ", "And you?"],
        ["Dr. Brandt came at ten. ", "He was late."],
        ["Mrs. Dalloway said so. ", "Prof. Lind agreed."],
        ["J. S. Bach wrote it. ", "So do I. ", "Good."],
        ["Bring fruit, e.g. apples. ", "Thanks."],
        ["It is 3.14 metres. ", "No. 5 is mine."],
        ["Call +44 20. 7946 0000 today. ", "Then rest."],
        ['"Stop." ', "He went. ", "(Not far.) ", "Home!"],
        ["Well… ", "Perhaps."],
        ["你好。", "我很好！", "“真的？”", "是的。"],
        ["好吧……", "再见"],
        ["今日は。", "元気ですか？", "はい。"],
        ["One line\n", "and another\n\n", "and a third"],
        ["no end at all"],
        [],
    ],
)
def test_a_text_is_cut_into_its_sentences(parts):
    assert sentences.split("".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("I went.", True),
        ('"I went." ', True),
        ("我去了。", True),
        ("A line\n", True),
        ("I went to the", False),
        ("I met Dr.", False),
        ("written by J.", False),
        ("", False),
    ],
)
def test_an_end_is_told_from_an_abbreviation(text, whole):
    assert sentences.has_end(text) is whole


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("I went to the", True),
        ("I went.", False),
        ('"I went."', False),
        ("我去了", True),
        ("我去了。", False),
        ("Well…  ", False),
    ],
)
def test_a_text_breaks_off_where_nothing_ends_it(text, unfinished):
    assert sentences.breaks_off(text) is unfinished


@pytest.mark.parametrize("piece", [". ", "Dr. ", "。", "”", "\n", "a", " ", "e.g. "])
def test_a_book_of_one_piece_is_cut_in_linear_time(piece):
    text = piece * 40_000
    assert "".join(sentences.split(text)) == text
