"""The marks by which a browser knows whether its copy of a conversation is still right."""

import re
from uuid import uuid4

from django.utils import timezone

from chat.conversation import message_care
from chat.models import Author, Reply
from tests.factories import make_conversation

MARK = re.compile(r'data-mark="([^"]*)"')


def marks(client, *conversations):
    ids = "&".join(f"id={conversation.id}" for conversation in conversations)
    return client.get(f"/conversations/marks/?{ids}")


def mark_in_page(client, conversation):
    return MARK.search(client.get(f"/conversations/{conversation.id}/").text)[1]


def test_the_mark_in_a_page_is_right_until_a_message_comes_or_goes(client, alice):
    client.force_login(alice)
    conversation = make_conversation(owner=alice)
    seen = []
    for change in (
        lambda: None,
        lambda: conversation.messages.create(author=Author.USER, text="Are you there?"),
        lambda: conversation.messages.create(author=Author.USER, text="Or there?"),
        lambda: message_care.delete(user=alice, message_id=conversation.messages.latest("created_at").id),
    ):
        change()
        seen.append(mark_in_page(client, conversation))
        assert marks(client, conversation).json() == {str(conversation.id): seen[-1]}
    assert len(set(seen)) == 3  # after the deletion, it is as before
    assert seen[3] == seen[1]


def test_the_mark_changes_when_a_reply_ends_and_when_it_goes_on(client, alice):
    client.force_login(alice)
    conversation = make_conversation(owner=alice)
    message = conversation.messages.create(author=Author.PERSONA, text="")
    reply = Reply.objects.create(message=message, offset="0-0", queued_at=timezone.now())
    seen = [marks(client, conversation).content]
    for status, ended in (("completed", timezone.now()), ("queued", None), ("completed", timezone.now())):
        Reply.objects.filter(pk=reply.pk).update(status=status, finished_at=ended)
        seen.append(marks(client, conversation).content)
    assert len(set(seen)) == 3  # while it goes on, it is as at the beginning


def test_only_ones_own_conversations_have_marks(client, alice, bob):
    theirs = make_conversation(owner=bob)
    client.force_login(alice)
    assert marks(client, theirs).json() == {}
    assert client.get(f"/conversations/marks/?id={uuid4()}").json() == {}
    assert client.get("/conversations/marks/?id=nonsense").status_code == 404


def test_a_browser_whose_session_has_ended_is_told_so(client, alice):
    conversation = make_conversation(owner=alice)
    assert marks(client, conversation).status_code == 401
