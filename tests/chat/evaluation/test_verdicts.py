"""Judged candidates become material for a training."""

import pytest

from chat.evaluation import judged_candidates, verdicts
from chat.evaluation.judged_candidates import FILE, JudgedTalk
from generation.catalogue import model_rows
from generation.catalogue.packaged import CatalogueModel
from generation.engines.batching.tokenizer import ModelTokenizer
from generation.tuning import adapters
from personas.prompting import dialogues

FOLDER = adapters.FOLDER.parent / "verdicts"


def test_the_verdicts_are_of_personas_that_are_not_held_out_and_of_other_talks_than_the_measured_ones() -> None:
    held_out = {one.sheet.name for path in dialogues.held_out_files() for one in dialogues.read(path)}
    measured = {tuple(talk.turns) for talk in judged_candidates.read(FILE)}
    talks = [talk for path in FOLDER.glob("*.jsonl") for talk in judged_candidates.read(path)]
    assert len(talks) > 600
    assert not {talk.persona for talk in talks} & held_out
    assert not {tuple(talk.turns) for talk in talks} & measured
    assert all(one.makes_sense is not None for talk in talks for one in talk.pieces[0].candidates)


@pytest.mark.model
def test_each_different_candidate_keeps_its_mark_and_every_second_talk_has_a_dialogue(
    installed_model: CatalogueModel,
) -> None:
    talks = [talk for talk in judged_candidates.read(FILE) if talk.persona not in ("Samantha", "Ada Lovelace")]
    tokenizer = ModelTokenizer(model_rows.folder(installed_model.name))
    beside = dialogues.read(dialogues.held_out_files()[-1])[:2]
    learnt, apart = verdicts.material(installed_model, tokenizer, talks, beside=beside)
    answered = [talk for talk in talks if any(one.makes_sense for one in talk.pieces[0].candidates)]
    assert apart
    assert len(learnt) + len(apart) == len(answered)
    assert [row.beside is not None for row in learnt] == [number % 2 == 0 for number in range(len(learnt))]
    first = next(row for row in (*learnt, *apart) if message(tokenizer, row.prompt, answered[0]))
    texts = {one.text: one.makes_sense for one in answered[0].pieces[0].candidates if one.text.strip()}
    assert [tokenizer.tokenizer.decode(ids) for ids in first.candidates] == list(texts)
    assert first.marks == [int(bool(mark)) for mark in texts.values()]


def message(tokenizer: ModelTokenizer, prompt: list[int], talk: JudgedTalk) -> bool:
    """Whether the prompt asks for the reply to the talk's last message."""
    text: str = tokenizer.tokenizer.decode(prompt)
    return text.endswith(f"{talk.turns[-1][1]}\n{talk.persona}:")


@pytest.mark.model
def test_a_candidate_without_a_verdict_is_told(installed_model: CatalogueModel) -> None:
    talk = judged_candidates.read(FILE)[0].model_copy(deep=True)
    talk.pieces[0].candidates[1].makes_sense = None
    tokenizer = ModelTokenizer(model_rows.folder(installed_model.name))
    with pytest.raises(ValueError, match="Talk 1, with Samantha, has a candidate without"):
        verdicts.material(installed_model, tokenizer, [talk], beside=[])
