"""The CPU engine as it ships, with all that it rounds."""

import math
from collections.abc import Iterator

import pytest

from benchmarks.perplexity import TEXT
from generation import packaged
from generation.engines.base import Engine, Prompt
from generation.engines.batched import BatchedEngine
from generation.engines.openvino import OpenVINOEngine

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
