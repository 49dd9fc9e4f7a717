import gzip
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from moderation.categories import Category
from moderation.crisis import base_model, ladder
from moderation.filter import network_training, training, training_material
from moderation.filter.classifiers import linear, network, registry

pytestmark = pytest.mark.django_db


def moderate(tmp_path: Path, *lines: str) -> tuple[list[dict[str, object]], int]:
    path = tmp_path / "texts.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    output, code = io.StringIO(), 0
    try:
        call_command("moderate", input=str(path), stdout=output)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return [json.loads(line) for line in output.getvalue().splitlines()], code


def test_one_line_of_json_per_line_in_order(tmp_path: Path) -> None:
    texts = ["I miss you.", "I will kill you tonight.", "我想自杀", ""]
    steps = ["grief", "", "active", ""]
    answers, code = moderate(tmp_path, *[json.dumps({"id": n, "text": text}) for n, text in enumerate(texts)])
    assert code == 0
    assert [answer["id"] for answer in answers] == [0, 1, 2, 3]
    assert [answer["action"] for answer in answers] == ["allow", "block", "crisis", "allow"]
    assert [answer["crisis"] for answer in answers] == steps
    for answer in answers:
        assert set(answer) == {"id", "any", "categories", "action", "crisis"}
        assert set(answer["categories"]) == {str(category) for category in Category}  # type: ignore[arg-type]
        assert answer["any"] == max(answer["categories"].values())  # type: ignore[attr-defined]


def test_of_turns_the_last_is_judged_behind_the_others(tmp_path: Path) -> None:
    answers, code = moderate(
        tmp_path,
        json.dumps({"id": 1, "turns": ["i can't go on", "the letters are written"]}),
        json.dumps({"id": 2, "turns": ["I want to kill myself.", "Thank you. How is the lighthouse?"]}),
        json.dumps({"id": 3, "turns": ["Listen.", "I will kill you tonight."]}),
    )
    assert code == 0
    assert [ladder.is_for_the_site(str(answer["crisis"])) for answer in answers] == [True, False, False]
    assert [answer["action"] for answer in answers[1:]] == ["allow", "block"]


def test_a_line_that_cannot_be_read_is_an_entry_and_not_a_crash(tmp_path: Path) -> None:
    answers, code = moderate(
        tmp_path,
        '{"id": ' + "9" * 5000 + ', "text": "a number too long to read"}',
        '{"id": "a", "text": "fine"}',
        "not json",
        '{"id": "b"}',
        "[]",
        '{"id": "c", "text": "fine"}',
        "",
        '{"id": "d", "turns": []}',
        '{"id": "e", "turns": ["fine", 3]}',
    )
    assert code == 1
    assert [answer["id"] for answer in answers] == [None, "a", None, "b", None, "c", "d", "e"]
    assert ["error" in answer for answer in answers] == [True, False, True, True, True, False, True, True]
    assert answers[2]["line"] == 3


def test_a_missing_file_is_one_sentence() -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("moderate", input="/nowhere/at/all.jsonl")


def test_training_needs_texts(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"holds no \*\.jsonl\.gz"):
        call_command("train_moderation", data=tmp_path, dialogues=[tmp_path], base=tmp_path)


@pytest.mark.thorough
def test_training_twice_gives_the_same_weights(
    tmp_path: Path, labelled: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run begins with the state that the first left after its epoch.

    The networks begin with the first layer of the English base. As the base of the Chinese one, that is a fake.
    """
    monkeypatch.setattr(network_training, "EPOCHS", 1)
    monkeypatch.setattr(training, "EXPANSIONS", 1)
    own = training.own_examples()[::7]
    monkeypatch.setattr(training, "own_examples", lambda: own)
    monkeypatch.setattr(training_material, "of_sentences", list)
    whole = network_training.packaged_base()
    english = replace(whole, weights={name: value for name, value in whole.weights.items() if is_below(name, 1)})
    chinese = replace(english, language="zh")
    monkeypatch.setattr(network_training, "packaged_base", lambda: english)
    monkeypatch.setattr(base_model, "read", lambda path: None)
    monkeypatch.setattr(training_material, "chinese_base", lambda model, examples: chinese)
    settings.STATE_DIR = tmp_path / "state"
    dialogues = tmp_path / "dialogues.jsonl"
    dialogues.write_text(json.dumps({"turns": [["user", "Good evening."], ["persona", "Come in, sit down."]]}))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        call_command(
            "train_moderation",
            data=labelled,
            dialogues=[dialogues],
            base=tmp_path,
            output=tmp_path / name,
            stdout=io.StringIO(),
        )
    for weights in (linear.WEIGHTS.name, *(path.name for path in network.WEIGHTS.values())):
        assert (tmp_path / "one" / weights).read_bytes() == (tmp_path / "two" / weights).read_bytes()


def is_below(name: str, layers: int) -> bool:
    """Whether the weights belong to the first layers, or to what stands below all of them."""
    number = re.match(r"encoder\.layer\.(\d+)\.", name)
    return number is None or int(number[1]) < layers


def test_evaluation_reports_every_category(labelled: Path) -> None:
    output = io.StringIO()
    call_command("evaluate_moderation", data=labelled, json=True, stdout=output)
    figures = json.loads(output.getvalue())
    assert set(figures["categories"]) == {str(category) for category in Category}
    assert figures["categories"]["hate"]["positives"] == 3
    assert figures["classifiers"] == registry.version()


def test_the_weights_in_the_repository_are_small_enough_to_commit() -> None:
    assert linear.WEIGHTS.stat().st_size < 10_000_000
    assert sum(path.stat().st_size for path in network.WEIGHTS.values()) < 35_000_000


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A tiny folder of labelled texts in the form that `train_moderation` reads."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    with gzip.open(folder / "tiny.jsonl.gz", "wt", encoding="utf-8") as lines:
        for n in range(40):
            hateful = n % 2
            row = {
                "id": f"tiny-{n}",
                "source": "tiny",
                "lang": "fr" if n == 39 else "en",
                "text": f"those people are vermin {n}" if hateful else f"the garden is lovely today {n}",
                "labels": {"hate": hateful},
                "split": "dev" if n >= 32 else "train",
            }
            lines.write(json.dumps(row) + "\n")
    return folder
