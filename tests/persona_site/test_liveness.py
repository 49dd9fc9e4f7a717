"""Which processes are killed because they do not answer, and which are not."""

import psutil
import pytest

from persona_site import liveness

ROUNDS = 6  # of five seconds, by default


class Victim:
    """A fake process. It proves which process is killed, not how."""

    def __init__(self) -> None:
        self.is_killed = False

    def kill(self) -> None:
        self.is_killed = True


@pytest.fixture
def stage():
    """Processes by name, their answers, and the watch over them."""

    class Stage:
        def __init__(self) -> None:
            self.processes = {"web": Victim(), "imports": Victim()}
            self.answers = {"web": True, "imports": True}
            self.watch = liveness.Watch(listed=lambda: self.processes, ask=lambda: self.answers)

        def look(self, rounds: int) -> None:
            for _ in range(rounds):
                self.watch.look()

    return Stage()


def test_a_process_that_falls_silent_is_ended_after_so_many_rounds(stage):
    stage.look(1)
    stage.answers = {"web": False, "imports": True}
    stage.look(ROUNDS - 1)
    assert not stage.processes["web"].is_killed
    stage.look(1)
    assert stage.processes["web"].is_killed
    assert not stage.processes["imports"].is_killed


def test_a_process_that_starts_or_loads_a_model_is_left_alone(stage):
    stage.answers = {"web": True, "imports": False}
    stage.look(10 * ROUNDS)
    assert not stage.processes["imports"].is_killed


def test_one_answer_in_time_is_enough(stage):
    for _ in range(3):
        stage.answers = {"web": True}
        stage.look(1)
        stage.answers = {"web": False}
        stage.look(ROUNDS - 1)
    assert not stage.processes["web"].is_killed


def test_while_nobody_can_be_asked_nobody_is_judged(stage):
    stage.look(1)
    stage.answers = {"web": True}  # Redis is down
    stage.look(10 * ROUNDS)
    assert not stage.processes["imports"].is_killed


def test_the_process_that_came_instead_begins_anew(stage):
    stage.look(1)
    stage.answers = {"web": False}
    stage.look(ROUNDS - 1)
    stage.processes["web"] = Victim()
    stage.look(10 * ROUNDS)
    assert not stage.processes["web"].is_killed


def test_a_process_that_ended_by_itself_is_no_error(stage):
    def gone() -> None:
        raise psutil.NoSuchProcess(1)

    stage.processes["web"].kill = gone
    stage.look(1)
    stage.answers = {"web": False}
    stage.look(ROUNDS)


@pytest.mark.services
def test_workers_that_do_not_run_give_no_pong(monkeypatch):
    monkeypatch.setattr(liveness, "ANSWER_SECONDS", 0.2)
    answers = liveness.ask_all(lambda: True)
    assert answers == {"web": True, "beat": False} | dict.fromkeys(
        ["generation", "general", "imports", "tuning"], False
    )


@pytest.mark.slow
def test_without_redis_only_the_web_process_is_judged(monkeypatch):
    import redis

    monkeypatch.setattr(liveness, "connection", lambda: redis.Redis(host="127.0.0.1", port=1))
    assert liveness.ask_all(lambda: False) == {"web": False}
