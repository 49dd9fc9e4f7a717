"""Clippings of a Kindle."""

import pytest

from personas.importers.base import DamagedFile
from tests.personas.importers.builders import read


def clipping(kind: str, words: str, title: str = "The Sea (John Banville)") -> str:
    return f"{title}\r\n- {kind}\r\n\r\n{words}\r\n==========\r\n"


def test_only_the_notes_are_the_readers_words():
    reading = read(
        "\ufeff"
        + clipping("Your Highlight on page 12 | Location 170-171 | Added on Monday, June 5, 2023 5:17:11 PM", "Theirs.")
        + clipping(
            "Your Note on page 12 | Location 171 | Added on Monday, June 5, 2023 5:18:11 PM", "Mine.\r\n\r\nTwo."
        )
        + clipping("Your Bookmark on page 13 | Location 180 | Added on Monday, June 5, 2023 5:19:11 PM", ""),
        "My Clippings.txt",
    )
    assert reading.format == "kindle"
    assert reading.said == [("", "Mine.\n\nTwo.")]
    assert reading.times == ["2023-06-05T00:00:00"]
    assert reading.skipped == {"quotation": 1, "empty": 1}


@pytest.mark.parametrize(
    ("highlight", "note", "added"),
    [
        ("Highlight Loc. 170-71", "Note Loc. 171", "Added on Monday, June 05, 2023, 05:18 PM"),
        ("Ihre Markierung auf Seite 12", "Ihre Notiz auf Seite 12", "Hinzugefügt am Montag, 5. Juni 2023 17:18:11"),
        ("Votre surlignement à l'emplacement 170", "Votre note à l'emplacement 171", "Ajouté le lundi 5 juin 2023 17:18:11"),
        ("您在位置 #170-171的标注", "您在位置 #171 的笔记", "添加于 2023年6月5日星期一 下午5:18:11"),
        ("12ページ|位置No. 170-171のハイライト", "12ページ|位置No. 171のメモ", "作成日: 2023年6月5日月曜日 17:18:11"),
    ],
)  # fmt: skip
def test_notes_are_known_in_the_readers_language(highlight, note, added):
    reading = read(clipping(f"{highlight} | {added}", "Theirs.") + clipping(f"{note} | {added}", "Mine."))
    assert reading.said == [("", "Mine.")]
    assert reading.times == ["2023-06-05T00:00:00"]


def test_marked_passages_without_notes_are_refused():
    with pytest.raises(DamagedFile, match="no notes of their reader"):
        read(clipping("Your Highlight on page 12 | Added on Monday, June 5, 2023", "Theirs."))
