"""Walks every route of the site with the ids of somebody else's things."""

from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import Http404
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.personal_data import my_data
from api import keys
from chat import consumers
from chat.consumers import ConversationConsumer
from chat.conversation import branch_care, conversations, groups, messages
from chat.reply import inspection
from chat.socket import sockets
from moderation.desk import restrictions
from personas import creation
from personas.models import Persona
from personas.way_in import drafts
from stories import writing
from stories.models import Dial
from tests import factories

# Routes whose id is not that of a person's own thing: sign-up keys, tokens, the admin (staff only, tested there).
OPEN_NAMESPACES = {"admin"}
OPEN_ROUTES = {
    "setup",
    "account_reset_password_from_key",
    "account_confirm_email",
    "confirm_persona",  # its signed link opens it
    "decline_contact",  # as well
    "guardian_page",  # as well
    # Opened by a key, not by a session: see below.
    "model",
    "unknown",
}


@pytest.fixture
def alices(alice, mina):
    return factories.make_one_of_each(owner=alice, moderator=mina)


def routes(patterns, namespaces=()) -> Iterator[tuple[tuple[str, ...], URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from routes(pattern.url_patterns, inner)
        elif pattern.pattern.converters:
            yield namespaces, pattern


def owned_routes() -> list[tuple[str, list[str]]]:
    return [
        (":".join([*namespaces, pattern.name]), list(pattern.pattern.converters))
        for namespaces, pattern in routes(get_resolver().url_patterns)
        if not OPEN_NAMESPACES & set(namespaces) and pattern.name not in OPEN_ROUTES
    ]


def test_every_route_hides_what_belongs_to_somebody_else(alices, bob):
    walked = owned_routes()
    assert len(walked) > 10
    client = Client()
    client.force_login(bob)
    for name, parameters in walked:
        address = reverse(name, kwargs={parameter: alices[parameter] for parameter in parameters})
        answers = {client.get(address).status_code, client.post(address).status_code}
        assert 404 in answers, f"{name} answered {answers}"
        assert answers <= {404, 405}, f"{name} answered {answers}"


def test_a_stranger_is_sent_to_sign_in(alices):
    for name, parameters in owned_routes():
        address = reverse(name, kwargs={parameter: alices[parameter] for parameter in parameters})
        for method in (Client().get, Client().post):
            answer = method(address)
            assert answer.status_code in {302, 404, 405}, f"{name} answered {answer.status_code}"
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith("/account/login/"), name


def test_a_deactivated_account_finds_nothing_of_its_own(alices, alice):
    client = Client()
    client.force_login(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    for name, parameters in owned_routes():
        address = reverse(name, kwargs={parameter: alices[parameter] for parameter in parameters})
        for method in (client.get, client.post):
            assert method(address).status_code in {302, 404, 405}, name


def test_no_door_opens_for_an_account_that_was_deactivated_after_it_was_read(alices, alice):
    """As a socket holds it: `alice` still says that it is active."""
    User.objects.filter(pk=alice.pk).update(is_active=False)
    persona, message = Persona.objects.get(pk=alices["persona_id"]), alices["message_id"]
    doors = {
        "conversation": lambda: conversations.get_conversation_for(alice, alices["conversation_id"]),
        "start": lambda: conversations.start(user=alice, persona_id=persona.id),
        "describe": lambda: conversations.describe(
            user=alice, conversation_id=alices["conversation_id"], title="x", folder="x"
        ),
        "delete": lambda: conversations.delete(user=alice, conversation_id=alices["conversation_id"]),
        "select": lambda: conversations.select_branch(user=alice, message_id=message),
        "edit": lambda: messages.edit(user=alice, message_id=message, text="x"),
        "stop": lambda: messages.stop(user=alice, reply_id=alices["reply_id"]),
        "regenerate": lambda: messages.regenerate(user=alice, reply_id=alices["reply_id"]),
        "continue": lambda: messages.continue_reply(user=alice, reply_id=alices["reply_id"]),
        "speak": lambda: messages.let_speak(
            user=alice, conversation_id=alices["conversation_id"], persona_id=persona.id
        ),
        "add": lambda: groups.add(user=alice, conversation_id=alices["conversation_id"], persona_id=persona.id),
        "inside": lambda: inspection.get_for(alice, alices["conversation_id"], alices["reply_id"]),
        "persona": lambda: creation.get_persona_for(alice, persona.id),
        "own persona": lambda: creation.get_own_persona(alice, persona.id),
        "duplicate": lambda: creation.duplicate_persona(user=alice, persona=persona),
        "story": lambda: writing.get_story_for(alice, alices["story_id"]),
        "begin": lambda: writing.begin(user=alice, persona_id=persona.id, title="", premise=""),
        "draw": lambda: writing.draw(user=alice, story_id=alices["story_id"], dial=Dial.WILD),
        "write": lambda: writing.write(user=alice, story_id=alices["story_id"], text="x"),
        "take": lambda: writing.take(user=alice, continuation_id=alices["continuation_id"]),
        "scene": lambda: writing.get_scene_for(alice, alices["scene_id"]),
        "name": lambda: branch_care.name(user=alice, message_id=message, name="x"),
        "prune": lambda: branch_care.prune(user=alice, message_id=message),
        "draft": lambda: drafts.get_draft_for(alice, alices["draft_id"]),
        "key": lambda: keys.revoke(user=alice, key_id=alices["key_id"]),
        "restriction": lambda: restrictions.get_restriction_for(alice, alices["restriction_id"]),
    }
    for name, door in doors.items():
        with pytest.raises(Http404):
            pytest.fail(f"{name} opened: {door()}")
    assert not creation.visible_to(alice).exists()


def test_the_data_of_a_deactivated_account_can_still_be_erased(alices, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    my_data.erase(alice)
    assert not User.objects.filter(pk=alice.pk).exists()
    assert not Persona.objects.filter(pk=alices["persona_id"]).exists()


def test_a_key_shows_no_model_that_belongs_to_somebody_else(alices, bob):
    _, secret = keys.create(user=bob, label="a key", scopes=keys.scopes_for(bob))
    address = reverse("api:model", args=[alices["persona_id"]])
    answer = Client().get(address, headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert Client().get(address).status_code == 401


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("visitor", ["bob", "nobody"])
async def test_the_socket_of_somebody_elses_conversation_is_closed(visitor):
    def prepare():
        alice = factories.make_user("alice")
        conversation = factories.make_conversation(owner=alice)
        if visitor == "nobody":
            return conversation, AnonymousUser(), SessionStore()
        bob, client = factories.make_user("bob"), Client()
        client.force_login(bob)
        return conversation, bob, client.session

    conversation, other, session = await sync_to_async(prepare)()
    socket = WebsocketCommunicator(ConversationConsumer.as_asgi(), "/")
    socket.scope |= {
        "user": other,
        "session": session,
        "url_route": {"kwargs": {"conversation_id": conversation.id}},
        "query_string": b"",
    }
    await socket.connect(timeout=30)
    closed = await socket.receive_output(timeout=30)
    expected = consumers.NOT_FOUND if visitor == "bob" else sockets.SignedOut.code
    assert (closed["type"], closed["code"]) == ("websocket.close", expected)
