"""The CPU engine as it ships, with all its rounding."""

import math
from collections.abc import Iterator

import numpy as np
import openvino
import pytest

from benchmarks.perplexity import TEXT
from generation.catalogue import installation, model_rows, packaged
from generation.engine import Engine, Prompt
from generation.engines.batching.batched import BatchedEngine
from generation.engines.batching.forward_pass import Segment
from generation.engines.openvino import paged_attention
from generation.engines.openvino.engine import OpenVINOEngine

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def shipped(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    engine = OpenVINOEngine(installed_model)
    yield engine
    engine.close()


def perplexity(engine: Engine) -> float:
    assert isinstance(engine, BatchedEngine)
    units = engine.score(Prompt(form="transcript", text=TEXT[0]), TEXT[1:]).units
    logprobs = [token.logprob for unit in units for token in unit.tokens]
    return math.exp(-sum(logprobs) / len(logprobs))


def test_rounding_costs_less_than_two_in_a_hundred(shipped: Engine, real_engine: Engine) -> None:
    assert perplexity(shipped) == pytest.approx(perplexity(real_engine), rel=0.02)


def test_a_text_behind_a_long_prompt_that_nobody_has_read_is_scored(shipped: Engine) -> None:
    """The first pieces lie in the prompt, and nothing is predicted there."""
    assert isinstance(shipped, BatchedEngine)
    units = shipped.score(Prompt(form="transcript", text="It rained on the pier. " * 40), " It rained again.").units
    assert "".join(unit.text for unit in units) == " It rained again."


def test_products_of_one_input_are_merged_and_say_what_they_said(
    installed_model: packaged.CatalogueModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = installation.exported(model_rows.folder(installed_model.name))
    model = openvino.Core().read_model(folder / "openvino_model.xml")
    apart = products(model)
    paged_attention._merge_products(model)
    layers = 30
    assert apart - products(model) == layers * (2 + 1)  # query, key and value; gate and up

    def logits() -> paged_attention.Logits:
        forward_pass = paged_attention.PagedForwardPass(folder, capacity=64)
        return forward_pass.read([Segment(forward_pass.cache(), list(range(1000, 1040)))], list(range(40)))

    merged = logits()
    monkeypatch.setattr(paged_attention, "_merge_products", lambda model: None)
    assert np.allclose(merged, logits(), atol=0.01)  # they spread over some twenty


def products(model: openvino.Model) -> int:
    return sum(node.get_type_name() == "MatMul" for node in model.get_ops())
