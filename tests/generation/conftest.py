from collections.abc import Iterator

import pytest

from generation.catalogue import packaged
from generation.engine import Engine
from generation.engines.hf_transformers.continuous_batching import ContinuousBatchingEngine
from generation.engines.hf_transformers.engine import TransformersEngine
from generation.engines.openvino.engine import OpenVINOEngine
from generation.routing import engine_rows
from tests import model_server


@pytest.fixture(autouse=True)
def _fresh_roster() -> None:
    """Forgets the rows of an earlier test, which would be cached for a second."""
    engine_rows.forget()


@pytest.fixture(scope="session")
def real_engine(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    engine = TransformersEngine(installed_model)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def cpu_engine(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    """The CPU engine as it ships, with int8 weights and, on processors with VNNI, int8 inputs of products."""
    engine = OpenVINOEngine(installed_model)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def continuous_engine(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    """The engine for cards, on the CPU."""
    engine = ContinuousBatchingEngine(installed_model)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def far_server() -> Iterator[model_server.ModelServer]:
    with model_server.running() as server:
        yield server
