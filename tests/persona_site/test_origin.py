"""Which pages may open a websocket."""

import pytest

from moderation.filter import assessment
from persona_site.origin import OwnOrigin, is_own

OWN = "http://site.test:8000"


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.SITE_URL = OWN
    settings.ALLOWED_HOSTS = ["site.test", "localhost"]
    settings.CSRF_TRUSTED_ORIGINS = []


def scope(*origins, host="site.test:8000", scheme="ws", **headers):
    pairs = [(b"host", host.encode()), *((b"origin", origin.encode()) for origin in origins)]
    pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "websocket", "path": "/ws/", "query_string": b"", "scheme": scheme, "headers": pairs}


@pytest.mark.parametrize("origin", [OWN, "HTTP://SITE.TEST:8000"])
def test_the_sites_own_page_may(origin):
    assert is_own(scope(origin))


@pytest.mark.parametrize(
    "origin",
    [
        "http://site.test:8001",  # another program on the same machine
        "http://site.test",
        "https://site.test:8000",
        "http://other.test:8000",
        "http://site.test.other.test:8000",
        "http://site.test:8000@other.test",
        "http://site.test:99999999",
        "http://[",
        "null",
        "",
        "http://site.test:8000" + "0" * 8000,
    ],
)
def test_another_scheme_host_or_port_may_not(origin):
    assert not is_own(scope(origin))


def test_none_and_two_are_refused():
    assert not is_own(scope())
    assert not is_own(scope(OWN, OWN))


def test_the_address_that_was_asked_for_may_where_its_host_is_allowed():
    assert is_own(scope("http://localhost:9000", host="localhost:9000"))
    assert not is_own(scope("http://localhost:9001", host="localhost:9000"))
    assert not is_own(scope("http://evil.test", host="evil.test"))


def test_a_proxy_that_ends_tls_is_believed_where_there_is_one(settings):
    handshake = scope("https://site.test", host="site.test", x_forwarded_proto="https")
    assert not is_own(handshake)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert is_own(handshake)
    assert not is_own(scope("http://site.test", host="site.test", x_forwarded_proto="https"))


def test_site_url_counts_where_the_proxy_names_itself(settings):
    settings.SITE_URL = "https://site.test"
    assert is_own(scope("https://site.test", host="localhost:8000"))
    assert not is_own(scope("http://site.test", host="localhost:8000"))


def test_a_trusted_origin_may_and_a_wildcard_stands_for_hosts_below_it(settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://friend.test", "https://*.family.test"]
    assert is_own(scope("https://friend.test"))
    assert is_own(scope("https://aunt.family.test:443"))
    assert not is_own(scope("http://friend.test"))
    assert not is_own(scope("https://aunt.family.test:8443"))
    assert not is_own(scope("https://notfamily.test"))


def test_every_handshake_passes_the_check(monkeypatch):
    monkeypatch.setattr(assessment, "warm_meanwhile", lambda: None)
    from persona_site.asgi import application

    assert isinstance(application.application_mapping["websocket"], OwnOrigin)
