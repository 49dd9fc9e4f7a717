import pytest

from chat.reply import sentences


def by_character(text: str) -> list[str]:
    """The hardest way in which a text can arrive."""
    return list(sentences.split(iter(text)))


def test_a_sentence_is_released_when_the_next_one_begins():
    assert by_character("I am well. And you? Fine") == ["I am well. ", "And you? ", "Fine"]


@pytest.mark.parametrize(
    "text",
    [
        "One. Two! Three? Four…",
        '"Stop." he said. "Go on!" She went.',
        "你好。你是谁？我不知道！好吧……再见",
        "Dear Ann,\n\nI am here.\nYours, B.",
        "",
        "a" * 500,
        "No end, no end, " * 40,
    ],
)
def test_joined_sentences_are_the_text(text):
    assert "".join(by_character(text)) == text


def test_chinese_sentences_need_no_blank():
    assert by_character("你好。我很好！“真的？”是的。") == ["你好。", "我很好！", "“真的？”", "是的。"]


@pytest.mark.parametrize("number", ["+44 20. 7946 0000", "3.14", "No. 5", "10.30"])
def test_a_number_is_never_cut(number):
    whole = f"Call {number} today. Then rest."
    assert any(number in sentence for sentence in by_character(whole))


def test_a_long_sentence_is_released_by_clause_and_never_within_a_word():
    text = "I walked along the shore, " * 8 + "and then home"
    released = by_character(text)
    assert len(released) > 1
    assert all(part.endswith(", ") for part in released[:-1])


def test_an_address_without_clause_is_held_together():
    address = "https://example.test/" + "a/b-c," * 60
    assert by_character(f"See {address}") == [f"See {address}"]


@pytest.mark.parametrize(
    ("text", "released"),
    [
        ("I remember the summer by the sea. And you?", ["I remember the summer ", "by the sea. ", "And you?"]),
        ("我记得那年夏天，我们在海边。", ["我记得那年夏天，", "我们在海边。"]),
        ("Oh. I remember the summer by the sea.", ["Oh. ", "I remember the summer by the sea."]),
        ("We were twelve at 4 Mill Lane that year.", ["We were twelve at 4 Mill Lane that year."]),
        ("(smiles at the old photograph) Yes.", ["(smiles at the old photograph) Yes."]),
        ("Write to anna@example.test if you like it.", ["Write to anna@example.test if you like it."]),
        ("Only four words here", ["Only four words here"]),
    ],
)
def test_first_words_go_first_where_they_may(text, released):
    assert list(sentences.split(iter(text), may_begin=lambda beginning: True)) == released
    assert list(sentences.split(iter(text), may_begin=lambda beginning: False)) == by_character(text)
