"""A small model learns, and a training that is killed goes on from its checkpoint."""

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from generation.tuning import examples, job
from generation.tuning.examples import Example
from generation.tuning.job import Plan

pytestmark = pytest.mark.thorough

PHRASE = [3, 1, 4, 1, 5, 9, 2, 6]


def make_job(folder: Path) -> Path:
    """A job for a model of two small layers with random weights, whose examples all go alike."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32, hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=2
    )
    LlamaForCausalLM(config).save_pretrained(folder / "model")
    rows = [Example([7 + n % 5, *PHRASE, *PHRASE], [(1, 17)], 16) for n in range(24)]
    examples.write(folder / "train.jsonl", rows)
    examples.write(folder / "held_out.jsonl", [Example([20, *PHRASE, *PHRASE], [(1, 17)], 16)])
    Plan(model=str(folder / "model"), rate=0.005, epochs=2, measurements=4).write(folder)
    return folder


@pytest.fixture
def folder(tmp_path):
    return make_job(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A job that ran from its beginning to its end."""
    folder = make_job(tmp_path_factory.mktemp("finished"))
    finish(folder)
    return folder


def finish(folder):
    with job.running(folder) as progress:
        return list(progress)[-1]


def test_training_lowers_the_loss_and_keeps_the_best_adapter(finished):
    curve = job.curve(finished)
    assert [point.step for point in curve] == [0, 3, 6, 9, 12, 15, 18, 21, 24]
    assert min(point.held_out for point in curve) < 0.8 * curve[0].held_out
    assert (finished / "adapter" / "adapter_model.safetensors").is_file()


def test_a_killed_training_ends_as_one_that_was_not(folder, finished):
    with job.running(folder) as progress:
        for state in progress:
            if state.step == 11:
                break
    assert 0 < job.curve(folder)[-1].step < 24
    last = finish(folder)
    assert (last.step, last.steps) == (24, 24)
    resumed, whole = ([(point.step, point.held_out) for point in job.curve(each)] for each in (folder, finished))
    assert resumed == whole


def test_training_ends_when_it_no_longer_helps(folder):
    Plan(model=str(folder / "model"), rate=0.0, epochs=2, measurements=4, patience=2).write(folder)
    finish(folder)
    assert job.curve(folder)[-1].step == 6


def test_a_job_that_cannot_run_says_why(folder):
    (folder / "train.jsonl").write_text("not json\n")
    with pytest.raises(job.TrainingFailed, match="JSONDecodeError"):
        finish(folder)
