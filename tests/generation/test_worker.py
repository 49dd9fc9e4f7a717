import json
from collections.abc import Iterator
from typing import Any

import pytest

from generation import metrics, pool, worker
from generation.engines.base import EngineUnavailable
from persona_site.redis import connection
from tests.fakes import ScriptedEngine
from tests.waiting import wait_until

NAME = "generation@test:1"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, settings: Any) -> ScriptedEngine:
    made = ScriptedEngine(name="one")

    def load(name: str) -> ScriptedEngine:
        if name == "absent":
            raise EngineUnavailable("The server cannot be reached.")
        return made

    settings.ENGINES = ["one"]
    monkeypatch.setattr(pool.registry, "load", load)
    monkeypatch.setattr(worker, "POOL", pool.EnginePool())
    return made


@pytest.fixture
def heart(engine: ScriptedEngine) -> Iterator[worker.Heart]:
    heart = worker.Heart(NAME, 4)
    wait_until(lambda: mine(), seconds=10)
    yield heart
    heart.stop()


def mine() -> list[dict[str, Any]]:
    return [beat for beat in worker.reported() if beat["worker"] == NAME]


def test_a_worker_tells_how_its_engines_are(heart: worker.Heart) -> None:
    [beat] = mine()
    [engine] = beat["engines"]
    assert (engine["name"], engine["ok"], engine["model"], engine["version"]) == ("one", True, "script", "1")
    assert engine["since"]


def test_a_worker_that_stops_takes_its_report_along(engine: ScriptedEngine) -> None:
    heart = worker.Heart(NAME, 4)
    wait_until(lambda: mine(), seconds=10)
    heart.stop()
    assert mine() == []


def test_a_report_lapses_with_a_killed_worker(heart: worker.Heart) -> None:
    assert 0 < connection().ttl(f"generation:worker:{NAME}") <= 15


def test_an_engine_that_is_away_is_reported_with_its_reason(engine: ScriptedEngine) -> None:
    report = worker._engine_report("absent")
    assert not report["ok"]
    assert report["detail"] == "The server cannot be reached."


def test_an_engine_that_breaks_while_it_is_asked_is_reported(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "health", lambda: 1 / 0)
    report = worker._engine_report("one")
    assert (report["ok"], report["detail"]) == (False, "ZeroDivisionError")


def test_figures_of_all_workers_are_shown_by_worker(heart: worker.Heart) -> None:
    metrics.TOKENS.labels(engine="one", model="script").inc(3)
    connection().set(f"generation:worker:{NAME}", json.dumps({**mine()[0], "figures": metrics.snapshot()}), ex=15)
    text = worker.metrics_text()
    assert f'afterword_tokens_total{{engine="one",model="script",worker="{NAME}"}}' in text
    assert "afterword_first_token_seconds_bucket" in text


def test_an_engine_that_does_not_load_does_not_keep_the_worker_from_starting(
    engine: ScriptedEngine, settings: Any
) -> None:
    settings.ENGINES = ["absent", "one"]
    worker.load()
    assert worker.POOL.loaded() == ["one"]
