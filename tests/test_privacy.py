"""A marked secret that a person gives to the site appears in no log line, broker message or error page."""

import logging
from io import StringIO

import pytest
from django.core.cache import cache
from django.urls import reverse

from persona_site.logs import JSONFormatter
from persona_site.redis import connection

SECRET = "marked-7f3a-secret"


@pytest.fixture
def log():
    """Everything that any logger says, as it would be written."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JSONFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    level, root.level = root.level, logging.DEBUG
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def broker():
    """The bytes of every task that waits in a queue."""
    for queue in ("generation", "default"):
        connection().delete(queue)
    return lambda: b"\n".join(
        message for queue in ("generation", "default") for message in connection().lrange(queue, 0, -1)
    )


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


@pytest.mark.django_db
def test_what_a_person_signs_up_with(client, log):
    key = "zx9 quartz lantern 71"
    values = {"email": f"{SECRET}@example.test", "password1": key, "password2": key, "agreement": "on"}
    assert client.post(reverse("account_signup"), values).status_code == 302
    client.logout()
    client.post(reverse("account_login"), {"login": values["email"], "password": key + "!"})
    client.post(reverse("account_reset_password"), {"email": values["email"]})
    assert SECRET not in log.getvalue()
    assert key not in log.getvalue()


def test_an_exception_that_quotes_a_person(client, alice, log, monkeypatch):
    def broken(user):
        raise ValueError(f"cannot read {SECRET}")

    monkeypatch.setattr("accounts.quotas.meters", broken)
    client.force_login(alice)
    client.raise_request_exception = False
    response = client.get(reverse("account"), {"q": SECRET})
    assert response.status_code == 500
    assert SECRET not in response.text
    assert "ValueError" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_a_page_that_is_not_there(client, alice, log):
    client.force_login(alice)
    response = client.get(f"/{SECRET}/")
    assert response.status_code == 404
    assert SECRET not in response.text
    assert SECRET not in log.getvalue()


def test_a_form_from_elsewhere(alice, log, client):
    client.handler.enforce_csrf_checks = True
    client.force_login(alice)
    response = client.post(reverse("account"), {"country": SECRET})
    assert response.status_code == 403
    assert SECRET not in response.text
    assert SECRET not in log.getvalue()
