"""A theme and a size of text: with the account, in a cookie, and in the page as the server writes it."""

import re
import zipfile
from io import BytesIO

import pytest

from accounts.interface import looks
from accounts.personal_data import my_data

CHOICE = {"theme": "terminal", "text_size": "larger"}
_PAGE = re.compile(r'<html lang="[^"]+"[^>]* data-theme="(\w*)" data-text-size="(\w*)"')


def look_of(client, path="/rules/"):
    return _PAGE.search(client.get(path).text).groups()


@pytest.mark.django_db
def test_a_visitor_keeps_the_choice_in_a_cookie_that_scripts_cannot_read(client):
    assert look_of(client) == ("", "")
    assert client.post("/account/looks/", CHOICE).status_code == 302
    assert look_of(client) == ("terminal", "larger")
    cookie = client.cookies[looks.COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("terminal.larger", True, "Lax")


def test_the_account_keeps_the_choice_for_its_other_browsers(alice, client):
    client.force_login(alice)
    client.post("/account/looks/", CHOICE)
    del client.cookies[looks.COOKIE]  # another browser
    assert look_of(client) == ("terminal", "larger")
    alice.refresh_from_db()
    assert (alice.theme, alice.text_size) == ("terminal", "larger")


def test_a_choice_of_the_account_goes_before_the_cookie_and_no_choice_leaves_it(alice, client):
    client.cookies[looks.COOKIE] = "dark.large"
    client.force_login(alice)
    assert look_of(client) == ("dark", "large")
    alice.theme = "contrast"
    alice.save()
    assert look_of(client) == ("contrast", "large")


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["", "no-such-theme.huge", '"><script>.large"', ".", "terminal", "x" * 4000])
def test_a_cookie_of_anything_else_gives_a_page(client, cookie):
    client.cookies[looks.COOKIE] = cookie
    theme, text_size = look_of(client)
    assert theme in {"", "terminal"}
    assert text_size in {"", "large"}


@pytest.mark.django_db
def test_a_choice_that_there_is_not_is_refused(client):
    page = client.post("/account/looks/", {"theme": "neon"})
    assert page.status_code == 200
    assert "neon is not one of the available choices" in page.text
    assert looks.COOKIE not in client.cookies


def test_the_choice_goes_along_with_the_account(alice, client):
    client.force_login(alice)
    client.post("/account/looks/", CHOICE)
    alice.refresh_from_db()
    assert b'"theme": "terminal"' in _archived(my_data.export(alice))


def _archived(archive):
    with zipfile.ZipFile(BytesIO(archive)) as files:
        return b"".join(files.read(name) for name in files.namelist())
