import threading
from typing import Any

import pytest

from generation.catalogue import packaged
from generation.engine import EngineUnavailable
from generation.models import EngineEntry
from generation.routing import engine_pool
from tests.fakes import ScriptedEngine


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> dict[str, EngineEntry]:
    """Replaces the table, because other threads do not see its rows before the end of a test."""
    rows = {"one": EngineEntry(name="one", kind="one")}
    monkeypatch.setattr(engine_pool.engine_rows, "entries", lambda: list(rows.values()))
    return rows


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedEngine]:
    """Every engine that was loaded, in order."""
    made: list[ScriptedEngine] = []

    def load(kind: str, **options: Any) -> ScriptedEngine:
        made.append(ScriptedEngine(name=kind))
        return made[-1]

    monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
    return made


def test_an_engine_is_loaded_once_for_many_threads(loads: list[ScriptedEngine]) -> None:
    engines = engine_pool.EnginePool()
    together = threading.Barrier(8)

    def borrow() -> None:
        with engines.borrowed("one"):
            together.wait(timeout=30)

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1


def test_a_reply_that_is_stopped_while_its_engine_loads_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    may_load, made = threading.Event(), ScriptedEngine()

    def load(kind: str) -> ScriptedEngine:
        may_load.wait()
        return made

    monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
    engines, outcomes = engine_pool.EnginePool(), []

    def borrow() -> None:
        try:
            with engines.borrowed("one", lambda: True):
                outcomes.append("lent")
        except EngineUnavailable as error:
            outcomes.append(error.code)

    stopped = [threading.Thread(target=borrow, daemon=True) for _ in range(2)]  # the first one has it loaded
    for thread in stopped:
        thread.start()
    for thread in stopped:
        thread.join(20)
    seen = list(outcomes)
    may_load.set()
    assert seen == ["not_ready", "not_ready"]
    with engines.borrowed("one") as engine:
        assert engine is made


def test_another_active_model_replaces_the_engine_once_its_replies_ended(
    loads: list[ScriptedEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = engine_pool.EnginePool()
    small, better = packaged.PACKAGED.values()
    model = [small]
    monkeypatch.setattr(engine_pool, "_model_of", lambda kind: model[0])
    with engines.borrowed("one") as old:
        model[0] = better
        with engines.borrowed("one") as new:
            assert new is not old
            assert not loads[0].closed
    assert loads[0].closed
    assert not loads[1].closed


def test_an_engine_that_nobody_hears_is_closed_before_the_next_one_is_loaded(
    rows: dict[str, EngineEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card has no room for two engines."""
    made: list[ScriptedEngine] = []

    def load(kind: str, **options: Any) -> ScriptedEngine:
        assert all(engine.closed for engine in made)
        made.append(ScriptedEngine())
        return made[-1]

    monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
    rows["one"] = EngineEntry(name="one", kind="openai", base_url="http://here/v1", model="words")
    engines = engine_pool.EnginePool()
    for base_url in ("http://here/v1", "http://there/v1"):
        rows["one"].base_url = base_url
        with engines.borrowed("one"):
            pass
    assert [engine.closed for engine in made] == [True, False]


def test_a_changed_row_replaces_its_engine(loads: list[ScriptedEngine], rows: dict[str, EngineEntry]) -> None:
    rows["one"] = EngineEntry(name="one", kind="openai", base_url="http://here/v1", model="words")
    engines = engine_pool.EnginePool()
    for base_url in ("http://here/v1", "http://there/v1"):
        rows["one"].base_url = base_url
        for _ in range(2):
            with engines.borrowed("one"):
                pass
    assert [engine.closed for engine in loads] == [True, False]


def test_a_key_comes_from_the_environment_and_a_missing_one_is_said(
    loads: list[ScriptedEngine], rows: dict[str, EngineEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows["one"] = EngineEntry(name="one", kind="openai", base_url="http://here/v1", key_variable="TEST_API_KEY")
    engines = engine_pool.EnginePool()
    with pytest.raises(EngineUnavailable, match="TEST_API_KEY is empty"), engines.borrowed("one"):
        pass
    for key in ("first", "rotated"):
        monkeypatch.setenv("TEST_API_KEY", key)
        assert engine_pool.engine_rows.options(rows["one"])["api_key"] == key
        with engines.borrowed("one"):
            pass
    assert len(loads) == 2


def test_engines_that_are_not_kept_are_closed(loads: list[ScriptedEngine]) -> None:
    engines = engine_pool.EnginePool()
    with engines.borrowed("one"):
        engines.keep(["one"])
        assert engines.loaded() == ["one"]
        engines.keep([])
        assert not loads[0].closed
    assert loads[0].closed


def test_closing_waits_for_those_who_speak(loads: list[ScriptedEngine]) -> None:
    engines = engine_pool.EnginePool()
    with engines.borrowed("one"):
        engines.close()
        assert not loads[0].closed
    assert loads[0].closed


def test_an_engine_that_does_not_load_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = iter([EngineUnavailable("not yet"), ScriptedEngine()])

    def load(kind: str) -> ScriptedEngine:
        outcome = next(outcomes)
        if isinstance(outcome, EngineUnavailable):
            raise outcome
        return outcome

    monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
    engines = engine_pool.EnginePool()
    with pytest.raises(EngineUnavailable), engines.borrowed("one"):
        pass
    with engines.borrowed("one") as engine:
        assert engine.health().ok
