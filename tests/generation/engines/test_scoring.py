"""The scoring pass, on the real SmolLM2, against the library's own forward pass."""

import math
import threading
from datetime import timedelta

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from generation.catalogue import model_rows, packaged
from generation.engine import Prompt, PromptMessage, Sampling, Unit
from generation.engines.hf_transformers.engine import TransformersEngine
from generation.routing import scoring
from generation.routing.engine_pool import POOL
from tests.waiting import wait_until

pytestmark = pytest.mark.model

PROMPT = Prompt(form="transcript", text="Ada keeps a lighthouse.\n\nYou: What do you see at sea tonight?\nAda:")
TEXT = " I see a lamp, and behind it the whole dark sea. It is calm."


@pytest.fixture
def quiet_engine(installed_model: packaged.CatalogueModel) -> TransformersEngine:
    """An engine that has read nothing yet."""
    engine = TransformersEngine(installed_model)
    yield engine
    engine.close()


def plain(model: packaged.CatalogueModel, prompt: str, text: str) -> tuple[list[int], torch.Tensor]:
    """The text's tokens, and the log-probabilities over the vocabulary at each token's position."""
    folder = model_rows.folder(model.name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    read, whole = tokenizer.encode(prompt), tokenizer.encode(prompt + text)
    with torch.inference_mode():
        logits = network(torch.tensor([whole])).logits[0]
    return whole[len(read) :], logits[len(read) - 1 : -1].log_softmax(dim=-1)


def tokens_of(units: tuple[Unit, ...]) -> list:
    return [token for unit in units for token in unit.tokens]


def test_probabilities_are_those_of_a_plain_forward_pass(installed_model, quiet_engine):
    ids, expected = plain(installed_model, PROMPT.text, TEXT)
    scored = quiet_engine.score(PROMPT, TEXT)
    tokens = tokens_of(scored.units)
    assert scored.prompt == PROMPT.text
    assert len(tokens) == len(ids)
    own = torch.tensor([token.logprob for token in tokens])
    assert torch.allclose(own, expected[range(len(ids)), ids], atol=2e-3)
    best = expected.topk(10)
    for token, values in zip(tokens, best.values.tolist(), strict=True):
        assert [choice.logprob for choice in token.alternatives] == pytest.approx(values, abs=2e-3)
        assert sum(math.exp(choice.logprob) for choice in token.alternatives) <= 1 + 1e-5
        assert len({choice.data for choice in token.alternatives if not choice.ends}) >= 9


def test_a_text_longer_than_a_piece_is_read_as_one(installed_model, quiet_engine):
    text = TEXT * 12
    ids, expected = plain(installed_model, PROMPT.text, text)
    tokens = tokens_of(quiet_engine.score(PROMPT, text).units)
    assert len(tokens) > 150
    own = torch.tensor([token.logprob for token in tokens])
    assert torch.allclose(own, expected[range(len(ids)), ids], atol=2e-3)


def test_what_a_reply_has_read_is_not_read_again_and_changes_nothing(quiet_engine):
    fresh = tokens_of(quiet_engine.score(PROMPT, TEXT).units)
    said = list(quiet_engine.stream(PROMPT, Sampling(temperature=0, max_tokens=8), lambda: False))
    again = tokens_of(quiet_engine.score(PROMPT, TEXT).units)
    assert [t.logprob for t in again] == pytest.approx([t.logprob for t in fresh], abs=2e-3)
    # The kept cache was copied, not taken: the next turn still finds it.
    next_turn = list(quiet_engine.stream(PROMPT, Sampling(temperature=0, max_tokens=8), lambda: False))
    assert next_turn[-1].usage.cached_tokens > 10
    assert [t.text for t in next_turn] == [t.text for t in said]


def test_tokens_that_make_one_chinese_character_are_one_unit(quiet_engine):
    text = " 灯塔很安静。Yes."
    units = quiet_engine.score(PROMPT, text).units
    assert "".join(unit.text for unit in units) == text
    assert all("\ufffd" not in unit.text for unit in units)
    several = [unit for unit in units if len(unit.tokens) > 1]
    assert several, "SmolLM2 writes these characters in bytes"
    for unit in several:
        assert b"".join(token.data for token in unit.tokens) == unit.text.encode()
    choices = [choice for unit in units for token in unit.tokens for choice in token.alternatives]
    broken = [choice for choice in choices if not choice.text and not choice.ends]
    assert broken
    assert all(choice.data for choice in broken)
    # In the middle of a character, an alternative is shown as the whole character that it would make.
    second = [choice for unit in several for choice in unit.tokens[-1].alternatives if choice.text]
    assert any(choice.text.encode() != choice.data for choice in second)


def test_a_chat_prompt_is_scored_behind_its_template(quiet_engine):
    prompt = Prompt(form="chat", messages=(PromptMessage("user", "What is the capital of France?"),))
    scored = quiet_engine.score(prompt, "The capital of France is Paris.")
    assert "<|im_start|>user\nWhat is the capital of France?<|im_end|>" in scored.prompt
    paris = next(unit for unit in scored.units if "Paris" in unit.text)
    assert math.exp(paris.tokens[0].logprob) > 0.5


def test_a_running_reply_goes_on_while_a_text_is_read(quiet_engine):
    """Each piece waits for a step, so the reply's tokens come in between. The reply is the same as alone."""
    sampling = Sampling(temperature=0, max_tokens=30, repetition_penalty=1.0)
    alone = "".join(t.text for t in quiet_engine.stream(PROMPT, sampling, lambda: False))
    quiet_engine._batcher.between_steps(quiet_engine._batcher._forget).result()
    began, told = threading.Event(), []

    def read() -> None:
        began.wait()
        quiet_engine.score(Prompt(form="transcript", text="Long ago. " * 30), TEXT)
        told.append("read")

    forward_pass = threading.Thread(target=read)
    forward_pass.start()
    said = []
    for token in quiet_engine.stream(PROMPT, sampling, lambda: False):
        began.set()
        said.append(token.text)
        told.append("said")
    forward_pass.join()
    assert "".join(said) == alone
    assert told.index("read") > 5


@pytest.mark.django_db
class TestWhichModelReads:
    @pytest.fixture(autouse=True)
    def _here(self, installed_model):
        pass

    @pytest.mark.parametrize("kinds", [["transformers"], ["openvino", "transformers"]])
    def test_the_engine_that_speaks_reads_too(self, settings, kinds):
        settings.ENGINES = kinds
        try:
            assert scoring.score(PROMPT, TEXT, model=packaged.DEFAULT).units
            assert POOL.loaded() == kinds[:1]
            assert scoring.SPARE.model == ""
        finally:
            POOL.close()

    def test_beside_another_engine_a_model_is_loaded_for_it_and_given_back(self, settings, monkeypatch):
        settings.ENGINES = ["openai"]
        spare = scoring.Spare(idle=timedelta(seconds=0.2))
        monkeypatch.setattr(scoring, "SPARE", spare)
        assert scoring.score(PROMPT, TEXT, model=packaged.DEFAULT).units
        assert POOL.loaded() == []
        wait_until(lambda: spare.model == "")


def test_only_models_whose_weights_are_here_can_read():
    assert not scoring.is_possible("gpt-4o")
