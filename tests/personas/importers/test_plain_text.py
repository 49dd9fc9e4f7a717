"""Letters and diaries as plain text."""

import pytest

from tests.personas.importers.builders import read

TYPED = """Erika Muster
Hauptstraße 5
12345 Berlin

Herrn
Max Muster
D-54321 Bonn

Berlin, den 5. Juni 2023

Lieber Max,

vielen Dank für deinen Brief. Ich habe mich sehr ge-
freut und freue mich auf die Sonn-
und Feiertage.

- 2 -

Bring bitte den Hund mit.

Seite 2 von 2
"""


def test_the_head_of_a_typed_letter_and_its_page_numbers_are_no_words():
    reading = read(TYPED)
    assert reading.texts == [
        "Lieber Max,",
        "vielen Dank für deinen Brief. Ich habe mich sehr gefreut und freue mich auf die Sonn- und Feiertage.",
        "Bring bitte den Hund mit.",
    ]
    assert set(reading.times) == {"2023-06-05T00:00:00"}
    assert reading.skipped == {"address": 2, "date line": 1, "page number": 2}


@pytest.mark.parametrize(
    "line", ["Springfield, IL 62704", "London SW1A 1AA", "SW1A 1AA", "75001 Paris", "12345 New York City"]
)
def test_a_block_with_a_postal_code_is_an_address(line):
    assert read(f"Ana Reed\n5 Main Street\n{line}\n\nDear Bo,").texts == ["Dear Bo,"]


@pytest.mark.parametrize(
    "words",
    [
        "12345 Berlin",
        "My address:\nAna Reed\n12345 Berlin",
        "The house where we lived stood in\n12345 Berlin",
        "I am so happy!\n12345 Berlin",
        "We lived there.\nIt was 1945 and we were children, all of us, there",
    ],
)
def test_words_beside_a_number_are_no_address(words):
    assert read(words).texts == [words]


def test_the_first_line_of_a_letter_that_names_a_day_is_kept():
    text = "LETTER I.\n\nBath, 7th June 1823.\n\nWe came here on Tuesday, and the\nweather was fine.\n\nLETTER II.\n\nWe left in May with a\nfriend."
    reading = read(text)
    assert reading.texts == ["We came here on Tuesday, and the\nweather was fine.", "We left in May with a\nfriend."]
    assert reading.times[0] == "1823-06-07T00:00:00"


def test_a_word_that_the_lines_of_a_page_break_is_one_word():
    line = "I was so very glad to have your letter, and have read it over twice, de-"
    assert read(f"{line}\nlighted with all that it says of you, of the garden and of the lemon tree.").texts == [
        f"{line[:-1]}lighted with all that it says of you, of the garden and of the lemon tree."
    ]


def test_wrapped_lines_of_chinese_are_joined():
    line = "家里一切都好你爸爸的腿也好多了院子里的柠檬树今年结了很多果子"
    assert read(f"{line}\n{line}\n等你回来吃。").texts == [f"{line}{line}等你回来吃。"]


def test_the_title_page_and_the_contents_of_a_printed_book_are_no_words():
    book = "The Project Gutenberg eBook\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nLETTERS\n\nBY\n\nANA REED\n\nLETTER I ........ 1\n\nLETTER I.\n\nMy dear Bo,\n\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\nMore"
    assert read(book).texts == ["My dear Bo,"]
    assert read("NO MORE\n\nI am tired.").texts == ["NO MORE", "I am tired."]


def test_signs_that_were_set_from_top_to_bottom_are_those_of_ordinary_lines():
    assert read("﹁你回来了︐﹂奶奶说︒").texts == ["「你回来了，」奶奶说。"]


def test_a_verse_keeps_its_lines_and_the_hyphens_at_their_ends():
    verse = "The wind came over, wild and sea-\nborne, and it shook the door;\nI did not answer, did not see,\nAnd then it came no more."
    assert read(verse).texts == [verse]


def prose(first: str, second: str) -> str:
    """A paragraph that was wrapped by a machine, with these parts of a word at the end of its first line."""
    return f"I was told that the old house by the river was {first}\n{second}, and so we went there to have a look at it on the next\nday."


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("well-", "known", "well-known"), ("re-", "membered", "remembered"), ("mother-", "in-law", "mother-in-law"),
        ("mother-in-", "law", "mother-in-law"), ("twenty-", "one", "twenty-one"), ("up-", "to-date", "up-to-date"),
        ("win-", "ter", "winter"), ("care-", "less", "careless"), ("some-", "thing", "something"), ("half-", "hearted", "half-hearted"),
        ("under-", "standing", "understanding"), ("un-", "cared", "uncared"), ("long-", "term", "long-term"), ("pal-", "ace", "palace"),
    ],
)  # fmt: skip
def test_a_compound_keeps_its_hyphen_at_the_end_of_a_line_and_a_parted_word_loses_it(first, second, whole):
    assert f" was {whole}, and so" in read(prose(first, second)).texts[0]


