"""The admin has no sign-in page of its own."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.cache import cache

from tests import factories


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


@pytest.fixture(autouse=True)
def _no_guess_at_the_admin(monkeypatch):
    """The admin's form would check the password without counting guesses."""
    monkeypatch.setattr(AdminAuthenticationForm, "clean", lambda form: pytest.fail("A guess that nobody counts."))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["nobody", "olga"])
def test_the_admins_sign_in_is_the_sites(client, olga, method, who):
    if who == "olga":
        client.force_login(olga)
    address = "/admin/login/?next=/admin/accounts/user/"
    answer = getattr(client, method)(address, QUERY_STRING="next=/admin/accounts/user/")
    assert urlsplit(answer.url).path == "/account/login/"
    assert parse_qs(urlsplit(answer.url).query)["next"] == ["/admin/accounts/user/"]


def test_guesses_through_the_admin_are_counted_and_the_right_one_leads_back(client, olga):
    address = client.get("/admin/accounts/user/", follow=True).redirect_chain[-1][0]
    assert address.startswith("/account/login/?next=/admin/")
    fields = {"login": olga.email, "password": factories.PASSWORD}
    assert client.post(address, fields).url == "/admin/accounts/user/"
    client.logout()
    for _ in range(5):
        client.post(address, fields | {"password": "wrong wrong wrong"})
    client.post(address, fields)
    assert "_auth_user_id" not in client.session


def test_no_next_leads_to_another_site(client, olga):
    address = client.get("/admin/login/?next=https://elsewhere.test/").url
    assert client.post(address, {"login": olga.email, "password": factories.PASSWORD}).url == "/"


def test_who_may_not_see_the_admin_is_told_so_and_not_sent_round(client, alice):
    client.force_login(alice)
    assert client.get("/admin/", follow=True).status_code == 403


def test_the_admins_password_page_is_the_sites(client, olga):
    client.force_login(olga)
    for _ in range(5):
        client.post("/admin/password_change/", {"oldpassword": "wrong wrong wrong"})
    assert client.post("/admin/password_change/", {"oldpassword": "wrong wrong wrong"}).status_code == 429


def test_guesses_at_the_password_that_erases_are_counted(client, alice):
    client.force_login(alice)
    for _ in range(5):
        assert client.post("/account/erase/", {"proof": "wrong"}).status_code == 400
    refused = client.post("/account/erase/", {"proof": factories.PASSWORD})
    assert refused.status_code == 429
    assert "Wait a minute" in refused.text
    assert type(alice).objects.filter(pk=alice.pk).exists()
    assert client.get("/account/erase/").status_code == 200
