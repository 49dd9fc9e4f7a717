import pytest

from chat.reply import cleaning


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["No", ",", " no", ",", " no", ",", " no", ",", " no", ","], "No, no, no, no."),
        (["不，不，", "不，不，不，"], "不，不，不，不，不。"),
        (["I am very very very very, ", "very glad."], "I am very very very very."),
        (["No, no, no. I never saw it, ", "and I won", "'t."], "No, no, no. I never saw it, and I won't."),
        (["no, no, no, no", "thing"], "no, no, no, nothing"),
        (["Well", ",", " "], "Well, "),
        ([], ""),
    ],
)
def test_a_reply_ends_where_it_stutters(pieces, text):
    assert "".join(cleaning.until_stuttering(pieces)) == text


@pytest.mark.parametrize(
    ("sentence", "spoken"),
    [
        ("(pauses, looks at a map on her tablet) I have stories. ", "I have stories. "),
        ("I know (laughs). ", "I know. "),
        ("*sighs and looks away* Well. ", "Well. "),
        ("(softly smiling) Yes. ", "Yes. "),
        ("（笑）你好。", "你好。"),
        ("我很好（叹气）。", "我很好。"),
        ("He was *really* kind. ", "He was *really* kind. "),
        ("Mary (who smiles at nothing) came. ", "Mary (who smiles at nothing) came. "),
        ("It rained (looking back, I should have stayed). ", "It rained (looking back, I should have stayed). "),
        ("(laughs) ", "(laughs) "),  # where there is nothing else
    ],
)
def test_a_persona_speaks_and_does_not_act(sentence, spoken):
    assert "".join(cleaning.without_directions([sentence])) == spoken


def test_a_reply_ends_where_it_begins_to_loop():
    sentences = ["I love the sea. ", "Do you? ", "I love  the sea! ", "I love the sea. "]
    assert list(cleaning.until_repeated(sentences)) == sentences[:2]


def test_a_chinese_loop_is_seen_too():
    sentences = ["我喜欢大海。", "你呢？", "我喜欢大海！"]
    assert list(cleaning.until_repeated(sentences)) == sentences[:2]


def test_short_words_may_come_again():
    sentences = ["Yes. ", "I went. ", "Yes. "]
    assert list(cleaning.until_repeated(sentences)) == sentences


GLAD = "I'm glad you're here."


def test_what_was_said_in_earlier_replies_is_not_said_again():
    fresh = cleaning.without_echoes([f"{GLAD} ", "Yes. ", "Sit down."], [f"{GLAD} The sea is calm.", "Yes."])
    assert list(fresh) == ["Yes. ", "Sit down."]


def test_an_echo_is_better_than_silence():
    assert list(cleaning.without_echoes([GLAD], [GLAD])) == [GLAD]


def test_first_words_that_were_said_before_wait_for_their_sentence():
    is_new = cleaning.begins_no_echo(["Good evening. I remember the summer by the sea."])
    assert not is_new("I remember the summer ")
    assert not is_new("i remember, the ")
    assert is_new("I remember the winter ")


def test_a_loop_is_seen_though_its_first_sentence_came_in_parts():
    said = ["I like the ", "quiet sea. ", "I like the quiet sea. ", "I like the quiet sea. "]
    assert list(cleaning.until_repeated(said)) == said[:2]


def test_the_rest_of_a_sentence_is_no_echo():
    said = ["As for me, ", "I like the sea."]
    assert list(cleaning.without_echoes(said, ["I like the sea."])) == said


def test_lines_of_a_verse_are_sentences():
    verse = ["Row the boat,\n", "down the stream,\n", "row the boat,\n"]
    assert list(cleaning.until_repeated(verse)) == verse[:2]


def test_the_end_of_a_long_sentence_is_not_cut_off_though_the_whole_was_said_before():
    parts = ["I walked along the shore, " * 7, "and then I went home. "]
    assert list(cleaning.without_echoes(parts, ["".join(parts)])) == parts


def test_a_sentence_that_the_limit_cut_off_is_left_out():
    assert list(cleaning.without_broken_end(iter(["One. ", "Two"]))) == ["One. "]
    assert list(cleaning.without_broken_end(iter(["Two"]))) == ["Two"]
