"""Words that answer a talk are found by their meaning."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file

from chat import tasks
from chat.evaluation import relevance_training
from chat.reply import relevance
from personas.prompting import dialogues
from personas.prompting.prompt import Line

INTRODUCTION = "Ada keeps a lighthouse on the western shore. She has a dog."
TALK = [Line("user", "Good evening."), Line("persona", "Good evening, come in."), Line("user", "Where is your dog?")]


@pytest.mark.slow
@pytest.mark.parametrize("turns", [TALK, TALK[2:]], ids=["a talk", "the first message"])
def test_an_answer_is_more_relevant_than_another_line(turns):
    context = relevance.context(turns, INTRODUCTION)
    answer, other = relevance.relevance(context, ["The dog sleeps by the stove.", "I like my tea with sugar."])
    assert -1 <= other < answer - 0.1 < 1


def test_the_turns_before_the_message_count():
    after_tea = [Line("user", "Do you drink tea?"), Line("persona", "Tea with sugar."), Line("user", "How much?")]
    after_rope = [Line("user", "Do you sell rope?"), Line("persona", "Rope by the yard."), Line("user", "How much?")]
    text = ["Two spoons in each cup of tea."]
    (fits,), (other,) = (
        relevance.relevance(relevance.context(turns, INTRODUCTION), text) for turns in (after_tea, after_rope)
    )
    assert fits > other


@pytest.mark.training
def test_a_training_gives_the_same_weights_again_and_goes_on_where_it_was_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(relevance_training, "_EPOCHS", 2)
    read = dialogues.read(dialogues.FOLDER / "english_everyday.jsonl")[:8]
    reports: list[str] = []

    def train(name: str, say: Callable[[str], None] = reports.append) -> None:
        relevance_training.fit(read[:6], read[6:], tmp_path / f"{name}.pt", say).save(tmp_path / name)

    def end(report: str) -> None:
        raise KeyboardInterrupt

    train("first")
    with pytest.raises(KeyboardInterrupt):
        train("second", end)
    train("second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    weights = load_file(tmp_path / "first")
    assert {name: value.shape for name, value in weights.items()} == {
        name: value.shape for name, value in load_file(relevance.WEIGHTS).items()
    }
    assert not np.allclose(weights["talk"], np.eye(384))
    assert [report.split(":")[0] for report in reports] == ["epoch 1", "epoch 2", "epoch 2"]


@pytest.mark.parametrize(("queues", "loads"), [({"generation"}, 1), ({"default"}, 0), ({"imports", "tuning"}, 0)])
def test_a_worker_loads_it_before_its_first_reply(
    monkeypatch: pytest.MonkeyPatch, queues: set[str], loads: int
) -> None:
    loaded: list[bool] = []
    monkeypatch.setattr(relevance, "load", lambda: loaded.append(True))
    worker = SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=queues))))
    tasks._load(instance=worker)
    assert len(loaded) == loads
