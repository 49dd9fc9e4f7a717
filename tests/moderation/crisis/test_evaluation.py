import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def evaluate(path: Path) -> list[str]:
    output = io.StringIO()
    call_command("evaluate_crisis", input=[path], stdout=output)
    return output.getvalue().splitlines()


def test_counts_per_language_and_step_and_every_message_that_goes_wrong(tmp_path: Path) -> None:
    rows = [
        {"text": "I am going to kill myself tonight.", "step": "imminent"},
        {"text": "How is the sea?", "step": "imminent"},
        {"text": "I want to kill myself.", "step": "none"},
        {"text": "I will kill you tonight.", "step": "none"},
        {"turns": ["你好", "今晚我就跳楼"], "step": "imminent"},
        {"text": "I want to kill myself.", "step": "low"},
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    lines = evaluate(path)
    table = {tuple(line.split()[:2]): line.split()[2:] for line in lines[: lines.index("")]}
    assert table["English", "imminent"] == ["2", "1", "50.0%", "0"]
    assert table["English", "none"] == ["2", "1", "50.0%", "1"]
    assert table["Chinese", "imminent"] == ["1", "1", "100.0%", "0"]
    wrong = "\n".join(lines[lines.index("") :])
    assert "3 go wrong" in wrong
    assert "How is the sea?" in wrong
    assert "none read as active: I want to kill myself." in wrong
    assert "none read as blocked: I will kill you tonight." in wrong


@pytest.mark.parametrize("line", ["no json", '{"text": "a", "step": "bad"}', '{"step": "none"}'])
def test_a_line_of_another_form_is_one_sentence(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(CommandError, match=r"bad\.jsonl"):
        evaluate(tmp_path / "bad.jsonl")
