"""Written dialogues are read from files that somebody else may have made."""

import json
from pathlib import Path

import pytest

from personas.prompting import dialogues
from personas.prompting.samples import Exchange

ROW = {
    "persona": "Ada",
    "user": "Friend",
    "intro": "Ada keeps a lighthouse.",
    "samples": [["Are you tired?", "Not yet."]],
    "turns": [["user", "Hello."], ["persona", "Hello,\u2028you."]],
}


def write(path: Path, *rows: object, encoding: str = "utf-8") -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines), encoding=encoding)
    return path


def test_empty_lines_unknown_fields_marks_of_order_and_of_lines_do_no_harm(tmp_path):
    path = write(tmp_path / "some.jsonl", ROW, " ", ROW | {"note": 1}, "", encoding="utf-8-sig")
    first, second = dialogues.read(path)
    assert first == second
    assert (first.sheet.name, first.sheet.calls_user, first.sheet.language) == ("Ada", "", "en")
    assert first.sheet.exchanges == (Exchange("Are you tired?", "Not yet."),)
    assert [line.text for line in first.turns] == ["Hello.", "Hello,\u2028you."]


def test_a_chinese_introduction_makes_a_chinese_dialogue(tmp_path):
    path = write(tmp_path / "zh.jsonl", ROW | {"intro": "阿梅在海边守灯塔，会一点 English。", "user": "朋友"})
    assert (dialogues.read(path)[0].sheet.language, dialogues.read(path)[0].sheet.calls_user) == ("zh", "")


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("{", "bad.jsonl, line 2: Invalid JSON"),
        ({key: value for key, value in ROW.items() if key != "samples"}, "line 2, samples: Field required."),
        (ROW | {"turns": [["user", "Hello."], ["narrator", "It rains."]]}, "line 2, turns → 1 → 0: "),
        (ROW | {"turns": []}, "line 2, turns: "),
        (ROW | {"samples": [["Only one."]]}, "line 2, samples → 0 → 1: "),
        (ROW | {"intro": 5}, "line 2, intro: "),
    ],
)
def test_a_wrong_line_is_named_with_its_field(tmp_path, row, place):
    with pytest.raises(ValueError, match=place):
        dialogues.read(write(tmp_path / "bad.jsonl", ROW, row))


def test_a_file_that_is_no_text_is_said_to_be_none(tmp_path):
    path = tmp_path / "picture.jsonl"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match=r"picture\.jsonl is not text in UTF-8"):
        dialogues.read(path)
