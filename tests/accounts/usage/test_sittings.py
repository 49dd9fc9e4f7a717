"""The time that a person spends here, at a moved clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Sitting
from accounts.usage import sittings

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)


def use(user, *minutes):
    """Signs of use at these minutes after noon. The newest sitting."""
    for minute in minutes:
        sitting = sittings.touch(user, NOON + timedelta(minutes=minute))
    return sitting


@pytest.mark.parametrize(
    ("minutes", "active", "count"),
    [
        ((0,), 0, 1),
        ((0, 5, 10), 10, 1),
        ((0, 10, 20), 20, 1),
        ((0, 5, 16), 5, 1),  # eleven minutes of nothing do not count
        ((0, 5, 16, 20), 9, 1),
        ((0, 5, 35), 0, 2),  # a break of half an hour ends the sitting
        ((0, 5, 3, 6), 6, 1),  # a clock that went back counts nothing twice
    ],
)
def test_h3_active_time_is_counted_between_signs_of_use(alice, minutes, active, count):
    assert use(alice, *minutes).active == timedelta(minutes=active)
    assert Sitting.objects.count() == count


def test_h3_several_tabs_count_once_and_people_count_apart(alice, bob):
    use(alice, *(minute for minute in range(0, 61, 5) for _ in range(4)))
    use(bob, 0, 5)
    assert sittings.touch(alice, NOON + timedelta(minutes=60)).active == timedelta(hours=1)
    assert sittings.touch(bob, NOON + timedelta(minutes=5)).active == timedelta(minutes=5)


def test_h3_people_see_their_own_time(client, alice, bob):
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    for user, days, minutes in ((alice, 0, 80), (alice, 3, 60), (alice, 8, 500), (bob, 0, 7)):
        at = midnight - timedelta(days=days)
        Sitting.objects.create(user=user, began_at=at, last_at=at, active=timedelta(minutes=minutes))
    time = sittings.own_time(alice)
    assert (time.today, time.week) == (timedelta(minutes=80), timedelta(minutes=140))
    client.force_login(alice)
    page = client.get("/account/").text
    assert "1 h 20 min" in page
    assert "2 h 20 min" in page


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "less than a minute"), (5, "5 min"), (60, "1 h"), (1501, "25 h 1 min")]
)
def test_spans_in_words(minutes, words):
    assert sittings.in_words(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("now", "hours"),
    [("2026-10-24T22:30Z", 24.5), ("2026-03-28T23:30Z", 22.5), ("2026-06-01T22:30Z", 23.5)],
    ids=["clock set back", "clock set forward", "an ordinary day"],
)
def test_the_next_day_begins_at_midnight_also_when_the_clocks_change(now: str, hours: float) -> None:
    moment = datetime.fromisoformat(now)
    with timezone.override("Europe/Berlin"):
        assert sittings.next_day(moment) - moment == timedelta(hours=hours)
