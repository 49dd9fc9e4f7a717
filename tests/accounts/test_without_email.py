"""A site without a mail server promises no e-mail, and offers nothing that would need one."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db
NAMING = 'value="appoint"'


@pytest.fixture
def no_email(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


@pytest.fixture
def kit(settings) -> User:
    """Somebody of 17, where the operator admits them."""
    settings.MINIMUM_AGE = 16
    return factories.make_user("kit", born=timezone.localdate() - timedelta(days=17 * 366))


@pytest.fixture
def at_kits(client: Client, kit: User) -> Client:
    client.force_login(kit)
    return client


def sign_up(client: Client) -> str:
    cache.clear()  # the limit of sign-ups
    password = "a password of their own"
    fields = {"email": "new@example.test", "password1": password, "password2": password, "birth_date": "1970-05-17"}
    return client.post("/account/signup/", {**fields, "agreement": "on"}, follow=True).text


def test_a_sign_up_announces_an_e_mail(client: Client) -> None:
    assert "Confirmation email sent to new@example.test" in sign_up(client)


def test_a_sign_up_announces_no_e_mail_that_is_not_sent(client: Client, no_email: None) -> None:
    page = sign_up(client)
    assert "Confirmation email" not in page
    assert "/account/logout/" in page


def test_the_page_of_addresses_says_that_none_is_confirmed(client: Client, alice: User, no_email: None) -> None:
    client.force_login(alice)
    page = client.post("/account/email/", {"action_add": "", "email": "second@example.test"}, follow=True).text
    assert "This site sends no e-mail, so second@example.test cannot be confirmed." in page


def test_guardian_and_contact_are_offered_where_an_e_mail_reaches_them(at_kits: Client) -> None:
    account = at_kits.get("/account/").text
    assert "Name a guardian" in account
    assert "Name somebody" in account
    assert all(NAMING in at_kits.get(f"/account/{page}/").text for page in ("guardian", "emergency-contact"))


def test_guardian_and_contact_are_not_offered_where_nobody_could_be_told(at_kits: Client, no_email: None) -> None:
    account = at_kits.get("/account/").text
    assert "Name a guardian" not in account
    assert "Name somebody" not in account
    for page in ("guardian", "emergency-contact"):
        shown = at_kits.get(f"/account/{page}/").text
        assert "This site sends no e-mail" in shown
        assert NAMING not in shown


def test_a_forgotten_password_is_a_matter_for_the_operator(client: Client, no_email: None) -> None:
    page = client.get("/account/password/reset/").text
    assert "This site sends no e-mail. Ask its operator for a new password." in page
    assert 'name="email"' not in page


def test_an_objector_is_not_promised_an_e_mail_by_itself(client: Client, no_email: None) -> None:
    fields = {"subject": "Ben Weber", "objector": "heir", "reason": "He never agreed.", "email": "ben@example.test"}
    page = client.post("/object/", fields, follow=True).text
    assert "The operator of this site writes to you with the decision and its reason." in page
    assert "You get an e-mail" not in page
