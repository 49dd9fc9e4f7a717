"""A conversation that is deleted, whichever way, tells every open tab, and its words leave the stream."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib import admin
from django.test import RequestFactory

from accounts.models import User
from accounts.personal_data import my_data
from chat import consumers
from chat.conversation import conversations
from chat.models import Conversation
from chat.socket import frames, sockets
from generation.jobs import stream
from persona_site.redis import cancel_key, connection
from personas import creation
from tests import factories
from tests.chat.socket.sockets import close_code, signed_in, socket_of

pytestmark = pytest.mark.django_db(transaction=True)


def by_itself(conversation: Conversation) -> None:
    conversations.delete(user=conversation.owner, conversation_id=conversation.id)


def with_its_persona(conversation: Conversation) -> None:
    creation.delete_persona(user=conversation.owner, persona=conversation.persona)


def with_the_account(conversation: Conversation) -> None:
    my_data.erase(conversation.owner)


def by_an_operator(conversation: Conversation) -> None:
    admin.site.get_model_admin(User).delete_model(RequestFactory().post("/"), conversation.owner)


def by_an_operators_action(conversation: Conversation) -> None:
    people = User.objects.filter(pk=conversation.owner_id)
    admin.site.get_model_admin(User).delete_queryset(RequestFactory().post("/"), people)


WAYS = [by_itself, with_its_persona, with_the_account, by_an_operator, by_an_operators_action]


def make_talk() -> Conversation:
    """A conversation with words in its stream."""
    alice = factories.make_user("alice")
    conversation = factories.make_conversation(owner=alice, persona=factories.make_persona(owner=alice))
    stream.append(conversation.id, b'{"type":"reply.delta","text":"The lamp"}')
    return conversation


@pytest.mark.parametrize("delete", WAYS)
def test_its_stream_holds_nothing_but_that_it_is_gone(delete: Callable[[Conversation], None]) -> None:
    conversation = make_talk()
    conversation_id = conversation.id
    delete(conversation)
    entries: Any = connection().xrange(f"frames:{conversation_id}")
    assert [fields for _, fields in entries] == [{b"frame": frames.DELETED}]
    assert 0 < connection().pttl(f"frames:{conversation_id}") <= 3_600_000
    assert connection().exists(cancel_key(conversation_id))
    assert not Conversation.objects.filter(pk=conversation_id).exists()


@pytest.fixture
async def talk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Conversation, WebsocketCommunicator]]:
    """A conversation and an open tab that has read its stream."""
    followers = stream.Followers()
    monkeypatch.setattr(consumers, "_followers", followers)
    conversation = await sync_to_async(make_talk)()
    client = await sync_to_async(signed_in)(conversation.owner)
    socket = await sync_to_async(socket_of)(client, conversation)
    await socket.connect(timeout=30)
    assert (await socket.receive_json_from(timeout=30))["type"] == "reply.delta"
    yield conversation, socket
    await followers.close()


@pytest.mark.parametrize("delete", [by_itself, with_its_persona])
async def test_an_open_tab_is_told_and_its_socket_ends(
    delete: Callable[[Conversation], None], talk: tuple[Conversation, WebsocketCommunicator]
) -> None:
    conversation, socket = talk
    await sync_to_async(delete)(conversation)
    assert (await socket.receive_json_from(timeout=30))["type"] == "conversation.deleted"
    closed = await socket.receive_output(timeout=30)
    assert (closed["type"], closed["code"]) == ("websocket.close", consumers.NOT_FOUND)


@pytest.mark.parametrize("delete", [with_the_account, by_an_operator, by_an_operators_action])
async def test_with_the_account_its_session_ends_and_so_does_the_socket(
    delete: Callable[[Conversation], None], talk: tuple[Conversation, WebsocketCommunicator]
) -> None:
    conversation, socket = talk
    await sync_to_async(delete)(conversation)
    # The deletion may be told before the end of the session is.
    assert await close_code(socket) in {sockets.SignedOut.code, consumers.NOT_FOUND}


def test_a_persona_takes_only_its_own_conversations_along() -> None:
    conversation = make_talk()
    other = factories.make_conversation(
        owner=conversation.owner, persona=factories.make_persona(owner=conversation.owner)
    )
    with_its_persona(conversation)
    assert list(Conversation.objects.all()) == [other]
