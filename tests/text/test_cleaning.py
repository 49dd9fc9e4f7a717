import json

import pytest

from tests import timing
from text import cleaning

DEEP = "[" * 500 + "]" * 500


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("Dear Ada,\tcome home.\n", "Dear Ada,\tcome home.\n"),
        ("one\r\ntwo\rthree\x0cfour\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("a\x00b\x07c\x1bd\x7fe\x9bf\x0eg", "abcdefg"),
        ("a\uffffb\ufffec\ufdd0d\U0001fffee\U0010ffff", "abcde"),
        ("\ud83d alone, \udc00 too", "\ufffd alone, \ufffd too"),
        ("\U0001f600 مرحبا \u202eright to left\u202c 奶奶", "\U0001f600 مرحبا \u202eright to left\u202c 奶奶"),
    ],
)
def test_a_text_keeps_its_words_and_loses_what_no_store_holds(given: str, cleaned: str) -> None:
    assert cleaning.clean(given) == cleaned
    cleaning.clean(given).encode()


def test_a_line_has_no_line_ends_and_no_blanks_around_it() -> None:
    assert cleaning.clean_line("  Grandma\r\n\t Rose \x00") == "Grandma Rose"


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000\u00a0", "\u200b\u200d\ufeff", "\u202e \u202c", "\x00\x1f"])
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert cleaning.is_blank(text)


@pytest.mark.parametrize("text", [".", " a ", "\u202e奶", "\U0001f600"])
def test_what_can_be_seen_is_not_blank(text: str) -> None:
    assert not cleaning.is_blank(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("17", 17),
        ("0" * 5_000 + "17", 17),
        ("101", None),
        ("9" * 5_000, None),
        ("-1", None),
        ("", None),
        ("٣", None),
        ("²", None),
        ("1.0", None),
    ],
)
def test_a_number_is_read_up_to_its_limit(text: str, number: int | None) -> None:
    assert cleaning.whole_number(text, most=100) == number


def test_the_texts_of_json_are_cleaned_keys_included() -> None:
    value = cleaning.parsed_json(rb'{"na\u0000me": ["a\r\nb", {"deep": "\ud800"}], "n": 1.5, "t": true, "z": null}')
    assert value == {"name": ["a\nb", {"deep": "\ufffd"}], "n": 1.5, "t": True, "z": None}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", "It is not JSON, or it is cut off."),
        (b"\xff\xfe\x00", "It is not JSON, or it is cut off."),
        (DEEP, "It is nested too deeply; the limit is 100 levels."),
        ("[" * 200_000, "It is nested too deeply; the limit is 100 levels."),
        ('{"a":' * 101 + "1" + "}" * 101, "It is nested too deeply; the limit is 100 levels."),
        ("9" * 5_000, "A number in it has 5,000 digits; the limit is 64."),
    ],
)
def test_json_that_cannot_be_used_is_told_in_a_sentence(document: str | bytes, sentence: str) -> None:
    with pytest.raises(cleaning.BadJSON) as refusal:
        cleaning.parsed_json(document)
    assert str(refusal.value) == sentence


def test_json_may_be_as_deep_as_the_limit() -> None:
    document = "[" * 100 + "]" * 100
    assert cleaning.parsed_json(document) == json.loads(document)


@pytest.mark.parametrize("piece", ["\r", "\x00", "\ud800", " ", "\u202e", "a\r\n"])
def test_time_is_linear_in_the_length(piece: str) -> None:
    def clean() -> None:
        cleaning.clean(piece * 8_000)
        cleaning.clean_line(piece * 8_000)
        cleaning.is_blank(piece * 8_000)

    assert timing.takes_at_most(0.25, clean)
