"""The look at this machine's usual ports: what is found, what is not asked, and what it says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from generation.trials import look
from generation.trials.look import Look, Place
from generation.trials.servers import ServedModel
from persona_site.redis import connection
from tests.model_server import ModelServer
from tests.site import free_port

pytestmark = pytest.mark.services


@pytest.fixture(autouse=True)
def _no_earlier_look() -> None:
    connection().delete("generation:look")


class At(Place):
    """A place of the test's server, which has a scenario in its address."""

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.program}"


def looked(monkeypatch: pytest.MonkeyPatch, *places: Place) -> Look:
    monkeypatch.setattr(look, "PLACES", places)
    look.begin()
    started = look.latest()
    assert started
    assert started.is_under_way
    look.perform()
    result = look.latest()
    assert result
    assert not result.is_under_way
    return result


def test_a_look_finds_servers_and_says_what_is_wrong_with_others(
    far_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = looked(monkeypatch, At("ok", far_server.port), At("page", far_server.port), Place("LM Studio", free_port()))
    good, nonsense = found.answering
    assert good.models == (ServedModel("words", 2048, 1.5),)
    assert "not as a model server" in nonsense.fault
    assert found.silent == ["LM Studio"]


def test_the_sites_own_port_is_not_asked(
    far_server: ModelServer, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PORT = far_server.port
    asked = len(far_server.keys)
    found = looked(monkeypatch, Place("vLLM", far_server.port))
    assert (found.findings, found.own_port) == ((), "vLLM")
    assert len(far_server.keys) == asked


def test_only_this_machine_is_asked() -> None:
    assert {place.root.rsplit(":", 1)[0] for place in look.PLACES} == {"http://127.0.0.1"}
    assert [(place.program, place.port) for place in look.PLACES] == [
        ("Ollama", 11434), ("llama.cpp", 8080), ("LM Studio", 1234), ("vLLM", 8000),
    ]  # fmt: skip


def test_a_look_that_nobody_performs_is_overdue() -> None:
    asked = Look(datetime.now(UTC) - timedelta(minutes=1))
    assert asked.is_overdue
    assert not asked.is_under_way
