"""Every address of the site, asked by everybody with everything: never a 500."""

import json
import re
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from api import keys
from tests import factories

pytestmark = pytest.mark.thorough

DEEP = "[" * 500 + "]" * 500
VALUES = {
    "NUL": "a\0b",
    "a surrogate": "a\ud800b",
    "a long number": "9" * 5_000,
    "blanks": " " * 8_000,
    "deep JSON": DEEP,
    "turned around": "\u202e\u2066a\u200b",
    "line ends": "a\r\nb\u2028c\x0bd\x1b",
    "empty": "",
}
# Names that some view or form of the site reads.
FIELDS = """
text client_id title persona choice name description sayings examples stop seed top_k temperature max_tokens remove then
email login password password1 password2 country proof label scopes messages_per_day tokens_per_day page q p o e _popup
status category kind reason statement until what outcome answer grounds model accept next key to action after
days activate shadow threshold direction persona_id persona user break_notice_hours form-TOTAL_FORMS form-INITIAL_FORMS
_selected_action speaker-1 speaker-999999999999999999999999
""".split()  # noqa: SIM905
FIELDS += ["speaker-" + "9" * 5_000, "a\0b", "a\ud800b"]


@pytest.fixture
def ids(alice, mina):
    return factories.make_one_of_each(owner=alice, moderator=mina)


def addresses(patterns, before=""):
    """Every address of the site as `persona/{persona_id}/`, the admin's included."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, before + template(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + template(pattern.pattern)


def template(pattern):
    """A pattern with `{name}` for each argument."""
    route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", str(pattern)))
    return route.removeprefix("^").removesuffix("$").removesuffix("\\Z")


def quoted(text):
    """As in an address, with the bytes of a lone surrogate, which no client library would send."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="[]")


def walked(ids, argument):
    """Every address with a living row's id, or with `argument` where no row is named so."""
    known = _Or(ids, quoted(argument) or "x")
    return ["/" + address.format_map(known) for address in sorted(set(addresses(get_resolver().url_patterns)))]


class _Or(dict):
    def __init__(self, known, other):
        super().__init__(known)
        self.other = other

    def __missing__(self, name):
        return self.other


def form_of(value):
    """An urlencoded form in which every field has the value."""
    return "&".join(f"{quoted(name)}={quoted(value).replace('%20', '+')}" for name in FIELDS)


def signed_in(visitor):
    client = Client(raise_request_exception=False)
    if visitor is not None:
        client.force_login(visitor)
    return client


@pytest.fixture(autouse=True)
def _no_rate_limits_and_no_workers(monkeypatch):
    cache.clear()
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *args, **named: None)


@pytest.mark.parametrize(
    ("visitor", "kind"),
    [
        ("alice", "a long number"),
        ("alice", "line ends"),
        ("olga", "NUL"),
        ("mina", "a surrogate"),
        ("nobody", "blanks"),
    ],
)
def test_no_address_breaks(request, ids, visitor, kind):
    client = signed_in(None if visitor == "nobody" else request.getfixturevalue(visitor))
    form = form_of(VALUES[kind])
    wrong = []
    for address in walked(ids, VALUES[kind]):
        if "logout" in address or address == "/account/erase/":
            continue  # they end the visit
        answers = {
            "GET": client.get(address, query_string=form[:8_000]),
            "form": client.post(address, form, "application/x-www-form-urlencoded"),
            "JSON": client.post(address, DEEP, "application/json"),
        }
        wrong += [f"{how} {address[:80]}" for how, answer in answers.items() if answer.status_code == 500]
    assert wrong == []


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_no_upload_breaks(ids, alice, value):
    boundary = "boundary"
    name = value.encode("utf-8", "surrogatepass").replace(b"\r\n", b"").replace(b'"', b"")
    part = b'Content-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n' + name + b"\r\n"
    parts = [part % (field, name) for field in (b"files", b"avatar", b"a\0b")]
    body = b"".join(b"--boundary\r\n" + part for part in parts) + b"--boundary--\r\n"
    for charset in ("", "; charset=rot13", "; charset=unicode_escape", "; charset=" + "9" * 5_000):
        content_type = f"multipart/form-data; boundary={boundary}{charset}"
        answer = signed_in(alice).generic("POST", "/personas/new/", body, content_type)
        assert answer.status_code != 500


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "django_language"])
@pytest.mark.parametrize("value", [r'"\000"', r'"\355\240\200"', "9" * 5_000, "\x7f", '"' + r"\000" * 2_000 + '"'])
def test_no_cookie_breaks(db, name, value):
    client = Client(raise_request_exception=False)
    assert client.get("/personas/", headers={"Cookie": f"{name}={value}"}).status_code < 500


@pytest.mark.parametrize(
    "header", ["Referer", "User-Agent", "Accept-Language", "Authorization", "Accept", "X-Forwarded-For", "Origin"]
)
@pytest.mark.parametrize("value", ["x", "a\0b", "é\x85\x1b", "9" * 5_000, "http://[", "Bearer \0", "javascript:x", " "])
def test_no_header_breaks(alice, ids, header, value):
    client = signed_in(alice)
    for address in ("/", "/account/", "/v1/models", "/help/", "/metrics"):
        assert client.get(address, headers={header: value}).status_code != 500, address
    answer = client.post(f"/conversations/replies/{uuid4()}/stop/", headers={header: value})
    assert answer.status_code != 500
    refused = client.post("/conversations/", {"persona": ids["persona_id"]}, headers={header: value})
    assert refused.status_code < 500
    assert not refused.headers.get("Location", "").startswith(("javascript", "x"))


BIG = "9" * 5_000
BODIES = {
    "empty": "",
    "deep": DEEP,
    "deep in a field that is ignored": f'{{"model": "x", "user": {DEEP}}}',
    "a long number": BIG,
    "a long number as seed": f'{{"model": "x", "seed": {BIG}}}',
    "NaN": '{"model": "x", "temperature": NaN}',
    "a surrogate as a name": '{"\\ud800": 1}',
    "a NUL as model": '{"model": "\\u0000", "input": "a", "prompt": "a"}',
    "latin-1": b'{"model": "\xe9"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["chat/completions", "completions", "embeddings", "moderations", "nowhere"])
def test_no_body_breaks_the_api(alice, path, body):
    _, secret = keys.create(user=alice, label="a key", scopes=keys.scopes_for(alice))
    answer = Client().post(f"/v1/{path}", body, "application/json", headers={"Authorization": f"Bearer {secret}"})
    assert 400 <= answer.status_code < 500
    assert "error" in json.loads(answer.content)


@pytest.mark.parametrize("content", ["\0", "a\0b", "\ud800", " ", "\u202e", " " * 8_000])
def test_what_the_api_is_told_is_clean(alice, content, monkeypatch):
    from api import admission

    heard = []
    monkeypatch.setattr(admission, "chat", lambda key, body: heard.append(body.messages[0].content) or 1 / 0)
    _, secret = keys.create(user=alice, label="a key", scopes=["chat"])
    body = {"model": "x", "messages": [{"role": "user", "content": content}]}
    Client().post("/v1/chat/completions", body, "application/json", headers={"Authorization": f"Bearer {secret}"})
    heard[0].encode()
    assert "\0" not in heard[0]
