"""The pages of the account through HTTP."""

import re
import zipfile
from io import BytesIO

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import Role, User
from accounts.sign_in import disclosure, first_run, sessions
from tests import factories

SIGN_UP = {
    "email": "Carol@example.test",
    "password1": "a long enough password",
    "password2": "a long enough password",
    "birth_date": "1970-05-17",
    "agreement": "on",
}


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


def path_of(link):
    return "/" + link.split("/", 3)[3]


@pytest.mark.django_db
def test_sign_up_makes_a_user_and_keeps_the_agreement_with_its_words(client):
    page = client.get("/account/signup/")
    for text in (disclosure.SOFTWARE, disclosure.MINORS, disclosure.MONITORING):
        assert text.replace("'", "&#x27;") in page.text
    assert client.post("/account/signup/", SIGN_UP).status_code == 302
    carol = User.objects.get()
    assert carol.email == "carol@example.test"
    assert carol.role == Role.USER
    consent = carol.consents.get()
    assert consent.kind == "terms"
    assert consent.text == disclosure.full_text()
    assert consent.text_version == disclosure.VERSION


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("languages", "country"), [("de-AT,de;q=0.9", "AT"), ("zh-CN", "CN"), ("en", ""), ("x-XX", "")]
)
def test_k5_the_browsers_region_is_the_first_country(client, languages, country):
    client.post("/account/signup/", SIGN_UP, headers={"Accept-Language": languages})
    assert User.objects.get().country == country


@pytest.mark.django_db
def test_sign_up_without_agreement_makes_nobody_and_keeps_the_address(client):
    page = client.post("/account/signup/", {key: value for key, value in SIGN_UP.items() if key != "agreement"})
    assert "an account needs your agreement" in page.text
    assert "Carol@example.test" in page.text
    assert not User.objects.exists()


@pytest.mark.django_db
def test_sign_up_can_be_closed(client, settings):
    settings.SIGN_UP_OPEN = False
    client.post("/account/signup/", SIGN_UP)
    assert not User.objects.exists()
    assert "Sign-up is closed" in client.get("/account/signup/").text


def test_sign_in_by_email_and_out(client, alice):
    client.post("/account/login/", {"login": "alice@example.test", "password": factories.PASSWORD})
    assert client.session["_auth_user_id"] == str(alice.pk)
    client.post("/account/logout/")
    assert "_auth_user_id" not in client.session


def test_guessing_a_password_is_slowed_down_even_with_the_right_one_last(client, alice):
    for _ in range(5):
        client.post("/account/login/", {"login": alice.email, "password": "wrong wrong wrong"})
    client.post("/account/login/", {"login": alice.email, "password": factories.PASSWORD})
    assert "_auth_user_id" not in client.session


def test_a_new_password_keeps_this_session_and_ends_the_others(client, alice):
    other = Client()
    for browser in (client, other):
        browser.post("/account/login/", {"login": alice.email, "password": factories.PASSWORD})
    new = "another long password"
    client.post("/account/password/change/", {"oldpassword": factories.PASSWORD, "password1": new, "password2": new})
    assert client.get("/account/").status_code == 200
    assert [session.session_key for session in UserSession.objects.all()] == [client.session.session_key]
    assert other.get("/account/").status_code == 302


@pytest.mark.django_db
def test_the_session_of_the_owners_link_is_listed_and_can_be_ended(client):
    client.get(path_of(first_run.new_link()))
    assert UserSession.objects.get().session_key == client.session.session_key
    sessions.end_all(User.objects.get())
    assert client.get("/account/").status_code == 302


def test_a_forgotten_password_is_set_anew_by_a_mailed_link(client, alice):
    client.post("/account/password/reset/", {"email": alice.email})
    link = re.search(r"http://\S+/account/password/reset/key/\S+", mail.outbox[0].body)
    page = client.get(path_of(link[0]), follow=True)
    client.post(
        page.redirect_chain[-1][0], {"password1": "another long password", "password2": "another long password"}
    )
    alice.refresh_from_db()
    assert alice.check_password("another long password")


@pytest.mark.django_db
def test_asking_for_an_unknown_address_says_the_same(client, alice):
    known = client.post("/account/password/reset/", {"email": alice.email})
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.test"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


@pytest.mark.django_db
def test_the_owners_link_signs_in_once_and_the_owner_sets_a_password(client):
    path = path_of(first_run.new_link())
    assert client.get(path).status_code == 302
    owner = User.objects.get()
    assert client.session["_auth_user_id"] == str(owner.pk)
    assert "Sign in without the link" in client.get("/account/").text
    client.post("/account/owner/", {"email": "olga@example.test", "password": "a long enough password"})
    owner.refresh_from_db()
    assert owner.email == "olga@example.test"
    assert client.get("/account/").status_code == 200
    client.logout()
    assert "no longer works" in client.get(path).text
    assert client.get(path).status_code == 410
    client.post("/account/login/", {"login": "olga@example.test", "password": "a long enough password"})
    assert client.session["_auth_user_id"] == str(owner.pk)


