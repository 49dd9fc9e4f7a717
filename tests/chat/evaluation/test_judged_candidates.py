"""The choice among the model's own candidates, measured by a reader's verdicts."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from chat.evaluation import judged_candidates
from chat.evaluation.judged_candidates import FILE, JudgedTalk
from chat.evaluation.shares import Share
from generation.catalogue import packaged
from personas.prompting import dialogues

pytestmark = pytest.mark.django_db


def test_the_file_holds_talks_that_are_not_held_out_and_their_verdicts():
    talks = judged_candidates.read()
    assert len(talks) >= 90
    held_out = {one.sheet.name for path in dialogues.held_out_files() for one in dialogues.read(path)}
    assert not {talk.persona for talk in talks} & held_out
    assert all(talk.turns[-1][0] == "user" and talk.pieces for talk in talks)
    assert all(one.makes_sense is not None for talk in talks for piece in talk.pieces for one in piece.candidates)


@pytest.mark.thorough
def test_the_choice_makes_sense_more_often_than_any_candidate():
    first = judged_candidates.figures(judged_candidates.read())["first"]
    assert first["chosen"].of == first["best"].of >= 90
    assert value(first["any"]) + 0.1 < value(first["chosen"]) < value(first["best"])


def value(share: Share) -> float:
    return share.count / share.of


@pytest.mark.thorough
def test_second_sentences_seldom_make_sense_so_a_brief_model_ends_before_them():
    second = judged_candidates.figures(judged_candidates.read())["second"]
    assert value(second["chosen"]) < 0.5
    assert packaged.PACKAGED["smollm2-135m"].info().is_brief


def test_the_command_counts_what_was_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "few.jsonl").write_text("\n".join(FILE.read_text(encoding="utf-8").split("\n")[:2]), encoding="utf-8")
    call_command("judged_candidates", "measure", tmp_path / "few.jsonl")
    first = capsys.readouterr().out.split("\n")[0]
    assert re.fullmatch(r"first pieces, chosen: \d of 2, .*", first)


@pytest.mark.thorough
def test_drawn_candidates_wait_for_their_verdicts(
    installed_model: packaged.CatalogueModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = FILE.read_text(encoding="utf-8").split("\n")[0]
    talks, file = tmp_path / "talks.jsonl", tmp_path / "candidates.jsonl"
    talks.write_text(JudgedTalk.model_validate_json(line).model_copy(update={"pieces": []}).model_dump_json())
    call_command("judged_candidates", "draw", talks, file)
    (drawn,) = judged_candidates.read(file)
    assert 5 <= len(drawn.pieces[0].candidates) <= 8
    assert all(piece.before for piece in drawn.pieces[1:])
    call_command("judged_candidates", "measure", file)
    assert "first pieces, chosen: no cases" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("judged_candidates", "draw", talks, file)
