"""Walks every route of the site with the ids of somebody else's things."""

from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from api import keys
from chat import consumers
from chat.consumers import ConversationConsumer
from chat.models import Author, Reply
from moderation.models import Action, Case, Restriction
from personas.models import Draft
from tests import factories

# Routes whose id is not that of a person's own thing: sign-up keys, tokens, the admin (staff only, tested there).
OPEN_NAMESPACES = {"admin"}
OPEN_ROUTES = {
    "setup",
    "account_reset_password_from_key",
    "account_confirm_email",
    # Opened by a key, not by a session: see below.
    "model",
    "unknown",
}


@pytest.fixture
def alices(alice, mina):
    """Ids of things that belong to alice, by the name of the route's parameter."""
    persona = factories.make_persona(owner=alice)
    conversation = factories.make_conversation(owner=alice, persona=persona)
    said = conversation.messages.create(author=Author.USER, text="Hello.")
    answer = conversation.messages.create(author=Author.PERSONA, parent=said, text="Hello, dear.")
    reply = Reply.objects.create(
        message=answer, status="completed", offset="0-0", queued_at=timezone.now(), finished_at=timezone.now()
    )
    draft = Draft.objects.create(owner=alice)
    source = persona.sources.create(name="letters.txt", format="plain_text", bytes=10)
    case = Case.objects.create(
        user=alice,
        conversation_id=conversation.id,
        persona_id=persona.id,
        persona_name=persona.name,
        due_at=timezone.now(),
    )
    decision = Action.objects.create(case=case, moderator=mina, kind="warn", reason="…", policy_version="1")
    restriction = Restriction.objects.create(kind="warning", user=alice, action=decision, statement="…")
    return {
        "persona_id": persona.id,
        "conversation_id": conversation.id,
        "message_id": answer.id,
        "reply_id": reply.id,
        "source_id": source.id,
        "case_id": case.id,
        "draft_id": draft.id,
        "restriction_id": restriction.id,
        "key_id": keys.create(user=alice, label="a key", scopes=["chat"])[0].pk,
    }


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
        other = factories.make_user("bob") if visitor == "bob" else AnonymousUser()
        return factories.make_conversation(owner=alice), other

    conversation, other = await sync_to_async(prepare)()
    socket = WebsocketCommunicator(ConversationConsumer.as_asgi(), "/")
    socket.scope |= {"user": other, "url_route": {"kwargs": {"conversation_id": conversation.id}}, "query_string": b""}
    await socket.connect()
    closed = await socket.receive_output(timeout=5)
    expected = consumers.NOT_FOUND if visitor == "bob" else consumers.NOT_SIGNED_IN
    assert (closed["type"], closed["code"]) == ("websocket.close", expected)
