"""This site does not tell who has an account."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts import backends
from accounts.models import User
from tests import factories

NEW = "a password of their own"
KNOWN, UNKNOWN = "alice@example.test", "nobody@example.test"


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


@pytest.fixture(autouse=True)
def alice(alice):
    EmailAddress.objects.create(user=alice, email=KNOWN, primary=True)
    return alice


@pytest.fixture
def hashes(monkeypatch):
    """Counts the hashes. The tests use MD5 instead of Argon2."""
    counted = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: counted.append(1) or encode(*args))

    def taken():
        count = len(counted)
        counted.clear()
        return count

    return taken


def shape(answer):
    """The visible parts of an answer, without the address and the values that differ each time."""
    text = re.sub(r'value="[^"]*"|person-\w+|nobody@|alice@', "", answer.text)
    messages = [str(message) for message in answer.wsgi_request._messages]
    return answer.status_code, answer.headers.get("Location"), text, [m.split("@")[-1] for m in messages]


def sign_up(email, client=None):
    fields = {"email": email, "password1": NEW, "password2": NEW, "birth_date": "1970-05-17", "agreement": "on"}
    return (client or Client()).post("/account/signup/", fields)


def signs_in(email, password):
    client = Client()
    client.post("/account/login/", {"login": email, "password": password})
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("verification", ["optional", "mandatory", "none"])
@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_sign_up_says_the_same_and_costs_the_same(settings, hashes, verification, is_confirmed):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    EmailAddress.objects.update(verified=is_confirmed)
    answers = []
    for email in (KNOWN, UNKNOWN):
        hashes()
        client = Client()
        answer = sign_up(email, client)
        is_in = "_auth_user_id" in client.session
        answers.append((shape(answer), hashes(), is_in, len(mail.outbox), "sessionid" in answer.cookies))
        mail.outbox.clear()
    assert answers[0] == answers[1]
    assert answers[0][2] == (verification != "mandatory")


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_both_accounts_of_an_address_are_signed_in_to_with_their_own_passwords(alice, is_confirmed):
    EmailAddress.objects.update(verified=is_confirmed)
    sign_up(KNOWN)
    second = User.objects.exclude(pk=alice.pk).get()
    assert second.email == alice.email
    assert "alice" not in second.username
    assert signs_in(KNOWN, factories.PASSWORD) == str(alice.pk)
    assert signs_in(KNOWN, NEW) == str(second.pk)


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_wrong_password_costs_the_same_for_none_one_and_two_accounts(hashes, is_confirmed):
    EmailAddress.objects.update(verified=is_confirmed)
    User.objects.create_user(username="idle", email="idle@example.test", password=NEW, is_active=False)
    User.objects.create_user(username="unset", email="unset@example.test")
    counts, answers = [], []
    for email in (KNOWN, UNKNOWN, "idle@example.test", "unset@example.test"):
        hashes()
        answers.append(Client().post("/account/login/", {"login": email, "password": "wrong wrong wrong"}))
        counts.append(hashes())
    sign_up(KNOWN)
    hashes()
    answers.append(Client().post("/account/login/", {"login": KNOWN, "password": "wrong wrong wrong"}))
    counts.append(hashes())
    assert counts == [backends.LEAST_HASHES] * 5
    assert len({answer.context["form"].non_field_errors().as_text() for answer in answers}) == 1


def test_accounts_of_the_same_address_do_not_make_a_sign_in_slow(alice, hashes):
    for number in range(20):
        User.objects.create_user(username=f"person{number}", email=KNOWN, password=NEW)
    hashes()
    assert not signs_in(KNOWN, "wrong wrong wrong")
    assert hashes() == backends.MOST_HASHES
    assert signs_in(KNOWN, factories.PASSWORD) == str(alice.pk)
    late = User.objects.get(username="person19")
    late.set_password("another long password")
    late.save()
    EmailAddress.objects.create(user=late, email=KNOWN, primary=True, verified=True)
    assert signs_in(KNOWN, "another long password") == str(late.pk)


def test_changing_the_address_to_a_known_one_says_the_same_as_to_an_unknown_one(bob):
    client = Client()
    client.force_login(bob)
    answers = []
    for email in (KNOWN, UNKNOWN):
        added = client.post("/account/email/", {"action_add": "", "email": email})
        primary = client.post("/account/email/", {"action_primary": "", "email": email})
        answers.append([(answer.status_code, answer.headers.get("Location")) for answer in (added, primary)])
    assert answers[0] == answers[1]
    assert answers[0][1][0] == 302


def test_asking_for_a_reset_says_the_same_and_sends_the_letter_to_the_address_alone():
    answers = [Client().post("/account/password/reset/", {"email": email}) for email in (KNOWN, UNKNOWN)]
    assert shape(answers[0]) == shape(answers[1])
    assert [letter.to for letter in mail.outbox] == [[KNOWN], [UNKNOWN]]
