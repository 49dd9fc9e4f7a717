"""Utterances become passages."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from personas.importers.base import Utterance
from personas.reading import corpus

NOON = datetime(2023, 6, 15, 12, tzinfo=UTC)


def said(speaker, text, minutes=0):
    return Utterance(speaker, text, NOON + timedelta(minutes=minutes), "line 1"), speaker in {"Ada", ""}


def texts(*utterances):
    return [(piece.text, piece.prompted_by) for piece in corpus.pieces(utterances)]


def test_lines_of_one_turn_are_joined_and_keep_what_they_answer():
    assert texts(said("Bo", "Where were you?"), said("Ada", "At the harbour"), said("Ada", "All day", 1)) == [
        ("At the harbour\nAll day", "Where were you?")
    ]


def test_a_long_pause_begins_a_new_turn():
    assert texts(said("Bo", "Hi"), said("Ada", "Hello there"), said("Ada", "Good morning!", 600)) == [
        ("Hello there", "Hi"),
        ("Good morning!", ""),
    ]


def test_other_peoples_words_are_no_passages():
    assert texts(said("Bo", "My secret number is one"), said("Cy", "Mine is two")) == []


def test_the_same_words_are_kept_once():
    assert len(texts(*[said("", "I went down to the harbour again.")] * 3)) == 1
    assert len(texts(said("", "I went  down to the harbour."), said("", "I WENT down to the harbour."))) == 1


def test_long_paragraphs_are_cut_between_sentences():
    paragraph = " ".join(f"This is sentence number {n}, and it says nothing else at all." for n in range(40))
    pieces = texts(said("", paragraph))
    assert len(pieces) > 2
    assert all(len(text) <= corpus.PASSAGE for text, _ in pieces)
    assert all(text.endswith(".") for text, _ in pieces)
    assert " ".join(text for text, _ in pieces) == paragraph


def test_chinese_is_cut_shorter_and_without_blanks():
    pieces = texts(said("", "今天下雨了，我在家里写信。" * 60 + "完。"))
    assert all(len(text) <= corpus.PASSAGE // 3 + 1 for text, _ in pieces)
    assert all(text.endswith("。") for text, _ in pieces)


def test_text_without_any_sentence_end_is_cut_all_the_same():
    assert all(len(text) <= corpus.PASSAGE for text, _ in texts(said("", "word " * 40_000)))


def test_links_and_bare_marks_are_left_out():
    assert texts(
        said("", "https://example.org/a?b=c"), said("", "……"), said("", "See https://example.org for all of the tides.")
    ) == [("See for all of the tides.", "")]


def test_of_a_very_long_chat_the_newest_words_are_kept_and_the_others_counted(monkeypatch):
    assert f"{corpus.MOST_PASSAGES:,}" in corpus.EARLIER
    monkeypatch.setattr(corpus, "MOST_PASSAGES", 3)
    left_out = Counter()
    lines = [said("Ada", f"Line number {number}", 100 * at) for at, number in enumerate((1, 2, 3, 4, 5, 5))]
    assert [piece.text for piece in corpus.pieces(lines, left_out=left_out)] == [f"Line number {n}" for n in (3, 4, 5)]
    assert left_out == {corpus.EARLIER: 2}
