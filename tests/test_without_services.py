"""`--without-services` leaves out tests that need something started, by what they request, and slow ones."""

import pytest

from accounts.models import User
from tests.services import needs_services


def test_what_requests_nothing_runs_everywhere(request: pytest.FixtureRequest) -> None:
    assert not needs_services(request.node)


def test_a_database_is_seen_behind_another_fixture(alice: User, request: pytest.FixtureRequest) -> None:
    assert needs_services(request.node)


@pytest.mark.usefixtures("transactional_db")
def test_a_database_with_transactions_is_seen(request: pytest.FixtureRequest) -> None:
    assert needs_services(request.node)


@pytest.mark.django_db
def test_a_mark_is_seen(request: pytest.FixtureRequest) -> None:
    assert needs_services(request.node)


@pytest.mark.slow
def test_a_slow_test_is_left_out_too(request: pytest.FixtureRequest) -> None:
    assert needs_services(request.node)
