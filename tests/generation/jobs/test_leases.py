import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from generation.jobs import leases
from persona_site.redis import connection
from tests.waiting import wait_until

pytestmark = pytest.mark.services


@pytest.fixture
def name() -> Iterator[str]:
    name = f"test:{uuid4()}"
    yield name
    connection().delete(f"lease:{name}")


def test_only_one_holds_a_lease_and_it_is_free_afterwards(name: str) -> None:
    lease = leases.take(name)
    assert lease is not None
    with lease:
        assert leases.take(name) is None
        assert leases.held([name, "another"]) == {name}
    assert leases.held([name]) == set()
    with leases.take(name) as again:
        assert not again.lost


def test_it_outlives_its_term_while_its_holder_lives(name: str, settings: Any) -> None:
    settings.LEASE = timedelta(seconds=1)
    with leases.take(name) as lease:
        taken_at = time.monotonic()
        wait_until(lambda: time.monotonic() - taken_at > 2 * settings.LEASE.total_seconds())
        assert leases.take(name) is None
        assert not lease.lost


def test_it_lapses_when_its_holder_is_gone(name: str, settings: Any) -> None:
    settings.LEASE = timedelta(milliseconds=200)
    lease = leases.take(name)
    assert lease is not None
    lease._ended.set()  # what SIGKILL does to the thread that renews
    wait_until(lambda: leases.held([name]) == set())
    assert lease.lost


def test_what_somebody_else_took_over_is_lost_and_not_released(name: str, settings: Any) -> None:
    settings.LEASE = timedelta(milliseconds=300)
    lease = leases.take(name)
    assert lease is not None
    connection().set(f"lease:{name}", "somebody else", px=60_000)
    wait_until(lambda: lease.lost)
    lease.release()
    assert leases.held([name]) == {name}


def test_nothing_is_held_of_nothing() -> None:
    assert leases.held([]) == set()
