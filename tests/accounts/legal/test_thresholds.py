"""The numbers of people at which a law asks for more (compliance CN11)."""

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.legal import thresholds
from accounts.models import Sitting, User

pytestmark = pytest.mark.django_db


def test_cn11_the_owner_is_told_at_four_fifths_of_each_threshold(
    client: Client, olga: User, alice: User, mina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    for user in (alice, alice, mina):
        Sitting.objects.create(user=user, began_at=now, last_at=now)
    Sitting.objects.create(user=olga, began_at=now, last_at=now - 2 * thresholds._MONTH)
    registered, monthly = thresholds.counters()
    assert (registered.count, monthly.count) == (3, 2)
    assert not registered.is_near
    client.force_login(olga)
    assert "security assessment" not in client.get("/moderation/figures/").text
    monkeypatch.setattr(thresholds, "REGISTERED", 4)
    monkeypatch.setattr(thresholds, "MONTHLY", 2)
    assert [counter.is_near for counter in thresholds.counters()] == [False, True]  # 3 of 4 is less than 80 %
    monkeypatch.setattr(thresholds, "REGISTERED", 3)
    assert client.get("/moderation/figures/").text.count("security assessment") == 2
    assert sum(check.id == "afterword.W026" for check in run_checks(tags=["database"], databases=["default"])) == 2
    client.force_login(mina)
    assert "security assessment" not in client.get("/moderation/figures/").text


def test_migrate_checks_a_database_that_has_no_tables_yet() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_sitting RENAME TO accounts_sitting_elsewhere")
    assert run_checks(tags=["database"], databases=["default"]) == []
