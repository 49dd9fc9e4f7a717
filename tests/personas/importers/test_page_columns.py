"""Columns, running heads and page numbers of PDFs."""

import sys
import textwrap
from itertools import zip_longest

import pytest

from personas.importers.documents import page_columns
from tests.personas.importers.builders import pdf_at, read

MORNING = (
    "I walked down to the harbour this morning and the boats were coming in with more fish than anybody had seen "
    "since the war ended. We stood and counted them until our fingers were too cold to hold a pencil. Your sister "
    "laughed at me for wearing two coats, one above the other."
)
EVENING = (
    "In the afternoon the rain came, and we sat by the stove with the letters that you had sent from the mountains. "
    "Nobody could read the third page because of the coffee. I think it was about a goat, but Peter is sure that it "
    "was about a boat. Write to us again before the snow."
)
HEADING, FOOT = (150, 740, "What we did on the first day of the winter holidays"), (300, 40, "12")


def rows(*columns: tuple[float, str], width: int = 44, shift: float = 0) -> list[tuple[float, float, str]]:
    """Lines as a program draws them that goes from the top of the page to its bottom, over all columns."""
    lines = [textwrap.wrap(words, width) for _, words in columns]
    return [
        (x, 700 - 14 * row - shift * place, words)
        for row, all_words in enumerate(zip_longest(*lines))
        for place, ((x, _), words) in enumerate(zip(columns, all_words, strict=True))
        if words
    ]


@pytest.mark.parametrize("shift", [0, 4])
def test_each_column_is_read_from_top_to_bottom(shift):
    page = [HEADING, *rows((60, MORNING), (320, EVENING), shift=shift), FOOT]
    texts = read(pdf_at(page)).texts
    assert " ".join(texts) == f"{HEADING[2]} {MORNING} {EVENING}"


def test_a_page_may_have_three_columns():
    page = rows((50, MORNING), (225, EVENING), (400, MORNING), width=26)
    assert " ".join(read(pdf_at(page)).texts) == f"{MORNING} {EVENING} {MORNING}"


def test_columns_above_a_line_that_runs_across_are_read_before_those_below():
    below = [(x, y - 300, words) for x, y, words in rows((60, EVENING), (320, MORNING))]
    across = (60, 450, "A line of words that runs all the way across both of the columns of this page")
    texts = read(pdf_at([*rows((60, MORNING), (320, EVENING)), across, *below])).texts
    assert " ".join(texts) == f"{MORNING} {EVENING} {across[2]} {EVENING} {MORNING}"


def test_one_column_and_a_table_are_read_line_by_line():
    single = rows((60, f"{MORNING} {EVENING}"), width=90)
    assert " ".join(read(pdf_at(single)).texts) == f"{MORNING} {EVENING}"
    lines = textwrap.wrap(MORNING, 40)
    table = [
        (x, 700 - 20 * row, text) for row, line in enumerate(lines) for x, text in ((60, f"{row} May"), (150, line))
    ]
    assert " ".join(read(pdf_at(table)).texts).startswith(f"0 May {lines[0]}")


def test_a_page_is_read_without_the_package_that_tells_columns(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    texts = read(pdf_at(rows((60, MORNING), (320, EVENING)))).texts
    assert sorted(" ".join(texts).split()) == sorted(f"{MORNING} {EVENING}".split())


def test_a_page_is_read_where_the_libraries_count_the_pages_differently():
    page = [HEADING, *rows((60, MORNING))]
    second_is_no_page = pdf_at(page, page).replace(b"/Kids [5 0 R 7 0 R]", b"/Kids [5 0 R 6 0 R]")
    assert " ".join(read(second_is_no_page).texts) == f"{HEADING[2]} {MORNING}"


@pytest.mark.parametrize("error", [ValueError, OverflowError])
def test_a_page_is_read_where_its_boxes_have_no_end(monkeypatch, error):
    def no_end(*_: object) -> None:
        raise error

    monkeypatch.setattr(page_columns, "_may_have_columns", no_end)
    assert read(pdf_at([HEADING, *rows((60, MORNING))])).texts


def test_bubbles_of_a_chat_are_no_columns():
    lines = textwrap.wrap(f"{MORNING} {EVENING}", 40)
    bubbles = [(60 if row % 4 < 2 else 320, 700 - 14 * row, line) for row, line in enumerate(lines)]
    assert " ".join(read(pdf_at(bubbles)).texts) == f"{MORNING} {EVENING}"


@pytest.mark.parametrize("number", ["12", "- 12 -", "Page 12", "Page 12 of 30", "12/30", "Seite 12 von 30", "12 / 30"])
def test_the_number_of_a_page_is_no_words(number):
    assert " ".join(read(pdf_at([*rows((60, MORNING), width=80), (300, 40, number)])).texts) == MORNING


def test_a_running_head_of_two_pages_is_known_by_its_number():
    pages = [
        [(60, 750, f"Letters from the harbour {number}"), *rows((60, words), width=80)]
        for number, words in ((7, MORNING), (8, EVENING))
    ]
    assert " ".join(read(pdf_at(*pages)).texts) == f"{MORNING} {EVENING}"
    signed = [[*rows((60, words), width=80), (60, 300, "Your Ana")] for words in (MORNING, EVENING)]
    assert " ".join(read(pdf_at(*signed)).texts).count("Your Ana") == 2
