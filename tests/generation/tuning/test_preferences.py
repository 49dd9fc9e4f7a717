"""A model learns which of its own replies a reader found sensible."""

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from generation.tuning import job, preferences
from generation.tuning.examples import Example
from generation.tuning.job import Plan
from generation.tuning.preferences import JudgedReplies, Preference

SENSIBLE, SENSELESS = [3, 1, 4], [9, 2, 6, 5]
DIALOGUE = Example([7, *SENSIBLE, *SENSIBLE], [(1, 7)], 6)


def judged(first: int, likelihoods: list[float], beside: Example | None = None) -> JudgedReplies:
    return JudgedReplies([first, 8, 8], [SENSELESS, SENSIBLE], [0, 1], likelihoods, beside)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two small layers with random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32, hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=2
    )
    LlamaForCausalLM(config).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def plan(model: Path, *, rate: float = 0.005, epochs: int = 4) -> Plan:
    return Plan(model=str(model), rate=rate, epochs=epochs, learns="preferences", measurements=1)


def likelihoods(model: Path, prompt: list[int], texts: list[list[int]]) -> list[float]:
    """Each text alone, without cache and padding."""
    network = LlamaForCausalLM.from_pretrained(model, dtype=torch.float32)
    values = []
    for text in texts:
        with torch.no_grad():
            logits = network(torch.tensor([prompt + text])).logits[0].log_softmax(-1)
        values.append(sum(float(logits[len(prompt) + at - 1, token]) for at, token in enumerate(text)))
    return values


def test_the_loss_compares_what_each_candidate_has_gained(model: Path, tmp_path: Path) -> None:
    drawn = likelihoods(model, [7, 8, 8], [SENSELESS, SENSIBLE])
    unlearnt = judged(7, drawn)
    gained = judged(7, [drawn[0], drawn[1] - 10])  # the sensible one is likelier now, by ten nats
    training = Preference(tmp_path, plan(model), [unlearnt] * 2, [unlearnt])
    assert training._loss(unlearnt).nats == pytest.approx(0.6931, abs=1e-3)
    assert training._loss(gained).nats == pytest.approx(0.1269, abs=1e-3)  # log(1 + exp(-0.2 * 10))


def test_candidates_with_the_same_mark_are_not_compared(model: Path, tmp_path: Path) -> None:
    same = JudgedReplies([7, 8, 8], [SENSELESS, SENSIBLE], [1, 1], [-9.0, -9.0])
    loss = Preference(tmp_path, plan(model), [same] * 2, [same])._loss(same)
    assert (loss.nats, loss.size) == (0.0, 0)


@pytest.mark.thorough
def test_training_prefers_the_sensible_candidate_and_goes_on_from_an_adapter(model: Path, tmp_path: Path) -> None:
    texts = [SENSELESS, SENSIBLE]
    rows = [judged(n, likelihoods(model, [n, 8, 8], texts), DIALOGUE if n % 2 else None) for n in range(10, 20)]
    folder = tmp_path / "first"
    folder.mkdir()
    preferences.write(folder / "train.jsonl", rows)
    preferences.write(folder / "held_out.jsonl", [judged(20, likelihoods(model, [20, 8, 8], texts))])
    plan(model).write(folder)
    curve = finish(folder)
    assert curve[0].held_out == pytest.approx(1.0, abs=0.01)
    assert min(point.held_out for point in curve) < 0.7
    again = tmp_path / "second"
    again.mkdir()
    for name in ("train.jsonl", "held_out.jsonl"):
        (again / name).write_bytes((folder / name).read_bytes())
    further = Plan(
        model=str(model), rate=1e-6, epochs=1, learns="preferences", begins_with=str(folder / "adapter"), measurements=1
    )
    further.write(again)
    assert finish(again)[0].held_out == pytest.approx(min(point.held_out for point in curve), abs=0.05)


def finish(folder: Path) -> list[job.Point]:
    with job.running(folder) as progress:
        list(progress)
    return job.curve(folder)
