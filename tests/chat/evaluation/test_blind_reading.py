"""A blind reading: pairs in a hidden order, and the score of the verdicts."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from chat.evaluation import blind_reading, reply_evaluation
from chat.evaluation.blind_reading import KEY, PAIRS, VERDICTS, ReadingIncomplete
from chat.evaluation.reply_evaluation import Turn
from chat.evaluation.shares import Share
from chat.trials.rehearsal import Rehearsed
from personas.prompting import dialogues
from personas.shipped import SAMANTHA, SHIPPED

TURNS = reply_evaluation.drawn(dialogues.read(dialogues.FOLDER / "held_out_english.jsonl"), 40, first=1)
BEFORE = [Rehearsed("Early.")] * 39 + [Rehearsed("", is_withheld=True)]
LATER = [Rehearsed("Late.")] * 39 + [Rehearsed("")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    blind_reading.write(tmp_path / "reading", TURNS, BEFORE, LATER, seed=5)
    return tmp_path / "reading"


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def judge(folder: Path, better: str, count: int = 40) -> None:
    """A reader who finds the named text better, and of both texts only "Late." an answer."""
    with (folder / VERDICTS).open("w", encoding="utf-8") as file:
        for pair in rows(folder / PAIRS)[:count]:
            name = next((name for name in ("a", "b") if pair[name] == better), "same")
            sense = {f"{name}_makes_sense": pair[name] == "Late." for name in ("a", "b")}
            file.write(json.dumps({"pair": pair["pair"], "better": name, **sense}) + "\n")


def test_the_order_is_hidden_and_the_same_for_the_same_seed(folder, tmp_path):
    pairs = rows(folder / PAIRS)
    later = json.loads((folder / KEY).read_text())["later"]
    assert {pair["a"] for pair in pairs[:39]} == {pair["b"] for pair in pairs[:39]} == {"Early.", "Late."}
    assert all(pair[later[str(pair["pair"])]] == "Late." for pair in pairs[:39])
    assert {pairs[39]["a"], pairs[39]["b"]} == {"(withheld by the filter)", "(nothing)"}
    assert "seed" not in pairs[0]
    blind_reading.write(tmp_path / "again", TURNS, BEFORE, LATER, seed=5)
    assert rows(tmp_path / "again" / PAIRS) == pairs


def test_the_score_counts_wins_among_those_decided_and_sense_of_both(folder):
    judge(folder, better="Late.")
    score = blind_reading.score(folder)
    assert score["all"].pairs == 40
    assert score["all"].won == Share(39, 39)
    assert score["all"].later_makes_sense == Share(39, 40)
    assert score["all"].earlier_makes_sense == Share(0, 40)
    assert sum(one.pairs for name, one in score.items() if name != "all") == 40
    judge(folder, better="Early.")
    assert blind_reading.score(folder)["all"].won == Share(0, 39)


def test_pairs_that_may_have_been_read_are_not_written_over(folder):
    with pytest.raises(FileExistsError):
        blind_reading.write(folder, TURNS, BEFORE, LATER, seed=6)


def test_a_reading_that_is_not_complete_is_no_score(folder):
    judge(folder, better="Late.", count=38)
    with pytest.raises(ReadingIncomplete, match="Pair 39 has no verdict yet"):
        blind_reading.score(folder)
    (folder / VERDICTS).write_text('{"pair": 1, "better": "c"}\n')
    with pytest.raises(CommandError, match=r"verdicts\.jsonl, line 1"):
        call_command("blind_reading", "score", str(folder))


@pytest.mark.django_db
def test_a_persona_that_ships_is_read_with_the_words_with_which_it_ships():
    line = dialogues.read(dialogues.FOLDER / "held_out_english.jsonl")[0]
    named = Turn(line, 1).dialogue
    assert blind_reading.as_shipped(named) == named
    talk = Path(__file__).parents[3] / "docs" / "quality" / "talks_english.jsonl"
    samantha = blind_reading.as_shipped(dialogues.read(talk)[0])
    assert samantha.sheet.description == SHIPPED[SAMANTHA]["description"]
    assert not samantha.sheet.has_own_words


@pytest.mark.parametrize(
    "pairs", sorted((Path(__file__).parents[3] / "docs" / "quality").glob("*/pairs.jsonl")), ids=str
)
def test_the_readings_that_are_kept_are_complete(pairs):
    assert blind_reading.score(pairs.parent)["all"].pairs > 0