def test_a_compound_that_stands_elsewhere_in_the_text_keeps_its_hyphen():
    elsewhere = "\n\nThe un-cared garden was full of weeds."
    assert " was un-cared, and so" in read(prose("un-", "cared") + elsewhere).texts[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Je ne sais pas si elle est venue hier soir, mais peut-\nêtre que nous la verrons demain dans le jardin.", "peut-être"),
        ("Je ne sais pas si elle est venue hier soir, elle est main-\ntenant dans le jardin avec les enfants du voisin.", "maintenant"),
        ("Ich weiß nicht, ob sie gestern noch da war, und die Haus-\ntür der Nachbarin ist den ganzen Tag nicht aufgegangen.", "Haustür"),
    ],
)  # fmt: skip
def test_hyphens_of_other_languages_are_those_of_their_words(text, word):
    assert f" {word} " in read(text).texts[0]


@pytest.mark.parametrize(
    "verse",
    [
        "the wind came over, wild and sea-\nborne, and it shook the door;\ni did not answer, did not see,\nand then it came no more.",
        "i carry the sea-\nborne wind in me\nand the salt\nof it",
    ],
)
def test_a_verse_in_lower_case_keeps_the_hyphens_at_its_ends(verse):
    assert read(verse).texts == [verse]


def test_a_narrow_column_is_no_verse():
    text = "i walked to the mar-\nket and bought the\nlemons that you had\nasked me for at the\nend of the week"
    assert read(text).texts == [
        "i walked to the market and bought the lemons that you had asked me for at the end of the week"
    ]


LETTER = "\n\nDear Anna,\n\nthe lemon tree has survived the winter."
ITS_WORDS = ["Dear Anna,", "the lemon tree has survived the winter."]


@pytest.mark.parametrize(
    "head",
    [
        "12 Elm Street, London, 5 June 2023", "12 Elm Street, London. 5 June 2023", "12 Elm Street, London      June 5, 2023", "12 Elm St., London, Monday, June 5th, 2023",
        "Flat 3, 12 Elm Street, London SW1A 1AA, 5.6.2023", "12 Elm Street, Springfield, IL 62704, June 5, 2023", "12 Elm Street | London | 5 June 2023", "5 June 2023, 12 Elm Street, London",
        "12 rue de la Paix, Paris, ce 5 juin 2023", "Lindenstraße 12, 10969 Berlin, den 5. Juni 2023", "Calle de Alcalá 5, Madrid, 5 de junio de 2023", "ул. Ленина, д. 5, Москва, 5 июня 2023 г.",
        "北京市朝阳区建国路12号，2023年6月5日", "北京，2023年6月5日", "北京，二〇二三年六月五日", "2023年6月5日于北京", "2023年6月5日 于上海", "On board the ship, 5 June 2023",
        "Anna Reed\n12 Elm Street\nLondon, 5 June 2023", "12 Elm Street\nLondon\n5 June 2023",
    ],
)  # fmt: skip
def test_a_letterhead_dates_its_letter_and_is_no_words(head):
    reading = read(head + LETTER)
    assert reading.texts == ITS_WORDS
    assert reading.times == ["2023-06-05T00:00:00"] * 2


def test_a_letter_that_begins_right_beneath_its_letterhead_is_whole():
    reading = read("12 Elm Street\nLondon\n5 June 2023\nDear Anna,\nhow are you?\nBo")
    assert reading.texts == ["Dear Anna,\nhow are you?\nBo"]
    assert reading.times == ["2023-06-05T00:00:00"]
    assert [utterance.source_ref for utterance in reading.utterances] == ["line 4"]


@pytest.mark.parametrize(
    "line",
    [
        "We all went to London, 5 June 2023", "Mother died on Elm Street, London, 5 June 2023", "Dear Anna, London, 5 June 2023", "我们去了杭州，2023年6月5日",
        "I was born in a house in Elm Street, 5 June 1923, and then we left.",
    ],
)  # fmt: skip
def test_a_sentence_with_a_date_is_words(line):
    assert read(line + LETTER).texts == [line, *ITS_WORDS]


def test_words_behind_a_date_are_no_address():
    assert read("5 June 2023: 12 eggs, milk" + LETTER).texts == ["12 eggs, milk", *ITS_WORDS]
