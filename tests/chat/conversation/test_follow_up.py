"""The site's question at the first visit after a crisis."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.interface import languages
from accounts.models import User
from chat import consumers
from chat.conversation import conversations, follow_up, messages
from chat.models import Conversation, Message, Notice
from generation.jobs import stream
from moderation.crisis import notices
from personas.models import Persona
from tests import factories
from tests.chat.socket.sockets import signed_in, socket_of

pytestmark = pytest.mark.django_db

WORDS = notices.notice(country="", language="en", level="follow_up").text
HOUR = timedelta(hours=1)


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return factories.make_conversation(owner=alice)


def say(conversation: Conversation, text: str) -> None:
    messages.send_message(user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text=text)
    conversation.refresh_from_db()


def leave(*, for_: timedelta = HOUR) -> None:
    """Nothing happens for that long."""
    for row in Notice.objects.all():
        Notice.objects.filter(pk=row.pk).update(shown_at=row.shown_at - for_)
    for message in Message.objects.all():
        Message.objects.filter(pk=message.pk).update(created_at=message.created_at - for_)


def questions() -> int:
    return Notice.objects.filter(rule=follow_up.RULE).count()


def first_frame(client: Client, conversation: Conversation) -> dict[str, Any]:
    @async_to_sync
    async def frame() -> Any:
        consumers._followers = stream.Followers()  # a follower belongs to one event loop
        offset = await sync_to_async(stream.position)(conversation.id)
        socket = await sync_to_async(socket_of)(client, conversation, f"after={offset}".encode())
        await socket.connect(timeout=30)
        await socket.send_json_to({"type": "ping"})
        first = await socket.receive_json_from(timeout=30)
        await socket.disconnect(timeout=30)
        await consumers._followers.close()
        return first

    result: dict[str, Any] = frame()
    return result


@pytest.mark.django_db(transaction=True)
def test_k8_the_first_frame_of_the_next_visit_is_the_question_with_help_lines_once(
    conversation: Conversation, alice: User
) -> None:
    client = signed_in(alice)
    say(conversation, "I want to kill myself.")
    assert first_frame(client, conversation) == {"type": "pong"}  # still the same visit
    leave()
    question = first_frame(client, conversation)
    assert (question["type"], question["kind"], question["text"]) == ("notice", "crisis", WORDS)
    assert question["resources"]
    stored = Notice.objects.get(rule=follow_up.RULE)
    assert (str(stored.id), stored.text, stored.resources) == (question["id"], WORDS, question["resources"])
    leave()
    assert first_frame(client, conversation) == {"type": "pong"}
    assert questions() == 1


def test_k8_the_page_asks_before_the_persona_speaks_also_in_another_conversation(
    conversation: Conversation, alice: User, client: Client
) -> None:
    client.force_login(alice)
    say(conversation, "I want to kill myself.")
    say(conversation, "I am calmer now, thank you.")  # the person may write on
    leave()
    persona = factories.make_persona(owner=alice, opening_line="Good evening. The lamp is lit.")
    started = conversations.start(user=alice, persona_id=persona.id)
    page = client.get(f"/conversations/{started.id}/").text
    assert page.index("How are you now") < page.index("The lamp is lit")
    assert "notice-care" in page
    assert "How are you now" not in client.get(f"/conversations/{conversation.id}/").text
    assert questions() == 1


@pytest.mark.parametrize("persona_language", ["en", "zh-Hans"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_k8_the_question_is_in_its_readers_language(
    conversation: Conversation, alice: User, client: Client, language: str, persona_language: str
) -> None:
    languages.keep(alice, language)
    Persona.objects.update(language=persona_language)
    client.force_login(alice)
    say(conversation, "I want to kill myself.")
    leave()
    words = {"en": "How are you now", "zh-hans": "你现在怎么样"}[language]
    assert words in client.get(f"/conversations/{conversation.id}/").text


def test_k8_each_crisis_has_its_own_question_and_a_low_mood_or_another_person_none(
    conversation: Conversation, alice: User, bob: User
) -> None:
    say(factories.make_conversation(owner=alice), "I feel so hopeless lately.")
    leave()
    assert follow_up.shown_at_next_visit(conversation, timezone.now()) is None
    crises = ("I wish I was dead.", "I want to kill myself.", "I am going to kill myself tonight.")
    for number, text in enumerate(crises, start=1):
        say(conversation, text)
        leave()
        assert follow_up.shown_at_next_visit(factories.make_conversation(owner=bob), timezone.now()) is None
        assert follow_up.shown_at_next_visit(conversation, timezone.now())
        assert questions() == number
        leave()


@pytest.mark.django_db(transaction=True)
def test_k8_two_tabs_that_open_at_once_ask_once(conversation: Conversation) -> None:
    say(conversation, "I wish I was dead.")
    leave()
    together = Barrier(2)

    def open_tab() -> None:
        together.wait()
        follow_up.shown_at_next_visit(conversation, timezone.now())
        connection.close()

    tabs = [Thread(target=open_tab) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert questions() == 1
