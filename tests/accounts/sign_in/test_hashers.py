"""Only a few passwords are hashed at once, however many come."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.test import Client

from accounts.models import User
from accounts.sign_in import hashers
from tests import factories
from tests.waiting import wait_until

HASHER = "accounts.sign_in.hashers.BoundedArgon2PasswordHasher"


class Bench:
    """A fake for the costly part: counts the callers inside it, and blocks them until the test lets them continue."""

    def __init__(self) -> None:
        self.busy = self.most = 0
        self.may_go_on = threading.Event()
        self.lock = threading.Lock()

    def verify(self, hasher: Any, password: str, encoded: str) -> bool:
        with self.lock:
            self.busy += 1
            self.most = max(self.most, self.busy)
        self.may_go_on.wait(10)
        with self.lock:
            self.busy -= 1
        return True


@pytest.fixture
def encoded(settings: Any) -> str:
    settings.PASSWORD_HASHERS = [HASHER]
    return make_password("a password")


@pytest.fixture
def bench(encoded: str, monkeypatch: Any) -> Bench:
    bench = Bench()
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *args: bench.verify(*args))
    return bench


def test_hashes_that_were_kept_before_are_still_known(encoded: str) -> None:
    assert encoded.startswith("argon2$argon2id$")
    assert check_password("a password", encoded)
    assert not check_password("another", encoded)


def test_so_many_are_hashed_at_once_and_the_rest_waits_its_turn(encoded: str, bench: Bench) -> None:
    with ThreadPoolExecutor(12) as people:
        checks = [people.submit(check_password, "a password", encoded) for _ in range(12)]
        wait_until(lambda: bench.busy == hashers.AT_ONCE)
        bench.may_go_on.set()
        assert all(check.result() for check in checks)
    assert bench.most == hashers.AT_ONCE


@pytest.mark.parametrize("page", ["sign in", "erase", "change", "reauthenticate", "sign up", "owner"])
def test_who_waits_too_long_is_told_so(
    db: None, settings: Any, monkeypatch: Any, client: Client, alice: User, page: str
) -> None:
    path, fields = {
        "sign in": ("/account/login/", {"login": alice.email, "password": factories.PASSWORD}),
        "erase": ("/account/erase/", {"proof": factories.PASSWORD}),
        "change": ("/account/password/change/", {"oldpassword": factories.PASSWORD}),
        "reauthenticate": ("/account/reauthenticate/", {"password": factories.PASSWORD}),
        "sign up": (
            "/account/signup/",
            {"email": "c@example.test", "password1": factories.PASSWORD, "password2": factories.PASSWORD}
            | {"birth_date": "1970-05-17", "agreement": "on"},
        ),
        "owner": ("/account/owner/", {"email": "o@example.test", "password": factories.PASSWORD}),
    }[page]
    settings.PASSWORD_HASHERS = [HASHER]
    alice.set_password(factories.PASSWORD) if page != "owner" else alice.set_unusable_password()
    alice.save()
    if page not in {"sign in", "sign up"}:
        client.force_login(alice)
    monkeypatch.setattr(hashers, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(hashers, "_free", threading.BoundedSemaphore(1))
    assert hashers._free.acquire()
    answer = client.post(path, fields)
    assert (answer.status_code, answer["Retry-After"]) == (503, "0")
    assert "The site checks a few passwords at a time" in answer.text
    assert User.objects.filter(pk=alice.pk).exists()
