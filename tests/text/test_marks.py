"""Marks of Markdown leave no trace in a line of plain words."""

import pytest

from text.marks import without_marks


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*smiles* Come in.", "smiles Come in."),
        ("This is **important**, ***very***.", "This is important, very."),
        ("**one *in* the other**", "one in the other"),
        ("**注意：**请看。", "注意：请看。"),
        ("_softly_ and __loudly__", "softly and loudly"),
        ("~~no~~ `yes`", "no yes"),
        ("# Title\n\n> - first\n> - second", "Title first second"),
        ("```python\nprint(1)\n```\nDone.", "print(1) Done."),
        ("1. Bread\n2. Milk", "1. Bread 2. Milk"),
        ("two\nlines", "two lines"),
        ("*", "*"),
        ("", ""),
    ],
)
def test_marks_are_gone(text: str, words: str) -> None:
    assert without_marks(text) == words


@pytest.mark.parametrize(
    "text", ["2 * 3 * 4", "my_file_name", "-5 degrees", "#1", "He said * and left.", "5 > 3", "~ so"]
)
def test_what_is_no_mark_stays(text: str) -> None:
    assert without_marks(text) == text
