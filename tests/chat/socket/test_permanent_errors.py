"""An error that would come again ends the reply at once, and says so; a lost store leaves it owed."""

import json
from uuid import uuid4

import pytest
import redis
from django.db import DataError, InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerLost

import chat.tasks  # noqa: F401  registers the handler of replies, as a worker does
from chat.conversation import messages
from chat.models import ReplyStatus
from chat.reply import inspection, replies
from generation.engine import EngineInfo, Token
from generation.jobs import waiting_room
from generation.routing import router
from generation.tasks import serve
from persona_site.redis import connection
from tests import factories

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


@pytest.fixture
def owed(alice, monkeypatch, django_capture_on_commit_callbacks):
    """A reply that waits; the function lets the engine say one sentence, and then raise an error."""
    conversation = factories.make_conversation(owner=alice)

    def owe(error=None):
        def speak(build, cancelled, announce, *, account, **_):
            announce(INFO, "")
            build(INFO, len)
            yield from map(Token, ["It stands. ", "The lamp is lit. ", "Come"])
            if error is not None:
                raise error

        monkeypatch.setattr(router, "stream", speak)
        with django_capture_on_commit_callbacks(execute=True):
            sent = messages.send_message(
                user=alice, conversation_id=conversation.id, client_id=uuid4(), text="How is the lighthouse?"
            )
        return sent.reply

    return owe


def last_frame(reply):
    (entry,) = connection().xrevrange(f"frames:{reply.message.conversation_id}", count=1)
    return json.loads(entry[1][b"frame"])


@pytest.mark.parametrize(
    "error", [DataError("NUL"), ValueError("a prompt"), KeyError("role"), RecursionError(), redis.DataError("None")]
)
def test_an_error_that_would_come_again_ends_the_reply_at_its_first_attempt(owed, error):
    reply = owed(error)
    serve.apply()
    reply.refresh_from_db()
    assert (reply.status, reply.code, reply.attempt) == (ReplyStatus.FAILED, "site_error", 1)
    reply.message.refresh_from_db()
    assert reply.message.text.startswith("It stands.")
    frame = last_frame(reply)
    assert (frame["type"], frame["code"]) == ("reply.failed", "site_error")
    assert "A fault on this site" in frame["detail"]
    assert "restart" not in frame["detail"]


def test_a_reply_that_cannot_be_kept_as_it_was_written_ends_empty(owed, monkeypatch):
    reply = owed()
    kept = inspection.keep

    def keep(reply, record, text, **made):
        if text:
            raise DataError("jsonb")
        kept(reply, record, text, **made)

    monkeypatch.setattr(inspection, "keep", keep)
    serve.apply()
    reply.refresh_from_db()
    assert (reply.status, reply.code, reply.attempt) == (ReplyStatus.FAILED, "site_error", 1)
    assert last_frame(reply)["type"] == "reply.failed"


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed"), redis.ConnectionError("gone")])
def test_a_lost_store_leaves_the_reply_owed(owed, error):
    reply = owed(error)
    serve.apply()
    reply.refresh_from_db()
    assert (reply.status, reply.attempt) == (ReplyStatus.GENERATING, 1)
    assert replies.put_back(reply)


def test_a_loss_is_a_store_that_went_away():
    assert all(
        map(waiting_room.is_loss, [redis.TimeoutError(), BrokerLost(), OperationalError(), redis.ConnectionError()])
    )
    assert not any(map(waiting_room.is_loss, [redis.DataError(), DataError(), ValueError(), Exception()]))
