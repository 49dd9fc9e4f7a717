"""Age: asked once and neutrally, kept by the server, refused for a day."""

import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.sign_in import ages
from persona_site.redis import connection
from tests import factories
from tests.accounts.test_pages import SIGN_UP

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_left_over():
    cache.clear()


def born(*, years: int, days: int = 0) -> str:
    """The date of birth of somebody who turned `years` that many days ago."""
    today = timezone.localdate() - timedelta(days=days)
    try:
        return today.replace(year=today.year - years).isoformat()
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28).isoformat()


def sign_up(client: Client, birth_date: str, **fields: str):
    return client.post("/account/signup/", SIGN_UP | {"birth_date": birth_date} | fields)


@pytest.mark.parametrize(
    ("on", "years"),
    [(date(2026, 5, 16), 17), (date(2026, 5, 17), 18), (date(2027, 1, 1), 18), (date(2024, 2, 29), 15)],
)
def test_h4_whole_years_count(on, years):
    assert ages.age(date(2008, 5, 17), on=on) == years


def test_h4_who_was_born_on_29_february_grows_older_on_1_march():
    assert ages.age(date(2008, 2, 29), on=date(2026, 2, 28)) == 17
    assert ages.age(date(2008, 2, 29), on=date(2026, 3, 1)) == 18


def test_h4_the_first_day_of_being_18_is_enough_and_the_date_is_kept(client):
    assert sign_up(client, born(years=18)).status_code == 302
    assert User.objects.get().birth_date.isoformat() == born(years=18)


def test_h4_refused_and_refused_again_from_a_new_window_of_the_same_device(client):
    first = sign_up(client, born(years=18, days=-1))
    assert (first.status_code, User.objects.exists()) == (403, False)
    again = sign_up(client, "1970-05-17")
    new_window = sign_up(Client(), "1970-05-17", email="dora@example.test")
    assert (again.status_code, new_window.status_code) == (403, 403)
    moved = Client(REMOTE_ADDR="198.51.100.7")
    moved.cookies = client.cookies
    assert sign_up(moved, "1970-05-17").status_code == 403
    assert not User.objects.exists()
    assert sign_up(Client(REMOTE_ADDR="198.51.100.8"), "1970-05-17").status_code == 302


def test_h4_the_cool_off_ends_after_a_day_and_keeps_no_address(client):
    sign_up(client, born(years=12))
    keys = connection().keys("cache:*:age:*")
    assert len(keys) == 2
    assert all(0 < connection().ttl(key) <= 24 * 3600 for key in keys)
    assert not any(b"127.0.0.1" in key or b"carol" in key.lower() for key in keys)
    cache.clear()
    assert sign_up(client, "1970-05-17").status_code == 302


def test_h4_it1_the_question_is_neutral(client):
    page = client.get("/account/signup/").text
    assert re.search(r'<input type="date" name="birth_date"(?![^>]*value=)', page)
    refused = sign_up(client, born(years=12)).text
    for text in (page, refused):
        assert not re.search(r"\b(16|18)\b|years old|adult", re.sub(r'value="[^"]*"', "", text))
    assert "/safety/help/" in refused


@pytest.mark.parametrize("birth_date", ["", "17.05.1970", "1870-01-01", "2999-01-01", "x" * 8000])
def test_h4_a_date_that_nobody_has_is_asked_for_again_and_starts_no_cool_off(client, birth_date):
    answer = sign_up(client, birth_date)
    assert answer.status_code == 200
    assert "Carol@example.test" in answer.text
    assert not User.objects.exists()
    assert sign_up(client, "1970-05-17").status_code == 302


def test_it1_the_date_cannot_be_changed(client, alice):
    client.force_login(alice)
    assert client.get("/account/birth-date/").status_code == 302
    client.post("/account/birth-date/", {"birth_date": "1999-01-01"})
    client.post("/account/", {"country": "NZ", "birth_date": "1999-01-01"})
    alice.refresh_from_db()
    assert alice.birth_date == factories.BORN
    assert not ages.record(user=alice, birth_date=date(1999, 1, 1))
    assert alice.birth_date == factories.BORN


def test_it1_the_operator_can_correct_a_wrong_date(alice):
    call_command("birth_date", "alice", "1971-01-02")
    alice.refresh_from_db()
    assert alice.birth_date == date(1971, 1, 2)
    with pytest.raises(CommandError):
        call_command("birth_date", "nobody", "1971-01-02")


def test_h4_an_account_of_before_is_asked_once_and_then_goes_on_where_it_wanted(client, alice):
    User.objects.update(birth_date=None)
    client.force_login(alice)
    asked = client.get("/conversations/?page=2")
    assert asked.url == "/account/birth-date/?next=%2Fconversations%2F%3Fpage%3D2"
    assert client.post("/conversations/", {"persona": "x"}).url == "/account/birth-date/?"
    assert client.get("/account/").status_code == 200
    page = client.get(asked.url)
    assert 'value="/conversations/?page=2"' in page.text
    answer = client.post("/account/birth-date/", {"birth_date": "1970-05-17", "next": "/conversations/?page=2"})
    assert answer.url == "/conversations/?page=2"
    assert client.get("/conversations/").status_code == 200


def test_an_address_elsewhere_is_not_gone_to(client, alice):
    User.objects.update(birth_date=None)
    client.force_login(alice)
    fields = {"birth_date": "1970-05-17", "next": "https://elsewhere.example/"}
    assert client.post("/account/birth-date/", fields).url == "/"


def test_h4_an_account_that_is_too_young_keeps_only_its_data(client, alice):
    User.objects.update(birth_date=None)
    client.force_login(alice)
    client.post("/account/birth-date/", {"birth_date": born(years=15)})
    for path in ("/", "/personas/", "/conversations/"):
        assert client.get(path).status_code == 403
    assert "/safety/help/" in client.get("/").text
    assert client.post("/account/export/").status_code == 200
    assert client.post("/account/erase/", {"proof": factories.PASSWORD}).status_code == 302
    assert sign_up(client, "1970-05-17").status_code == 403


def test_h4_a_minors_mode_that_the_operator_turns_on(client, settings):
    assert sign_up(client, born(years=16)).status_code == 403
    cache.clear()
    settings.MINIMUM_AGE = 16
    assert sign_up(client, born(years=16)).status_code == 302
    assert ages.is_minor(User.objects.get())
    assert sign_up(Client(), born(years=15)).status_code == 403


def test_ca9_sign_up_and_first_page_say_that_it_may_not_suit_some_minors(client):
    for path in ("/", "/account/signup/"):
        assert "may not be suitable for some minors" in client.get(path).text
