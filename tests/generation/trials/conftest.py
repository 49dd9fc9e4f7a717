from collections.abc import Iterator

import pytest

from generation.models import EngineEntry, ModelTrial
from generation.routing import router
from generation.trials import running
from tests import model_server
from tests.model_server import ModelServer


@pytest.fixture
def new_server() -> Iterator[ModelServer]:
    """The server of the model that is tried."""
    with model_server.running() as server:
        server.words = ("Seven", " eight", " nine.")
        yield server


@pytest.fixture
def today(db: None, far_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> EngineEntry:
    """The only engine that serves."""
    monkeypatch.setattr(router, "_breakers", {})
    EngineEntry.objects.all().delete()
    return EngineEntry.objects.create(
        name="today", kind="openai", base_url=far_server.url("ok"), model="words", order=5
    )


def performed(trial: ModelTrial) -> ModelTrial:
    """The trial after a worker has run it."""
    running.run(trial.pk)
    trial.refresh_from_db()
    return trial
