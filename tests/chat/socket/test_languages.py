"""A conversation speaks the language of its reader: through the socket, and where a worker makes the texts."""

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.interface import languages
from accounts.models import User
from chat.conversation import disclosure
from chat.models import Author, Reply
from chat.socket import frames
from generation.jobs.waiting_room import Place
from tests import factories
from tests.chat.socket.sockets import signed_in, socket_of


def make_reply(owner: User, **fields: str) -> Reply:
    conversation = factories.make_conversation(owner=owner)
    message = conversation.messages.create(author=Author.PERSONA, text="")
    finished = None if fields["status"] == "queued" else timezone.now()
    return Reply.objects.create(message=message, offset="0-0", queued_at=timezone.now(), finished_at=finished, **fields)


@pytest.mark.django_db
def test_the_frames_of_a_worker_are_in_the_language_of_the_conversations_owner(alice: User, bob: User) -> None:
    languages.keep(bob, "zh-hans")
    place = Place("", 3, None)
    for owner, waiting, failed in (
        (alice, "3 replies are ahead.", "interrupted"),
        (bob, "前面还有 3 条回复。", "中断"),
    ):
        assert frames.queued(make_reply(owner, status="queued"), place).detail == waiting
        assert failed in frames.outcome(make_reply(owner, status="failed", code="worker_lost")).detail
        assert frames.outcome(make_reply(owner, status="blocked", category="pii")).notice
    assert "与你交谈的是一个电脑程序" in disclosure.text(factories.make_conversation(owner=bob))


@pytest.mark.django_db(transaction=True)
async def test_the_socket_refuses_in_the_language_of_its_person() -> None:
    alice = await sync_to_async(factories.make_user)("alice")
    await sync_to_async(languages.keep)(alice, "zh-hans")
    conversation = await sync_to_async(factories.make_conversation)(owner=alice)
    socket = await sync_to_async(lambda: socket_of(signed_in(alice), conversation))()
    await socket.connect(timeout=30)
    await socket.send_json_to(
        {"type": "message.send", "client_id": "9f0a6a55-2b0c-4cbb-8c07-6a6f6f0f0a11", "text": " "}
    )
    frame = await socket.receive_json_from(timeout=30)
    await socket.disconnect(timeout=30)
    assert frame["detail"] == "还没有可发送的内容，请先写点什么。"
