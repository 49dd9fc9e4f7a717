"""No interface of chat goes round the approval that a policy requires (compliance T1)."""

import io
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse

from chat import consumers
from chat.conversation import conversations, messages
from chat.models import Reply
from chat.reply import replies
from generation.jobs import stream
from moderation.filter import policy
from moderation.models import Policy
from personas import creation, persona_fields
from personas.audit import approvals
from personas.persona_fields import PersonaFields
from tests import factories
from tests.chat.socket.sockets import signed_in, socket_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def persona(alice):
    return factories.make_persona(owner=alice, sayings=["The lamp is lit."])


@pytest.fixture
def conversation(alice, persona):
    return factories.make_conversation(owner=alice, persona=persona)


@pytest.fixture
def old_reply(conversation, alice):
    """From the time before the policy required an approval."""
    sent = messages.send_message(user=alice, conversation_id=conversation.id, client_id=uuid4(), text="Good morning!")
    return sent.reply


def approve(persona, reviewer):
    audit = factories.make_audit(persona=persona)
    approvals.decide(audit=audit, reviewer=reviewer, decision="approved", reason="Read it all.")


def send(conversation):
    return messages.send_message(
        user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text="How is the lighthouse?"
    )


def require_approval():
    Policy.objects.filter(is_active=True).update(requires_persona_approval=True)
    policy.forget()


def test_t1_every_door_of_chat_refuses_until_a_reviewer_approves(alice, mina, persona, conversation, approval_required):
    for door in (
        lambda: conversations.start(user=alice, persona_id=persona.id),
        lambda: send(conversation),
    ):
        with pytest.raises(conversations.NotAdmitted, match="Start the audit") as refusal:
            door()
        assert (refusal.value.code, refusal.value.status) == ("persona_not_approved", 403)
    assert not conversation.messages.exists()
    approve(persona, mina)
    assert send(conversation).reply
    assert conversations.start(user=alice, persona_id=persona.id)


def test_t1_an_edited_sample_line_silences_a_talk_that_is_under_way(
    alice, mina, persona, old_reply, approval_required, conversation
):
    approve(persona, mina)
    fields = PersonaFields(**{**persona_fields.fields_of(persona), "sayings": ["The lamp is out."]})
    creation.update_persona(user=alice, persona=persona, fields=fields)
    replies.produce(old_reply.id)  # was owed before the edit
    old_reply.refresh_from_db()
    assert (old_reply.status, old_reply.code) == ("failed", "persona_not_approved")
    for door in (
        lambda: send(conversation),
        lambda: messages.regenerate(user=alice, reply_id=old_reply.id),
        lambda: messages.continue_reply(user=alice, reply_id=old_reply.id),
        lambda: messages.edit(user=alice, message_id=old_reply.message.parent_id, text="Good evening!"),
    ):
        with pytest.raises(conversations.NotAdmitted, match="have changed"):
            door()
    assert Reply.objects.count() == 1


def test_t1_the_pages_say_kindly_why_and_offer_no_box(client, alice, persona, conversation, approval_required):
    client.force_login(alice)
    page = client.get(reverse("chat:conversation", args=[conversation.id])).text
    assert "You cannot write here yet" in page
    assert "Nothing that you wrote is lost." in page
    assert "data-composer" not in page
    detail = client.get(reverse("personas:detail", args=[persona.pk])).text
    assert "cannot talk yet" in detail
    assert "Talk with" not in detail
    started = client.post(reverse("chat:start"), {"persona": persona.pk}, follow=True)
    assert "cannot talk yet" in started.text


def test_t1_the_terminal_and_an_import_do_not_go_round_it(alice, mina, persona, approval_required):
    with pytest.raises(CommandError, match="cannot talk yet"):
        call_command("chat", str(persona.pk), user=alice.email, stdout=io.StringIO())
    imported = creation.create_persona(owner=alice, fields=PersonaFields(name="Teo", depicts="fictional"))
    with pytest.raises(conversations.NotAdmitted):
        conversations.start(user=alice, persona_id=imported.pk)


@pytest.mark.django_db(transaction=True)
def test_t1_a_socket_answers_persona_not_approved_then_talks_after_the_approval(monkeypatch, alice, mina):
    cache.clear()
    monkeypatch.setattr(consumers, "_followers", stream.Followers())
    require_approval()
    persona = factories.make_persona(owner=alice)
    conversation = factories.make_conversation(owner=alice, persona=persona)
    client = signed_in(alice)

    @async_to_sync
    async def answers() -> list[dict]:
        socket = await sync_to_async(socket_of)(client, conversation)
        await socket.connect(timeout=30)
        frames = []
        for approve_first in (False, True):
            if approve_first:
                await sync_to_async(approve)(persona, mina)
            frame = {"type": "message.send", "client_id": str(uuid4()), "text": "How is the lighthouse?"}
            await socket.send_json_to(frame)
            frames.append(await socket.receive_json_from(timeout=30))
        await socket.disconnect(timeout=30)
        await consumers._followers.close()
        return frames

    try:
        refused, accepted = answers()
    finally:
        policy.forget()
    assert (refused["type"], refused["code"]) == ("error", "persona_not_approved")
    assert "Start the audit" in refused["detail"]
    assert accepted["type"] == "message.accepted"
