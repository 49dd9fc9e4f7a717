import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from generation import metrics
from generation.engine import EngineUnavailable, Health
from generation.jobs import forgetting, worker
from generation.models import EngineEntry
from generation.routing import engine_pool, engine_rows, router
from persona_site.redis import connection
from tests.fakes import ScriptedEngine
from tests.waiting import wait_until

pytestmark = pytest.mark.services

NAME = "generation@test:1"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> dict[str, EngineEntry]:
    """Replaces the table, because the heart's threads do not see its rows before the end of a test."""
    rows = {"one": EngineEntry(name="one", kind="one")}
    monkeypatch.setattr(engine_rows, "entries", lambda: list(rows.values()))
    return rows


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, rows: dict[str, EngineEntry]) -> ScriptedEngine:
    made = ScriptedEngine(name="one")

    def load(kind: str) -> ScriptedEngine:
        if kind == "absent":
            raise EngineUnavailable("The server cannot be reached.")
        return made

    monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
    monkeypatch.setattr(worker, "POOL", engine_pool.EnginePool())
    monkeypatch.setattr(router, "_breakers", {})
    monkeypatch.setattr(worker, "_BEAT", timedelta(seconds=0.1))
    return made


@pytest.fixture
def heart(engine: ScriptedEngine) -> Iterator[worker.Heart]:
    heart = worker.Heart(NAME, 4)
    wait_until(lambda: mine() and mine()[0]["engines"])
    yield heart
    heart.stop()


def mine() -> list[dict[str, Any]]:
    return [beat for beat in worker.beats() if beat["worker"] == NAME]


def test_a_worker_tells_how_its_engines_are(heart: worker.Heart) -> None:
    [beat] = mine()
    [engine] = beat["engines"]
    assert (engine["name"], engine["ok"], engine["model"], engine["version"]) == ("one", True, "script", "1")
    assert engine["since"]


def test_a_worker_that_stops_takes_its_report_along(engine: ScriptedEngine) -> None:
    heart = worker.Heart(NAME, 4)
    wait_until(lambda: mine())
    heart.stop()
    assert mine() == []


