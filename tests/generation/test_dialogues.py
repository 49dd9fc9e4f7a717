"""The written dialogues are in their format, and say nothing twice."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "generation" / "dialogues"
FILES = sorted(FOLDER.glob("*.jsonl"))


def dialogues(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_turns_alternate_and_the_persona_speaks_last(path):
    for dialogue in dialogues(path):
        assert dialogue.keys() == {"persona", "user", "intro", "samples", "turns"}
        assert all(len(pair) == 2 and all(pair) for pair in dialogue["samples"])
        speakers = [speaker for speaker, _ in dialogue["turns"]]
        assert speakers == ["user", "persona"] * (len(speakers) // 2)
        assert 8 <= len(speakers) <= 14
        assert all(text.strip() == text and text for _, text in dialogue["turns"])


def test_no_line_of_a_persona_stands_twice():
    lines = Counter(
        text for path in FILES for d in dialogues(path) for speaker, text in d["turns"] if speaker == "persona"
    )
    assert [line for line, count in lines.items() if count > 1] == []


def test_no_persona_is_learnt_and_measured():
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for path in FILES:
        sides[path.name.startswith("held_out")] |= {row["persona"] for row in dialogues(path)}
    assert not sides[True] & sides[False]


def test_no_two_lines_of_a_dialogue_begin_with_the_same_word():
    for path in FILES:
        for dialogue in dialogues(path):
            openings = [text.split()[0].casefold() for speaker, text in dialogue["turns"] if speaker == "persona"]
            assert len(set(openings)) == len(openings) or "chinese" in path.name, dialogue["intro"]


def test_the_readme_counts_them():
    text = (FOLDER / "README.md").read_text()
    for path in FILES:
        rows = dialogues(path)
        assert f"| `{path.name}` | {len(rows)} | {len({row['persona'] for row in rows})} |" in text
