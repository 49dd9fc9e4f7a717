from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Quota
from accounts.usage import quotas
from tests import factories


@pytest.fixture(autouse=True)
def three_messages_an_hour(settings):
    settings.QUOTAS = {"messages": (3, timedelta(hours=1)), "uploads": (5, timedelta(days=1))}


def test_spending_stops_at_the_limit_and_says_when_to_go_on(alice):
    for _ in range(3):
        quotas.spend(user=alice, kind="messages")
    with pytest.raises(quotas.QuotaExceeded) as caught:
        quotas.spend(user=alice, kind="messages")
    assert timedelta(0) < caught.value.retry_after <= timedelta(hours=1)
    assert "3 messages per hour" in caught.value.user_message
    assert alice.quotas.get().used == 3


def test_check_counts_nothing(alice):
    for _ in range(5):
        quotas.check(user=alice, kind="messages")
    assert not alice.quotas.exists()


def test_check_refuses_what_spend_would_refuse(alice):
    quotas.spend(user=alice, kind="messages", amount=3)
    with pytest.raises(quotas.QuotaExceeded):
        quotas.check(user=alice, kind="messages")


def test_a_new_window_begins_at_zero(alice):
    quotas.spend(user=alice, kind="messages", amount=3)
    row = alice.quotas.get()
    Quota.objects.filter(pk=row.pk).update(window_start=row.window_start - timedelta(hours=1))
    quotas.spend(user=alice, kind="messages")
    assert alice.quotas.get().used == 1
    assert alice.quotas.get().window_start == row.window_start


def test_more_than_a_whole_window_is_refused_with_the_limit(alice):
    with pytest.raises(quotas.QuotaExceeded, match="That needs 4 messages; the limit is 3 per hour"):
        quotas.spend(user=alice, kind="messages", amount=4)


def test_kinds_and_people_are_counted_apart(alice, bob):
    quotas.spend(user=alice, kind="messages", amount=3)
    quotas.spend(user=alice, kind="uploads")
    quotas.spend(user=bob, kind="messages", amount=3)
    assert [(meter.kind, meter.used, meter.limit) for meter in quotas.meters(alice)] == [
        ("messages", 3, 3),
        ("uploads", 1, 5),
    ]


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_cannot_pass_the_limit_together():
    alice = factories.make_user("alice")

    def spend(_: int) -> bool:
        try:
            quotas.spend(user=alice, kind="messages")
        except quotas.QuotaExceeded:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(spend, range(12))) == 3
    assert alice.quotas.get().used == 3


def test_a_part_is_counted_apart_under_its_own_limit(alice):
    of = (2, timedelta(days=1))
    quotas.spend(user=alice, kind="messages", amount=3)
    quotas.spend(user=alice, kind="messages", amount=2, part="key", of=of)
    for ask in (quotas.spend, quotas.check):
        with pytest.raises(quotas.QuotaExceeded, match="2 messages per day"):
            ask(user=alice, kind="messages", part="key", of=of)
    quotas.check(user=alice, kind="messages", amount=2, part="another", of=of)
    assert [(meter.kind, meter.used) for meter in quotas.meters(alice)] == [("messages", 3), ("uploads", 0)]


def test_what_was_used_already_counts_past_the_limit(alice):
    quotas.note(user=alice, kind="messages", amount=7)
    quotas.note(user=alice, kind="messages", amount=1)
    assert alice.quotas.get().used == 8
    with pytest.raises(quotas.QuotaExceeded):
        quotas.check(user=alice, kind="messages")


def test_the_owners_messages_are_counted_and_never_refused(olga):
    for _ in range(2):
        quotas.check(user=olga, kind="messages", amount=3)
        quotas.spend(user=olga, kind="messages", amount=3)
    messages, uploads = quotas.meters(olga)
    assert (messages.used, messages.limit) == (6, None)
    assert uploads.limit == 5
    with pytest.raises(quotas.QuotaExceeded):
        quotas.spend(user=olga, kind="uploads", amount=6)


def test_an_owners_part_is_held_to_its_own_limit(olga):
    of = (2, timedelta(days=1))
    quotas.spend(user=olga, kind="messages", amount=2, part="key", of=of)
    for ask in (quotas.spend, quotas.check):
        with pytest.raises(quotas.QuotaExceeded):
            ask(user=olga, kind="messages", part="key", of=of)
