"""A marked secret that a person gives to the site appears in no log line, broker message or error page."""

import json
import logging
from base64 import b64decode
from io import StringIO
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from api import admission, keys
from api import tasks as api_tasks
from api.schemas import ChatCompletionRequest
from chat import tasks
from chat.conversation import messages
from generation.engine import EngineInfo, Token
from generation.jobs import waiting_room
from generation.routing import router
from generation.tasks import serve
from persona_site.logs import JSONFormatter
from persona_site.redis import connection
from tests import factories

SECRET = "marked-7f3a-secret"
INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


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
    values = {
        "email": f"{SECRET}@example.test",
        "password1": key,
        "password2": key,
        "birth_date": "1970-05-17",
        "agreement": "on",
    }
    assert client.post(reverse("account_signup"), values).status_code == 302
    client.logout()
    client.post(reverse("account_login"), {"login": values["email"], "password": key + "!"})
    client.post(reverse("account_reset_password"), {"email": values["email"]})
    assert SECRET not in log.getvalue()
    assert key not in log.getvalue()


def test_an_exception_that_quotes_a_person(client, alice, log, monkeypatch):
    def broken(user):
        raise ValueError(f"cannot read {SECRET}")

    monkeypatch.setattr("accounts.usage.quotas.meters", broken)
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


@pytest.mark.parametrize("breaks", [False, True])
def test_what_is_said_in_a_conversation(alice, log, broker, monkeypatch, django_capture_on_commit_callbacks, breaks):
    """From the door through the broker, the engine and the filter to the monitor; also where the engine breaks."""

    def speak(build, cancelled, announce, *, account, **_):
        announce(INFO, "")
        build(INFO, len)
        yield Token(f"I keep {SECRET}. ")
        if breaks:
            raise ValueError(f"cannot go on after {SECRET}")

    monkeypatch.setattr(router, "stream", speak)
    conversation = factories.make_conversation(owner=alice)
    with django_capture_on_commit_callbacks(execute=True):
        sent = messages.send_message(
            user=alice, conversation_id=conversation.id, client_id=uuid4(), text=f"Keep {SECRET} to yourself."
        )
    assert waiting_room.place(kind="reply", job_id=str(sent.reply.id))
    assert b"generation.tasks.serve" in b64decoded(broker())
    with django_capture_on_commit_callbacks(execute=True):
        serve.apply()
    tasks.monitor_conversation.apply(args=[str(conversation.id)])
    assert SECRET.encode() not in b64decoded(broker())
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize("breaks", [False, True])
def test_what_is_said_through_the_api(alice, log, broker, monkeypatch, breaks):
    """From the view through the broker, the engine and the filter to the monitor; also where the engine breaks."""

    def speak(build, cancelled, announce, **_):
        announce(INFO, "")
        build(INFO, len)
        yield Token(f"I keep {SECRET}. ")
        if breaks:
            raise ValueError(f"cannot go on after {SECRET}")

    monkeypatch.setattr(router, "stream", speak)
    persona = factories.make_persona(owner=alice)
    key, secret = keys.create(user=alice, label="a key", scopes=["chat"])
    body = ChatCompletionRequest(model=str(persona.pk), messages=[{"role": "user", "content": f"Keep {SECRET}."}])
    job = admission.chat(key, body).jobs[0]
    assert SECRET.encode() not in b64decoded(broker())
    serve.apply()
    api_tasks.monitor_talk.apply(args=[str(job.id)])
    for wrong in ({"model": SECRET}, {"model": str(persona.pk), "messages": [{"role": SECRET}]}, {SECRET: 1}):
        answer = Client().post(
            "/v1/chat/completions", wrong, "application/json", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code in {400, 404}
        assert SECRET not in answer.text or SECRET in wrong
    assert SECRET.encode() not in b64decoded(broker())
    assert SECRET not in log.getvalue()
    assert secret not in log.getvalue()


def b64decoded(messages: bytes) -> bytes:
    """Queued messages with their bodies readable, which Celery keeps in base64."""
    return b"\n".join(b64decode(json.loads(line)["body"]) + line for line in messages.splitlines())
