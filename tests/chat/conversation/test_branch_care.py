"""Branches are seen, named and deleted."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chat.conversation import branch_care, conversations
from chat.models import Author, Conversation, Message, Reply
from personas.memory.models import Memory
from tests.factories import make_conversation


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """
    Question ─┬─ Plums ── Thanks (read)
              └─ Pears ─┬─ Why?
                        └─ When?
    """
    conversation = make_conversation(owner=alice, title="Fruit")
    question = say(conversation, "Question", None)
    plums = say(conversation, "Plums", question, Author.PERSONA)
    conversation.head = say(conversation, "Thanks", plums)
    pears = say(conversation, "Pears", question, Author.PERSONA)
    say(conversation, "Why?", pears)
    say(conversation, "When?", pears)
    conversation.save()
    return conversation


def say(conversation: Conversation, text: str, parent: Message | None, author: Author = Author.USER) -> Message:
    return conversation.messages.create(text=text, parent=parent, author=author)


def of(conversation: Conversation, text: str) -> Message:
    return conversation.messages.get(text=text)


def drawing(conversation: Conversation) -> list[tuple[int, str, int, bool]]:
    lines = branch_care.lines(conversation)
    return [(line.branch.depth, line.name or line.first.text, line.branch.length, line.is_read) for line in lines]


def test_the_read_branch_comes_first_and_each_is_followed_by_those_that_leave_it(conversation: Conversation) -> None:
    assert drawing(conversation) == [(0, "Plums", 3, True), (1, "Pears", 2, False), (2, "Why?", 1, False)]
    conversations.select_branch(user=conversation.owner, message_id=of(conversation, "Why?").id)
    conversation.refresh_from_db()
    assert drawing(conversation) == [(0, "Why?", 3, True), (1, "Plums", 2, False), (1, "When?", 1, False)]


def test_a_name_stays_with_its_branch(conversation: Conversation) -> None:
    read = branch_care.lines(conversation)[0]
    branch_care.name(user=conversation.owner, message_id=read.named_at, name="  The\n one with <plums> ")
    conversations.select_branch(user=conversation.owner, message_id=of(conversation, "When?").id)
    conversation.refresh_from_db()
    assert (1, "The one with <plums>", 2, False) in drawing(conversation)


def test_a_branch_is_deleted_with_what_branches_off_and_what_came_from_it(conversation: Conversation) -> None:
    pears = of(conversation, "Pears")
    values = {"persona": conversation.persona, "owner": conversation.owner, "conversation_id": conversation.id}
    for number, text in enumerate(("Why?", "Thanks")):
        message_id = of(conversation, text).id
        Memory.objects.create(**values, message_id=message_id, position=number, text=text, said_at=timezone.now())
    branch_care.prune(user=conversation.owner, message_id=pears.id)
    assert set(conversation.messages.values_list("text", flat=True)) == {"Question", "Plums", "Thanks"}
    assert [memory.text for memory in Memory.objects.all()] == ["Thanks"]


@pytest.mark.parametrize(("text", "reason"), [("Plums", "You are reading"), ("Thanks", "No branch begins here")])
def test_what_is_read_and_what_is_no_branch_stays(conversation: Conversation, text: str, reason: str) -> None:
    with pytest.raises(conversations.WrongState, match=reason):
        branch_care.prune(user=conversation.owner, message_id=of(conversation, text).id)
    assert conversation.messages.count() == 6


def test_nothing_is_deleted_while_a_reply_is_being_written(conversation: Conversation) -> None:
    Reply.objects.create(message=of(conversation, "Plums"), offset="0-0", queued_at=timezone.now())
    with pytest.raises(conversations.WrongState, match="still being written"):
        branch_care.prune(user=conversation.owner, message_id=of(conversation, "Pears").id)


def test_branches_are_named_and_deleted_by_plain_forms(conversation: Conversation, client: Client) -> None:
    client.force_login(conversation.owner)
    page, pears = reverse("chat:branches", args=[conversation.id]), of(conversation, "Pears")
    assert (
        client.post(reverse("chat:name-branch", args=[pears.id]), {"name": "<b>Pears"}).url
        == f"{page}#branch-{pears.id}"
    )
    text = client.get(page).text
    assert f'id="branch-{pears.id}" tabindex="-1"' in text
    assert "&lt;b&gt;Pears" in text
    assert text.count("Go to it") == 2
    assert "It has 3 messages" in client.get(reverse("chat:prune", args=[pears.id])).text
    assert client.post(reverse("chat:prune", args=[pears.id])).url == page
    assert conversation.messages.count() == 3
    refused = client.post(reverse("chat:prune", args=[of(conversation, "Plums").id]), follow=True)
    assert "No branch begins here." in refused.text


def test_a_branch_without_a_name_is_shown_by_its_words_without_their_marks(
    conversation: Conversation, client: Client
) -> None:
    say(conversation, "*smiles* **Figs**", of(conversation, "Question"), Author.PERSONA)
    client.force_login(conversation.owner)
    text = client.get(reverse("chat:branches", args=[conversation.id])).text
    assert "smiles Figs" in text
    assert "*" not in text


def test_the_branches_of_an_empty_conversation(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert (
        "There are no messages yet."
        in client.get(reverse("chat:branches", args=[make_conversation(owner=alice).id])).text
    )
