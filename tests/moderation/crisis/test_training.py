"""The whole training, on a base of one layer and a handful of sentences."""

import dataclasses
import gzip
import io
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command

from moderation.crisis import base_model, labelled, material, recognition, training
from moderation.crisis.labelled import STEPS
from moderation.crisis.recognition import Recogniser
from moderation.networks import bert
from tests.moderation.crisis import base_file

pytestmark = pytest.mark.slow

LETTERS = [f"▁{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"] + list("abcdefghijklmnopqrstuvwxyz")
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *LETTERS, "妈", "我"]
WORDS = {"none": "tea", "grief": "miss", "low": "tired", "passive": "wish", "active": "knife", "imminent": "bye"}


@pytest.fixture
def small(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Options of the command for a tiny training. Its sentences come in four rounds."""
    base_file.write(tmp_path / "base", PIECES)
    (tmp_path / "sentences").mkdir()
    with (tmp_path / "sentences" / "english.jsonl").open("w") as lines:
        for number in range(4):
            for step in reversed(STEPS):
                for other in "abc":
                    row = {"text": f"{WORDS[step]} {other} {number}", "step": step}
                    lines.write(json.dumps(row) + "\n")
    with (tmp_path / "talk.jsonl").open("w") as lines:
        lines.write(json.dumps({"turns": [["user", "hello"], ["persona", "hi"], ["user", "how is the sea"]]}) + "\n")
    (tmp_path / "data").mkdir()
    with gzip.open(tmp_path / "data" / "some.jsonl.gz", "wt") as lines:
        for source in ("clinc_oos", "smilechat", "edos"):
            row = {"text": "abcdefghijklmnopqrstuvwxyz", "lang": "en", "source": source, "split": "train"}
            lines.write(json.dumps(row) + "\n")
    monkeypatch.setattr(material, "SENTENCES", tmp_path / "sentences")
    monkeypatch.setattr(material, "SHORTEST_ROUND", 18)
    monkeypatch.setattr(material, "LAYERS", 1)
    monkeypatch.setattr(training, "FIRST", dataclasses.replace(training.FIRST, epochs=2))
    settings.STATE_DIR = tmp_path / "state"
    return {
        "base": tmp_path / "base",
        "data": tmp_path / "data",
        "dialogues": [tmp_path / "talk.jsonl"],
        "stderr": io.StringIO(),
    }


@pytest.mark.thorough
def test_training_writes_what_the_recogniser_reads_and_twice_the_same(
    small: dict[str, Any], tmp_path: Path, settings: Any
) -> None:
    for name in ("one", "two"):
        settings.STATE_DIR = tmp_path / name / "state"
        call_command("train_crisis", output=tmp_path / name / "weights", stdout=io.StringIO(), **small)
    assert (tmp_path / "one" / "weights").read_bytes() == (tmp_path / "two" / "weights").read_bytes()
    probabilities = Recogniser(tmp_path / "one" / "weights").probabilities([["bye a"], ["tea", "miss b"]])
    assert [each.shape for each in probabilities] == [(1, 6), (1, 6)]


def test_the_vote_of_ngrams_is_fitted_anew_for_a_network_that_stays(small: dict[str, Any], tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    given = material.material(base_model.read(small["base"]), small["data"], small["dialogues"])
    training.save(training.Network(given.weights), given, first)
    (tmp_path / "sentences" / "told.jsonl").write_text(json.dumps({"text": "zebra", "step": "imminent"}) + "\n")
    call_command("train_crisis", keep_network=first, output=second, stdout=io.StringIO(), **small)
    before, after = (recognition.network_of(path)[0] for path in (first, second))
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)

    def odds(path: Path, text: str) -> float:
        """Of *passive* and above."""
        alarm = float(Recogniser(path).probabilities([[text]])[0][0, training.ALARMS].sum())
        return alarm / (1 - alarm)

    assert odds(second, "zebra") > 1.1 * odds(first, "zebra")
    assert odds(first, "bye") > 1.1 * odds(first, "tea")  # what the vote has learned from the sentences
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_crisis", keep_network=tmp_path / "none", output=second, **small)


@pytest.mark.thorough
def test_a_training_that_was_ended_goes_on_and_ends_the_same(
    small: dict[str, Any], tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("train_crisis", output=tmp_path / "whole", stdout=io.StringIO(), **small)
    settings.STATE_DIR = tmp_path / "interrupted"
    real = training.batches
    calls = []

    def ends_in_the_second_epoch(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(training, "batches", ends_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        call_command("train_crisis", output=tmp_path / "resumed", stdout=io.StringIO(), **small)
    call_command("train_crisis", output=tmp_path / "resumed", stdout=io.StringIO(), **small)
    assert len(calls) == 3
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()


def test_cross_validation_leaves_whole_rounds_out(
    small: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[set[str]] = []

    def fit(given: material.Material, recipe: training.Recipe, **options: Any) -> training.Network:
        left_out = options["left_out"]
        read.append({one.messages[0][-1] for index, one in enumerate(given.sentences) if not left_out(index)})
        return training.Network(given.weights).eval()

    monkeypatch.setattr(training, "fit", fit)
    output = io.StringIO()
    call_command("train_crisis", cross_validate=True, output=tmp_path / "none", stdout=output, **small)
    assert read == [{"1", "2", "3"}, {"0", "2", "3"}, {"0", "1", "3"}, {"0", "1", "2"}]
    assert not (tmp_path / "none").exists()
    assert "imminent" in output.getvalue()


def test_of_other_talk_only_the_step_that_it_stays_below_is_learned(small: dict[str, Any]) -> None:
    assert dict(material.calm_texts(small["data"])).keys() == {("abcdefghijklmnopqrstuvwxyz",)}
    assert [known for _, known in material.calm_texts(small["data"])] == [material.BELOW_LOW, material.BELOW_PASSIVE]
    logits = torch.zeros(1, len(STEPS))
    importance = dict.fromkeys(STEPS, 1.0)
    for known, possible in ((material.BELOW_LOW, 2), (material.BELOW_PASSIVE, 3)):
        loss = training.loss_of(logits, [known], importance)
        assert loss.item() == pytest.approx(-math.log(possible / len(STEPS)))


def test_a_message_comes_behind_others_of_its_script() -> None:
    others = training._by_script([("I am sad",), ("我难过",), ("tired", "我累了")])
    assert others == {True: [("我难过",), ("tired", "我累了")], False: [("I am sad",)]}
    varied = [training._varied(("吃饭了",), [others], 0.5, random.Random(seed)) for seed in range(30)]
    assert {messages[:-1] for messages in varied} == {(), ("我难过",), ("tired", "我累了")}


def test_a_missing_base_is_one_sentence(small: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_crisis", **(small | {"base": tmp_path / "nothing"}))


def test_the_sentences_of_the_repository_are_many_and_differ() -> None:
    for path in material.SENTENCES.glob("*.jsonl"):
        read = labelled.read(path)
        assert len({one.messages for one in read}) == len(read)
    sentences, folds = material.sentences()
    for language, least in (("English", 300), ("Chinese", 200)):
        for step in STEPS:
            assert sum((one.language, one.step) == (language, step) for one in sentences) >= least
    assert {folds.count(fold) > len(folds) / 8 for fold in range(material.FOLDS)} == {True}


@pytest.mark.thorough
def test_a_training_goes_on_from_earlier_weights_and_keeps_their_first_layers(
    small: dict[str, Any], tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    call_command("train_crisis", output=first, stdout=io.StringIO(), **small)
    new = tmp_path / "sentences" / "told.jsonl"
    new.write_text(json.dumps({"text": "bye q", "step": "imminent"}) + "\n")
    read: list[list[tuple[str, ...]]] = []
    talks: list[int] = []
    real = training.batches

    def batches(recipe: Any, sentences: Any, talk: Any, *others: Any) -> Any:
        read.append([one.messages for one in sentences])
        talks.append(len(talk))
        return real(recipe, sentences, talk, *others)

    monkeypatch.setattr(training, "batches", batches)
    monkeypatch.setattr(training, "KEPT_LAYERS", 0)
    options = {"go_on_from": first, "new": [new], "epochs": 2}
    call_command("train_crisis", output=second, stdout=io.StringIO(), **(small | options))
    assert [(len(epoch), ("bye q",) in epoch) for epoch in read] == [(2, True)] * 2  # and one that was read before
    assert talks == [training.TALKS_FOR_EACH] * 2
    before, after = (bert.floats(recognition.network_of(path)[0]) for path in (first, second))
    assert not np.allclose(before["head.weight"], after["head.weight"], atol=1e-6)
    for name in before:
        if name.startswith("embeddings") and name != bert.WORDS:
            np.testing.assert_allclose(before[name], after[name], atol=1e-6)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_crisis", output=second, **(small | options | {"go_on_from": tmp_path / "none"}))


@pytest.mark.thorough
def test_weights_are_averaged_with_those_of_another_training(
    small: dict[str, Any], tmp_path: Path, settings: Any
) -> None:
    first, second, mean = tmp_path / "first", tmp_path / "second", tmp_path / "mean"
    for path, options in ((first, {}), (second, {"seed": 2}), (mean, {"seed": 2, "average_with": first})):
        settings.STATE_DIR = tmp_path / f"{path.name}.state"
        call_command("train_crisis", output=path, stdout=io.StringIO(), **(small | options))
    weights = [bert.floats(recognition.network_of(path)[0]) for path in (first, second, mean)]
    for name, (one, two, both) in ((name, [each[name] for each in weights]) for name in weights[0]):
        expected = two if name == bert.WORDS else (one + two) / 2
        np.testing.assert_allclose(both, expected, atol=np.abs(expected).max() / 100, err_msg=name)
    assert not np.allclose(weights[0]["head.weight"], weights[1]["head.weight"], atol=1e-4)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_crisis", output=mean, average_with=tmp_path / "none", stdout=io.StringIO(), **small)
