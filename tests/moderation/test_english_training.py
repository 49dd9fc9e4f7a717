"""The training of the larger network, on a base of two layers and a handful of texts."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from safetensors.numpy import load_file

from moderation import english_training
from moderation.crisis import material
from moderation.crisis.labelled import STEPS
from moderation.filter import training, training_material
from moderation.filter.training import CATEGORIES
from moderation.networks import bert, english_network, four_bits
from moderation.networks.bert import Row
from moderation.networks.english_network import CRISIS, FILTER, EnglishNetwork
from tests.moderation import mpnet_folder

ROWS = [Row((0, 4, 5, 6, 2), first=1), Row((0, 7, 2, 8, 9, 2), first=3)]


@pytest.fixture
def small(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Options of the command for a tiny training: two of its texts are Chinese, and one is of the development split."""
    mpnet_folder.write(tmp_path / "mpnet")
    for name, texts in (("english", "abcdef"), ("chinese", "妈我爸你他她")):
        lines = [json.dumps({"text": f"{text} {text}", "step": step}) for text, step in zip(texts, STEPS, strict=True)]
        (tmp_path / "sentences").mkdir(exist_ok=True)
        (tmp_path / "sentences" / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "talk.jsonl").write_text(json.dumps({"turns": [["user", "hello"], ["persona", "hi"]]}) + "\n")
    (tmp_path / "data").mkdir()
    with gzip.open(tmp_path / "data" / "some.jsonl.gz", "wt") as lines:
        for text, split in (("all vermin", "train"), ("他们都是寄生虫", "train"), ("garden", "dev")):
            row = {"id": text, "text": text, "lang": "en", "source": "some", "split": split, "labels": {"hate": 1}}
            lines.write(json.dumps(row) + "\n")
    for module in (material, training_material):
        monkeypatch.setattr(module, "SENTENCES", tmp_path / "sentences")
    own = training.own_examples()[::400]
    monkeypatch.setattr(training, "own_examples", lambda: own)
    monkeypatch.setattr(english_training, "KEPT_LAYERS", 1)
    settings.STATE_DIR = tmp_path / "state"
    return {
        "base": tmp_path / "mpnet",
        "data": tmp_path / "data",
        "dialogues": [tmp_path / "talk.jsonl"],
        "output": tmp_path / "english",
        "stdout": io.StringIO(),
        "stderr": io.StringIO(),
    }


@pytest.mark.thorough
def test_both_heads_learn_and_the_first_layers_stay(small: dict[str, Any], tmp_path: Path) -> None:
    call_command("train_english", **small)
    network = EnglishNetwork(small["output"])
    labels = english_network.about(small["output"])["labels"]
    assert labels == {CRISIS: list(STEPS), FILTER: [str(category) for category in CATEGORIES]}
    assert network.logits(ROWS, CRISIS).shape == (2, len(STEPS))
    assert network.logits(ROWS, FILTER).shape == (2, len(CATEGORIES))
    given = material.english_material(small["base"], small["data"], small["dialogues"])
    untrained = english_training.Network(given.weights)
    english_training.save(untrained, given, tmp_path / "untrained")
    before, after = (EnglishNetwork(path) for path in (tmp_path / "untrained", small["output"]))
    for head in (CRISIS, FILTER):
        assert np.abs(before.logits(ROWS, head) - after.logits(ROWS, head)).max() > 1e-3
    base = four_bits.unpacked(four_bits.packed(given.weights))
    kept = four_bits.unpacked(load_file(small["output"]))
    np.testing.assert_array_equal(kept[bert.WORDS], base[bert.WORDS])


@pytest.mark.thorough
def test_a_training_that_was_ended_goes_on_and_ends_the_same(
    small: dict[str, Any], settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("train_english", **(small | {"output": tmp_path / "whole"}))
    settings.STATE_DIR = tmp_path / "interrupted"
    real = english_training._Work.epoch
    calls = []

    def ends_in_the_second_epoch(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:  # the first one counts the updates
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(english_training._Work, "epoch", ends_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        call_command("train_english", **small)
    call_command("train_english", **small)
    assert len(calls) == 5
    assert small["output"].read_bytes() == (tmp_path / "whole").read_bytes()


def test_it_reads_what_is_not_chinese_and_no_text_that_is_measured_or_calibrated_on(
    small: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    left_out: list[str] = []

    def fit(given: material.Material, examples: list[training.Example], **options: Any) -> english_training.Network:
        work = english_training._Work(given, examples)
        left_out.extend(example.text for example in examples if example.is_left_out)
        read.extend(one.messages[-1] for one in work._given.sentences)
        read.extend(messages[-1] for messages in work._given.to_personas)
        read.extend(example.text for example in work._texts._read)
        return english_training.Network(given.weights).eval()

    monkeypatch.setattr(english_training, "fit", fit)
    call_command("train_english", **small)
    assert {"a a", "all vermin", "hello"} <= set(read)
    assert "b b" in left_out
    assert not set(left_out) & set(read)
    assert not {"garden", "他们都是寄生虫"} & set(read)
    assert not any("妈" in text for text in read)


def test_a_missing_base_is_one_sentence(small: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_english", **(small | {"base": tmp_path / "nothing"}))
