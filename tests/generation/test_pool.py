import threading

import pytest

from generation import pool
from generation.engines.base import EngineUnavailable
from tests.fakes import ScriptedEngine


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedEngine]:
    """Every engine that was loaded, in order."""
    made: list[ScriptedEngine] = []

    def load(name: str) -> ScriptedEngine:
        made.append(ScriptedEngine(name=name))
        return made[-1]

    monkeypatch.setattr(pool.registry, "load", load)
    return made


def test_an_engine_is_loaded_once_for_many_threads(loads: list[ScriptedEngine]) -> None:
    engines = pool.EnginePool()
    together = threading.Barrier(8)

    def borrow() -> None:
        with engines.borrowed("one"):
            together.wait(timeout=10)

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1


def test_another_active_model_replaces_the_engine_once_its_replies_ended(
    loads: list[ScriptedEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = pool.EnginePool()
    model = ["small"]
    monkeypatch.setattr(pool, "_model_of", lambda name: model[0])
    with engines.borrowed("one") as old:
        model[0] = "better"
        with engines.borrowed("one") as new:
            assert new is not old
            assert not loads[0].closed
    assert loads[0].closed
    assert not loads[1].closed


def test_closing_waits_for_those_who_speak(loads: list[ScriptedEngine]) -> None:
    engines = pool.EnginePool()
    with engines.borrowed("one"):
        engines.close()
        assert not loads[0].closed
    assert loads[0].closed


def test_an_engine_that_does_not_load_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = iter([EngineUnavailable("not yet"), ScriptedEngine()])

    def load(name: str) -> ScriptedEngine:
        outcome = next(outcomes)
        if isinstance(outcome, EngineUnavailable):
            raise outcome
        return outcome

    monkeypatch.setattr(pool.registry, "load", load)
    engines = pool.EnginePool()
    with pytest.raises(EngineUnavailable), engines.borrowed("one"):
        pass
    with engines.borrowed("one") as engine:
        assert engine.health().ok
