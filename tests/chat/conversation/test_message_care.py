"""A single message is pinned and deleted."""

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chat.conversation import conversations, message_care, transcripts
from chat.models import Author, Conversation, Message, Origin, Reply
from personas.memory.models import Memory
from tests.factories import make_conversation


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(owner=alice)
    for number, text in enumerate(["One", "Two", "Three"]):
        author = Author.PERSONA if number % 2 else Author.USER
        conversation.head = conversation.messages.create(author=author, text=text, parent=conversation.head)
    conversation.save()
    return conversation


def message_of(conversation: Conversation, text: str) -> Message:
    return conversation.messages.get(text=text)


def read_texts(conversation: Conversation) -> list[str]:
    conversation.refresh_from_db()
    return [turn.text for turn in transcripts.turns(conversation, conversation.head_id)]


@pytest.mark.parametrize(
    ("text", "left"), [("One", ["Two", "Three"]), ("Two", ["One", "Three"]), ("Three", ["One", "Two"])]
)
def test_what_follows_a_deleted_message_stays(conversation: Conversation, text: str, left: list[str]) -> None:
    message_care.delete(user=conversation.owner, message_id=message_of(conversation, text).id)
    assert read_texts(conversation) == left
    assert conversation.messages.count() == 2


def test_the_last_message_leaves_an_empty_conversation_whose_page_opens(
    conversation: Conversation, client: Client
) -> None:
    for text in ("One", "Two", "Three"):
        message_care.delete(user=conversation.owner, message_id=message_of(conversation, text).id)
    assert read_texts(conversation) == []
    client.force_login(conversation.owner)
    assert "There are no messages yet." in client.get(reverse("chat:conversation", args=[conversation.id])).text


def test_what_came_from_a_message_is_forgotten_with_it(conversation: Conversation) -> None:
    message, later = message_of(conversation, "Two"), message_of(conversation, "Three")
    values = {"persona": conversation.persona, "owner": conversation.owner, "conversation_id": conversation.id}
    for number, each in enumerate((message, later)):
        Memory.objects.create(**values, message_id=each.id, position=number, text=each.text, said_at=timezone.now())
    now = timezone.now()
    reply = Reply.objects.create(message=later, offset="0-0", queued_at=now, finished_at=now, status="completed")
    origin = Origin.objects.create(reply=reply, parts=[{"text": "One\nTwo"}], prompt={"text": "Two"})
    message_care.delete(user=conversation.owner, message_id=message.id)
    assert [memory.text for memory in Memory.objects.all()] == ["Three"]
    origin.refresh_from_db()
    assert "Two" not in str((origin.parts, origin.prompt))


def test_nothing_is_deleted_while_a_reply_is_written(conversation: Conversation) -> None:
    last = message_of(conversation, "Three")
    Reply.objects.create(message=last, offset="0-0", queued_at=timezone.now())
    with pytest.raises(conversations.WrongState):
        message_care.delete(user=conversation.owner, message_id=last.id)
    assert len(conversation.messages.all()) == 3


def test_another_person_deletes_and_pins_nothing(conversation: Conversation, bob: User) -> None:
    message = message_of(conversation, "One")
    with pytest.raises(Http404):
        message_care.delete(user=bob, message_id=message.id)
    with pytest.raises(Http404):
        message_care.pin(user=bob, message_id=message.id, is_pinned=True)
    message.refresh_from_db()
    assert not message.is_pinned


def test_a_message_is_pinned_and_deleted_by_plain_forms(conversation: Conversation, client: Client) -> None:
    client.force_login(conversation.owner)
    message = message_of(conversation, "Two")
    page = reverse("chat:conversation", args=[conversation.id])
    client.post(reverse("chat:pin", args=[message.id]), {"is_pinned": "yes"})
    assert "Unpin" in client.get(page).text
    client.post(reverse("chat:pin", args=[message.id]), {"is_pinned": ""})
    assert "Unpin" not in client.get(page).text
    assert "Delete this message?" in client.get(reverse("chat:delete-message", args=[message.id])).text
    before = f"?at={message.parent_id}#message-{message.parent_id}"
    assert client.post(reverse("chat:delete-message", args=[message.id])).headers["Location"] == page + before
    assert read_texts(conversation) == ["One", "Three"]


def test_where_the_newest_message_goes_its_other_version_is_read(conversation: Conversation) -> None:
    last = message_of(conversation, "Three")
    other = conversation.messages.create(author=Author.USER, text="Three, said otherwise", parent=last.parent)
    conversation.messages.create(author=Author.PERSONA, text="Four", parent=last)
    conversations.move_head(conversation, other.id)
    message_care.delete(user=conversation.owner, message_id=other.id)
    assert read_texts(conversation) == ["One", "Two", "Three", "Four"]
