"""The watch over the crisis module (compliance NY4)."""

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from accounts.models import User
from moderation import safety_watch
from moderation.categories import ClassifierUnavailable
from moderation.crisis import ladder, notices, reading
from moderation.filter import policy
from moderation.models import Policy
from persona_site.redis import connection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def afresh() -> None:
    connection().delete(safety_watch._FAILURES, safety_watch._ALERTED)


def broken(*_: Any, **__: Any) -> Any:
    raise ClassifierUnavailable("gone")


def refuse_mail(*_: Any, **__: Any) -> Any:
    raise SMTPException("refused")


@pytest.mark.parametrize(
    ("module", "name", "fake", "part"),
    [
        (reading, "read", broken, "crisis model"),
        (reading, "read", lambda talks: [reading.NOTHING] * len(talks), "crisis model"),
        (ladder, "level", lambda text: "low", "crisis patterns"),
        (notices, "notice", broken, "crisis notices"),
    ],
)
def test_ny4_an_outage_alerts_the_owners_at_the_second_check_and_once(
    olga: User, alice: User, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, fake: Any, part: str
) -> None:
    monkeypatch.setattr(module, name, fake)
    safety_watch.watch()
    assert not mail.outbox
    safety_watch.watch()
    safety_watch.watch()
    [letter] = mail.outbox
    assert letter.to == [olga.email]
    assert part in letter.body


def test_ny4_a_missing_policy_is_an_outage(olga: User) -> None:
    Policy.objects.update(is_active=False)
    policy.forget()
    safety_watch.watch()
    safety_watch.watch()
    assert "policy" in mail.outbox[0].body


def test_ny4_what_works_again_is_watched_anew(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(reading, "read", broken)
            safety_watch.watch()
            safety_watch.watch()
        safety_watch.watch()
    assert len(mail.outbox) == 2


def test_ny4_an_alert_that_was_not_sent_is_sent_at_the_next_check(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read", broken)
    with monkeypatch.context() as patch:
        patch.setattr("accounts.mail.send_mail", refuse_mail)
        safety_watch.watch()
        safety_watch.watch()
    assert not mail.outbox
    safety_watch.watch()
    safety_watch.watch()
    assert len(mail.outbox) == 1


def test_ny4_with_everything_in_order_nobody_is_alerted(olga: User) -> None:
    """With the real patterns, model, notices and policy."""
    safety_watch.watch()
    assert connection().get(safety_watch._FAILURES) is None


def test_ny4_two_checks_take_less_than_five_minutes() -> None:
    assert 2 * settings.CELERY_BEAT_SCHEDULE["watch-safety"]["schedule"] < timedelta(minutes=5)
