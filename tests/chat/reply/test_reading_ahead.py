"""A conversation is read while its person looks at the page, before the first message."""

import logging
from uuid import uuid4

import pytest
import redis

from accounts.models import User
from chat import tasks
from chat.conversation import queueing
from chat.models import Author
from chat.reply import persona_reply
from generation.engine import EngineInfo, EngineUnavailable, Prompt, Sampling
from generation.routing.router import Build
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is put before the workers; nobody takes it up."""
    queued: list[str] = []

    def send_task(name: str, args: list[str], **options: object) -> None:
        if name == "chat.tasks.read_ahead":
            queued.append(args[0])

    monkeypatch.setattr(queueing.current_app, "send_task", send_task)
    return queued


def test_a_page_that_is_opened_again_and_again_asks_once_a_minute(asked: list[str]) -> None:
    one, other = uuid4(), uuid4()
    for conversation in (one, one, other, one):
        queueing.have_read_ahead(conversation)
    assert asked == [str(one), str(other)]


def test_without_redis_the_page_opens_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(queueing, "connection", lost)
    with caplog.at_level(logging.WARNING):
        queueing.have_read_ahead(uuid4())
    assert "conversation.not_read_ahead" in caplog.messages


def test_the_prompt_that_is_read_holds_the_persona_and_the_talk(monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
    conversation = factories.make_conversation(owner=alice)
    for author, text in ((Author.USER, "Is the harbour frozen?"), (Author.PERSONA, "Only at its edges.")):
        conversation.head = conversation.messages.create(author=author, text=text, parent=conversation.head)
    conversation.save()
    read: list[Prompt] = []

    def engine(build: Build) -> None:
        info = EngineInfo("scripted", "script", 20_000, "transcript", "none", "1", "none", Sampling())
        read.append(build(info, len)[0])

    monkeypatch.setattr(persona_reply.router, "read_ahead", engine)
    tasks.read_ahead(str(conversation.id))
    assert conversation.persona.name in read[0].text
    assert read[0].text.index("Is the harbour frozen?") < read[0].text.index("Only at its edges.")


def test_an_engine_that_cannot_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, alice: User
) -> None:
    def engine(build: Build) -> None:
        raise EngineUnavailable("There are no weights.")

    monkeypatch.setattr(persona_reply.router, "read_ahead", engine)
    with caplog.at_level(logging.WARNING):
        tasks.read_ahead(str(factories.make_conversation(owner=alice).id))
    assert "conversation.not_read_ahead" in caplog.messages


def test_a_conversation_that_was_deleted_meanwhile_is_no_fault() -> None:
    tasks.read_ahead(str(uuid4()))
