from collections.abc import Iterator

import pytest

from generation.catalogue import packaged
from generation.engines.base import Engine
from generation.engines.hf_transformers.engine import TransformersEngine
from generation.engines.openvino import paged_attention
from generation.engines.openvino.engine import OpenVINOEngine
from generation.routing import engine_rows
from tests import model_server

# How the CPU engine computes on a processor that does not multiply bytes. Where it rounds, the next word depends on how
# a prompt was cut and on who else is read, wherever two are nearly as likely.
FLOATS = paged_attention.OPTIONS | {"DYNAMIC_QUANTIZATION_GROUP_SIZE": "0", "KV_CACHE_PRECISION": "f32"}


@pytest.fixture(autouse=True)
def _fresh_roster() -> None:
    """What an earlier test's rows were is not remembered for a second."""
    engine_rows.forget()


@pytest.fixture(scope="session")
def real_engine(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    engine = TransformersEngine(installed_model)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def cpu_engine(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paged_attention, "OPTIONS", FLOATS)
        engine = OpenVINOEngine(installed_model)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def far_server() -> Iterator[model_server.ModelServer]:
    with model_server.running() as server:
        yield server
