"""The privacy page, and the purge that keeps its promises (compliance GD1, GD3, IT1)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import Guardian, Quota, SetupLink, Sitting, User
from accounts.personal_data import privacy
from accounts.personal_data.privacy import Row
from accounts.sign_in import first_run
from accounts.usage import quotas, sittings
from generation.models import EngineSpend
from moderation.models import Assessment
from personas import forgetting
from personas.models import Draft
from tests import factories

pytestmark = pytest.mark.django_db

NOW = timezone.now()
Moment = Any


def _sitting(user: User, at: Moment) -> Any:
    return Sitting.objects.create(user=user, began_at=at, last_at=at)


def _quota(user: User, at: Moment) -> Any:
    return Quota.objects.create(user=user, kind=f"messages:{at}"[:32], window_start=at)


def _session(user: User, at: Moment) -> Any:
    session = Session.objects.create(
        session_key=str(at.timestamp()).replace(".", "")[:32], session_data="", expire_date=at + SESSION
    )
    UserSession.objects.create(user=user, session_key=session.session_key, ip="127.0.0.1", user_agent="x")
    return session


def _setup_link(user: User, at: Moment) -> Any:
    link = SetupLink.objects.create(digest=str(at))
    SetupLink.objects.filter(pk=link.pk).update(created_at=at)
    return link


def _draft(user: User, at: Moment) -> Any:
    draft = Draft.objects.create(owner=user)
    Draft.objects.filter(pk=draft.pk).update(updated_at=at)
    return draft


def _spend(user: User, at: Moment) -> Any:
    return EngineSpend.objects.create(engine="one", account=str(user.pk), day=at.date())


def _assessment(user: User, at: Moment) -> Any:
    row = Assessment.objects.create(user=user, direction="user", action="flag", policy_version="1")
    Assessment.objects.filter(pk=row.pk).update(created_at=at)
    return row


def _guardian(user: User, at: Moment) -> Any:
    """Of somebody who was born then."""
    return Guardian.objects.create(user=factories.make_user(f"born{at:%Y%m%d}", born=at.date()))


SESSION = timedelta(seconds=django_settings.SESSION_COOKIE_AGE)
# The row's key → a maker of data of that age, and how long the page says that it is kept.
KEPT: dict[str, tuple[Callable[[User, Moment], Any], timedelta]] = {
    "sessions": (_session, SESSION),
    "guardian": (_guardian, timedelta(days=6574)),  # 18 years
    "setup-links": (_setup_link, first_run.LIFETIME),
    "quotas": (_quota, quotas.LONGEST),
    "sittings": (_sitting, sittings.KEPT),
    "drafts": (_draft, forgetting.DRAFTS_KEPT),
    "spending": (_spend, django_settings.SPEND_RETENTION),
    "assessments": (_assessment, django_settings.CASE_RETENTION),
}


@pytest.mark.parametrize("key", KEPT)
def test_gd1_a_purge_leaves_exactly_what_the_table_says(key: str, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make, kept = KEPT[key]
    day = timedelta(days=1)
    old, young = make(alice, NOW - kept - day), make(alice, NOW - kept + day)
    privacy.purge()
    rows = type(old).objects.filter(pk__in=[old.pk, young.pk])
    assert list(rows.values_list("pk", flat=True)) == [young.pk]
    monkeypatch.setattr(timezone, "now", lambda: NOW + 2 * day)
    privacy.purge()
    assert not rows.exists()


def test_gd1_every_row_that_is_purged_is_tried_here() -> None:
    assert {row.key for row in privacy.rows() if row.purge} == KEPT.keys()


def test_gd1_an_ended_session_leaves_no_address_behind(alice: User) -> None:
    _session(alice, NOW - SESSION - timedelta(days=1))
    privacy.purge()
    assert not UserSession.objects.exists()


def test_gd1_a_row_that_fails_stops_no_other(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError

    texts = next(iter(privacy.rows())).texts
    monkeypatch.setattr(privacy, "_rows", {"failing": Row("failing", texts, fail), **privacy._rows})
    old = _sitting(alice, NOW - timedelta(days=99))
    privacy.purge()
    assert not Sitting.objects.filter(pk=old.pk).exists()
    assert "privacy.not_purged" in caplog.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_gd3_it1_the_page_is_public_in_both_languages_with_purpose_ground_time_and_reader(
    client: Any, language: str
) -> None:
    page = client.get("/privacy/", headers={"Accept-Language": language})
    assert page.status_code == 200
    assert f'<html lang="{language}' in page.text
    for row in privacy.rows():
        for words in vars(row.texts[language]).values():
            assert words.replace("'", "&#x27;") in page.text, row.key


def test_gd3_the_readers_browser_chooses_the_language(client: Any) -> None:
    assert "隐私" in client.get("/privacy/", headers={"Accept-Language": "zh-CN"}).text
    assert "Who is responsible" in client.get("/privacy/", headers={"Accept-Language": "de"}).text


def test_gd3_sign_up_and_every_page_link_to_it(client: Any) -> None:
    page = client.get("/account/signup/").text
    assert page.index("/privacy/") < page.index("<form")
    assert "/privacy/" in client.get("/").text


def test_gd3_the_operator_is_named(client: Any, settings: Any) -> None:
    settings.OPERATOR = "Ada Lampe, Leuchtturm 1"
    assert "Ada Lampe, Leuchtturm 1" in client.get("/privacy/").text


def test_gd3_every_table_about_people_is_on_the_page() -> None:
    """A new table with a person in it needs a row, or a place in one."""
    described = {
        "accounts": "account birth-date consents emergency-contact guardian declined-addresses sessions quotas "
        "sittings setup-links refusals looks copies",
        "personas": "personas uploads memories drafts confirmations",
        "chat": "conversations notices streams",
        "stories": "stories",
        "generation": "prompts spending",
        "moderation": "assessments cases learning objections audit",
        "api": "api-keys api-requests",
    }
    assert {row.key for row in privacy.rows()} == {key for keys in described.values() for key in keys.split()}
    assert all(row.texts.keys() == {"en", "zh"} for row in privacy.rows())


def test_the_account_that_is_purged_of_old_data_still_works(client: Any, alice: User) -> None:
    client.post("/account/login/", {"login": alice.email, "password": factories.PASSWORD})
    privacy.purge()
    assert client.get("/account/").status_code == 200
