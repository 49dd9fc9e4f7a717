"""The waiting room over the real Redis; jobs are strings, and handlers write down whom they served."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from generation.jobs import leases, waiting_room
from generation.jobs.waiting_room import Full, Place
from persona_site.redis import connection

pytestmark = pytest.mark.services


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    order: list[str] = []
    monkeypatch.setattr(waiting_room, "_handlers", {})
    waiting_room.handles("test")(order.append)
    return order


def join(job_id: str, account: str, klass: waiting_room.Class = "interactive") -> None:
    waiting_room.join(kind="test", job_id=job_id, account=account, klass=klass)


def place(job_id: str) -> Place | None:
    return waiting_room.place(kind="test", job_id=job_id)


def position(job_id: str) -> int | None:
    found = place(job_id)
    return found.position if found else None


def serve(times: int) -> None:
    for _ in range(times):
        waiting_room.serve()


def messages() -> int:
    return connection().llen(waiting_room.QUEUE)


def test_ten_jobs_of_one_account_do_not_hold_up_another(served: list[str]) -> None:
    for number in range(10):
        join(f"anna{number}", "anna")
    join("ben0", "ben")
    assert position("ben0") == 1
    serve(2)
    assert served == ["anna0", "ben0"]


def test_accounts_take_turns_and_positions_say_so(served: list[str]) -> None:
    for job in ("anna0", "anna1", "anna2", "ben0", "ben1", "carl0"):
        join(job, job[:-1])
    expected = sorted(("anna0", "anna1", "anna2", "ben0", "ben1", "carl0"), key=lambda job: position(job) or 0)
    serve(6)
    assert served == expected == ["anna0", "ben0", "carl0", "anna1", "ben1", "anna2"]


def test_who_was_just_served_goes_after_who_was_not(served: list[str]) -> None:
    for number in range(5):
        join(f"anna{number}", "anna")
    serve(3)
    join("anna5", "anna")
    join("ben0", "ben")
    serve(4)
    assert served.index("ben0") == 3


def test_who_is_being_served_goes_after_who_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def handler(job_id: str) -> None:
        order.append(job_id)
        if job_id == "anna0":  # meanwhile, in the same turn
            join("anna1", "anna")
            join("ben0", "ben")
            serve(2)

    monkeypatch.setattr(waiting_room, "_handlers", {"test": handler})
    join("anna0", "anna")
    serve(1)
    assert order == ["anna0", "ben0", "anna1"]


def test_interactive_jobs_go_before_background_ones(served: list[str]) -> None:
    join("audit", "ben", "background")
    join("reply", "anna")
    assert (position("reply"), position("audit")) == (0, 1)
    serve(2)
    assert served == ["reply", "audit"]


def test_talk_is_an_interactive_job_that_waits_or_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setitem(waiting_room._handlers, "test", lambda job_id: seen.append(waiting_room.is_talk()))
    assert not waiting_room.is_talk()
    waiting_room.join(kind="test", job_id="1", account="7", klass="background")
    assert not waiting_room.is_talk()
    waiting_room.serve()
    waiting_room.join(kind="test", job_id="2", account="7", klass="interactive")
    assert waiting_room.is_talk()
    waiting_room.serve()
    assert seen == [False, True]
    assert not waiting_room.is_talk()


def test_joining_twice_changes_nothing(served: list[str]) -> None:
    told: list[Place] = []
    for _ in range(2):
        waiting_room.join(kind="test", job_id="one", account="anna", klass="interactive", announce=told.append)
    assert [each.position for each in told] == [0]
    assert messages() == 1
    serve(2)
    assert served == ["one"]


def test_who_leaves_costs_the_account_no_turn(served: list[str]) -> None:
    for number in range(4):
        join(f"anna{number}", "anna")
    join("ben0", "ben")
    join("ben1", "ben")
    for number in range(3):
        waiting_room.leave(kind="test", job_id=f"anna{number}")
    assert position("anna0") is None
    assert position("anna3") == 0
    join("anna4", "anna")
    serve(4)
    assert served == ["anna3", "ben0", "ben1", "anna4"]


def test_the_wait_comes_from_measured_times_and_free_slots(served: list[str]) -> None:
    join("one", "anna")
    first = place("one")
    assert first is not None
    assert first.expected_wait is None  # nothing was measured yet
    connection().hset("waiting:seconds", "interactive", "8.0")
    waiting_room.offer("worker", 2, timedelta(seconds=60))
    for number in range(4):
        join(f"ben{number}", f"ben{number}")
    waits = [place(job).expected_wait for job in ("one", "ben0", "ben1", "ben2")]  # type: ignore[union-attr]
    assert waits == [timedelta(seconds=seconds) for seconds in (0, 0, 4, 8)]
    waiting_room.withdraw("worker", 2)
    assert place("ben2").expected_wait is None  # type: ignore[union-attr]


def test_served_jobs_are_measured(served: list[str]) -> None:
    waiting_room.offer("worker", 1, timedelta(seconds=60))
    join("one", "anna")
    serve(1)
    assert float(connection().hget("waiting:seconds", "interactive") or -1) >= 0
    assert connection().hlen("waiting:running") == 0


def test_a_full_room_refuses_by_class_and_by_account(settings: Any) -> None:
    settings.WAITING_LIMIT, settings.WAITING_PER_ACCOUNT = 3, 2
    join("anna0", "anna")
    waiting_room.admit(account="anna", klass="interactive")
    join("anna1", "anna")
    with pytest.raises(Full) as full:
        waiting_room.admit(account="anna", klass="interactive")
    assert full.value.own
    waiting_room.admit(account="ben", klass="interactive")
    join("ben0", "ben")
    with pytest.raises(Full) as full:
        waiting_room.admit(account="carl", klass="interactive")
    assert not full.value.own
    assert full.value.retry_after >= timedelta(seconds=1)
    waiting_room.admit(account="carl", klass="background")


def test_places_are_told_when_they_changed_noticeably_and_not_oftener(served: list[str]) -> None:
    for number in range(100):
        join(f"{number}", f"account{number}")
    assert waiting_room.moved_places("test") == []
    told = 0
    for _ in range(99):
        serve(1)
        told += sum(each.job_id == "99" for each in waiting_room.moved_places("test"))
        assert all(each.job_id != "99" for each in waiting_room.moved_places("test")), "Told, and told again."
    assert position("99") == 0
    assert 10 <= told <= 16
    assert waiting_room.moved_places("another") == []


def test_what_redis_lost_is_absent(served: list[str]) -> None:
    join("here", "anna")
    assert waiting_room.absent("test", ["here", "lost"]) == {"lost"}
    connection().delete(*connection().keys("waiting:*"))
    assert waiting_room.absent("test", ["here", "lost"]) == {"here", "lost"}
    join("here", "anna")
    serve(1)
    assert served == ["here"]


def test_what_is_being_done_is_not_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    handler = {"test": lambda job_id: seen.append(waiting_room.absent("test", [job_id]))}
    monkeypatch.setattr(waiting_room, "_handlers", handler)
    join("one", "anna")
    serve(1)
    assert seen == [set()]


def test_a_job_of_a_lost_worker_is_forgotten_after_a_lease(served: list[str], settings: Any) -> None:
    join("one", "anna")
    connection().eval(waiting_room._TAKE, 0)  # and the worker is gone, before it held the lease
    waiting_room.rouse()
    assert waiting_room.absent("test", ["one"]) == set()
    settings.LEASE = timedelta(milliseconds=-1)
    waiting_room.rouse()
    assert waiting_room.absent("test", ["one"]) == {"one"}


def test_a_job_whose_lease_is_held_is_left_to_its_holder(served: list[str]) -> None:
    join("one", "anna")
    with leases.take("test:one"):  # type: ignore[union-attr]
        serve(1)
    assert served == []
    assert waiting_room.absent("test", ["one"]) == {"one"}


def test_lost_messages_are_made_up_for(served: list[str]) -> None:
    for number in range(3):
        join(f"{number}", "anna")
    assert messages() == 3
    connection().delete(waiting_room.QUEUE)
    waiting_room.rouse()
    assert messages() == 3
    waiting_room.rouse()
    assert messages() == 3


def join_all(job_ids: list[str], account: str = "anna") -> bool:
    try:
        waiting_room.join_all(kind="test", job_ids=job_ids, account=account, klass="interactive")
    except Full:
        return False
    return True


def test_jobs_that_come_together_cannot_pass_the_limit(settings: Any) -> None:
    settings.WAITING_PER_ACCOUNT = 20
    with ThreadPoolExecutor(32) as requests:
        admitted = list(requests.map(lambda number: join_all([f"anna{number}"]), range(64)))
    assert sum(admitted) == 20
    assert waiting_room.sizes()["interactive"] == 20


def test_jobs_of_one_request_wait_all_or_none(settings: Any, served: list[str]) -> None:
    settings.WAITING_LIMIT, settings.WAITING_PER_ACCOUNT = 5, 3
    assert join_all(["anna0", "anna1"])
    with pytest.raises(Full) as full:
        waiting_room.join_all(kind="test", job_ids=["anna2", "anna3"], account="anna", klass="interactive")
    assert full.value.own
    assert join_all(["ben0", "ben1"], "ben")
    with pytest.raises(Full) as full:
        waiting_room.join_all(kind="test", job_ids=["carl0", "carl1"], account="carl", klass="interactive")
    assert not full.value.own
    serve(5)
    assert served == ["anna0", "ben0", "anna1", "ben1"]