def test_m2_a_worker_has_its_engines_forget_at_the_beats_after_a_deletion(
    heart: worker.Heart, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[int] = []
    monkeypatch.setattr(worker.POOL, "forget", lambda: times.append(forgetting.times_asked()))
    forgetting.ask()
    now = forgetting.times_asked()
    wait_until(lambda: times.count(now) == 2)


def test_m2_the_pool_has_every_engine_forget(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[str] = []
    monkeypatch.setattr(engine, "forget", lambda: times.append("one"), raising=False)
    with worker.POOL.borrowed("one"):
        worker.POOL.forget()
    assert times == ["one"]


def test_a_report_lapses_with_a_killed_worker(heart: worker.Heart) -> None:
    assert 0 < connection().ttl(f"generation:worker:{NAME}") <= 15


def test_an_engine_that_is_away_is_reported_with_its_reason(
    engine: ScriptedEngine, rows: dict[str, EngineEntry]
) -> None:
    rows["absent"] = EngineEntry(name="absent", kind="absent")
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
    metrics.FIRST_TOKEN.labels(engine="one").observe(0.2)
    wait_until(
        lambda: f'afterword_tokens_total{{engine="one",model="script",worker="{NAME}"}}' in worker.metrics_text()
    )
    assert f'afterword_first_token_seconds_bucket{{engine="one",le="0.5",worker="{NAME}"}}' in worker.metrics_text()


def test_speed_is_that_of_the_time_since_the_last_look() -> None:
    speeds = metrics.Speeds()
    metrics.TOKENS.labels(engine="fast", model="script").inc(30)
    metrics.FIRST_TOKEN.labels(engine="fast").observe(0.25)
    first, second = speeds.look()["fast"], speeds.look()["fast"]
    assert first["tokens_per_second"]
    assert first["first_token_ms"] == 250
    assert (second["tokens_per_second"], second["first_token_ms"]) == (0, 250)


def test_an_engine_that_is_switched_off_is_let_go_and_no_longer_reported(
    heart: worker.Heart, engine: ScriptedEngine, rows: dict[str, EngineEntry]
) -> None:
    rows["one"].is_enabled = False
    wait_until(lambda: not mine()[0]["engines"])
    wait_until(lambda: engine.closed)


def test_a_health_check_lets_an_engine_be_tried_again_before_its_pause_is_over(
    heart: worker.Heart, engine: ScriptedEngine, rows: dict[str, EngineEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "health", lambda: Health(ok=False, detail="away"))
    gate = router.breaker(rows["one"])
    for _ in range(3):
        gate.failed()
    wait_until(lambda: (mine()[0]["engines"][0]["ok"], mine()[0]["engines"][0]["breaker"]) == (False, "open"))
    monkeypatch.setattr(engine, "health", lambda: Health(ok=True))
    wait_until(lambda: mine()[0]["engines"][0]["breaker"] == "half-open")
    assert gate.allows()


def test_a_silent_engine_does_not_stop_the_heart(
    heart: worker.Heart, engine: ScriptedEngine, rows: dict[str, EngineEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def health() -> Health:
        asked.set()
        go_on.wait(20)
        return Health(ok=True)

    monkeypatch.setattr(engine, "health", health)
    monkeypatch.setattr(worker, "_PROBE", timedelta(0))
    assert asked.wait(30)
    before = mine()[0]["at"]
    wait_until(lambda: mine()[0]["at"] > before)
    go_on.set()


def test_an_engine_of_our_own_that_broke_is_loaded_anew(
    heart: worker.Heart, rows: dict[str, EngineEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine may stay broken after an error in a step. Without a new engine the site would stay without it."""
    monkeypatch.setattr(engine_pool, "_model_of", lambda row: None)
    monkeypatch.setattr(worker, "_PROBE", timedelta(0))
    loads: list[ScriptedEngine] = []

    def load(kind: str) -> ScriptedEngine:
        loads.append(ScriptedEngine(name=kind))
        if len(loads) == 1:
            monkeypatch.setattr(loads[0], "health", lambda: Health(ok=False, detail="broke"))
        return loads[-1]

    monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
    rows["openvino"] = EngineEntry(name="openvino", kind="openvino", order=5)
    wait_until(lambda: len(loads) == 2 and worker.POOL.loaded().count("openvino") == 1)
    assert loads[0].closed
    assert not loads[1].closed


def test_of_two_engines_with_the_same_weights_one_stands_by() -> None:
    entries = [EngineEntry(name=kind, kind=kind) for kind in ("openvino", "openai", "transformers")]
    assert worker._standing_by(entries, {}) == set()
    assert worker._standing_by(entries, {"openvino": {"ok": False}, "transformers": {"ok": True}}) == set()
    assert worker._standing_by(entries, {"openvino": {"ok": True}}) == {"transformers"}


def test_the_one_that_stands_by_is_not_loaded_to_find_that_out(
    heart: worker.Heart, rows: dict[str, EngineEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_pool, "_model_of", lambda row: None)
    loads: list[str] = []

    def load(kind: str) -> ScriptedEngine:
        loads.append(kind)
        return ScriptedEngine(name=kind)

    monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
    kinds = ("openvino", "transformers")
    rows |= {kind: EngineEntry(name=kind, kind=kind, order=order) for order, kind in enumerate(kinds)}
    wait_until(lambda: {"openvino", "transformers"} <= {each["name"] for each in mine()[0]["engines"]}, seconds=20)
    assert loads == ["openvino"]


def test_an_engine_that_does_not_load_does_not_keep_the_worker_from_starting(
    engine: ScriptedEngine, rows: dict[str, EngineEntry]
) -> None:
    rows["absent"] = EngineEntry(name="absent", kind="absent")
    worker.load()
    assert worker.POOL.loaded() == ["one"]