@pytest.mark.django_db
def test_loading_ahead_does_not_use_the_link_up(client):
    path = path_of(first_run.new_link())
    assert client.get(path, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 204
    assert client.get(path).status_code == 302


def test_a_password_that_is_set_cannot_be_replaced_without_it(client, alice):
    client.force_login(alice)
    client.post("/account/owner/", {"email": "x@example.test", "password": "another long password"})
    alice.refresh_from_db()
    assert alice.check_password(factories.PASSWORD)
    assert alice.email == "alice@example.test"


@pytest.mark.django_db
def test_an_owner_cannot_take_somebodys_address(client, alice):
    client.get(path_of(first_run.new_link()))
    page = client.post("/account/owner/", {"email": "ALICE@example.test", "password": "a long enough password"})
    assert page.status_code == 400
    assert "Another account has this e-mail address. Choose a different one." in page.text


def test_the_country_is_kept_and_only_a_real_one(client, alice):
    client.force_login(alice)
    client.post("/account/", {"country": "NZ"})
    alice.refresh_from_db()
    assert alice.country == "NZ"
    client.post("/account/", {"country": "ZZ"})
    alice.refresh_from_db()
    assert alice.country == "NZ"


def test_the_archive_comes_as_a_download(client, alice):
    client.force_login(alice)
    response = client.post("/account/export/")
    assert "attachment" in response["Content-Disposition"]
    assert "account.json" in zipfile.ZipFile(BytesIO(response.content)).namelist()
    assert client.get("/account/export/").status_code == 405


def test_erasing_needs_the_password(client, alice, bob):
    client.force_login(alice)
    page = client.post("/account/erase/", {"proof": "wrong"})
    assert page.status_code == 400
    assert "Nothing was erased" in page.text
    assert User.objects.filter(pk=alice.pk).exists()
    client.post("/account/erase/", {"proof": factories.PASSWORD})
    assert list(User.objects.all()) == [bob]
    assert "_auth_user_id" not in client.session


def test_the_page_of_sessions_names_each_browser_and_says_which_one_this_is(client, alice):
    phone = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36"
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
    for browser, name in ((Client(), phone), (Client(), "<b>curl"), (client, firefox)):
        fields = {"login": alice.email, "password": factories.PASSWORD}
        browser.post("/account/login/", fields, headers={"user-agent": name})
    page = client.get("/account/sessions/").text
    shown = re.findall(r"<h2.*?</h2>", page)
    assert [re.sub("<.*?>", "", each) for each in shown] == [
        "Chrome, Android",
        "&lt;b&gt;curl",
        "Firefox, Windows This one",
    ]
    client.post("/account/sessions/")
    assert client.get("/account/sessions/").text.count("<h2") == 1


def test_the_way_to_a_forgotten_password_stands_behind_the_field(client, db):
    page = client.get("/account/login/").text
    assert page.index('name="password"') < page.index("Forgotten your password?")


@pytest.mark.parametrize("path", ["/account/", "/account/erase/", "/account/sessions/", "/account/password/change/"])
def test_pages_of_an_account_ask_strangers_to_sign_in(client, db, path):
    assert client.get(path).url.startswith("/account/login/")


@pytest.mark.parametrize(
    "path", ["/", "/account/", "/account/erase/", "/account/email/", "/account/sessions/", "/account/password/change/"]
)
def test_pages_of_an_account_are_there(client, alice, path):
    client.force_login(alice)
    assert client.get(path).status_code == 200


def test_moderators_come_into_the_admin_and_see_no_people_there(client, mina):
    client.force_login(mina)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/accounts/user/").status_code == 403


def test_owners_give_roles_in_the_admin(client, olga, alice):
    client.force_login(olga)
    client.post("/admin/accounts/user/", {"action": "give_role_moderator", "_selected_action": [alice.pk]})
    alice.refresh_from_db()
    assert alice.role == Role.MODERATOR
    assert alice.is_staff
    assert client.get(f"/admin/accounts/user/{alice.pk}/change/").status_code == 200


def test_the_account_page_tells_the_owner_that_no_hourly_limit_stops_them(client, alice, olga):
    for user, is_told in ((alice, False), (olga, True)):
        client.force_login(user)
        page = client.get("/account/").text
        assert ("this limit does not apply to you" in page) is is_told
        assert "Messages: 0" in page
