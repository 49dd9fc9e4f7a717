"""Lines that are drafted for the person: the real filter, database and Redis, and an engine from a script."""

import json
import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import Http404

from accounts.models import Quota, User
from chat import tasks
from chat.conversation import conversations, groups
from chat.models import Author, Conversation, Message, Reply, ReplyStatus
from chat.suggestions import asking
from generation.engine import EngineInfo, EngineUnavailable, Prompt, Token
from generation.jobs import waiting_room
from generation.routing import router
from moderation.models import Assessment
from persona_site.redis import connection
from tests import factories

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


@pytest.fixture(autouse=True)
def _no_lines(db: None) -> None:
    connection().delete(asking._OWED)


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = factories.make_conversation(owner=alice)
    question = conversation.messages.create(author=Author.USER, text="Good evening.")
    answer = conversation.messages.create(author=Author.PERSONA, parent=question, text="The lamp is lit. Are you real?")
    conversation.head = answer
    conversation.save()
    return conversation


@pytest.fixture
def drafts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine says next."""
    return ["I rowed past it tonight."]


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch, drafts: list[str]) -> list[Prompt]:
    """The prompts that the engine got."""
    built: list[Prompt] = []

    def scripted(build, cancelled, announce, **_):
        announce(INFO, "")
        prompt, _ = build(INFO, lambda text: len(text) // 4)
        built.append(prompt)
        yield from (Token(f" {word}") for word in drafts[0].split(" "))

    monkeypatch.setattr(router, "stream", scripted)
    return built


def ask(conversation: Conversation) -> UUID:
    line_id = uuid4()
    asking.ask(user=conversation.owner, conversation_id=conversation.pk, line_id=line_id)
    return line_id


def draft(conversation: Conversation) -> dict[str, Any]:
    """Asks for a line and has it written. Returns its frame."""
    line_id = ask(conversation)
    tasks.draft_line(str(line_id))
    frame = shown(conversation)[-1]
    assert frame.pop("line_id") == str(line_id)
    return frame


def shown(conversation: Conversation) -> list[dict[str, Any]]:
    entries = connection().xrange(f"frames:{conversation.pk}")
    return [json.loads(entry[b"frame"]) for _, entry in entries]


def test_the_draft_comes_as_a_frame_and_nothing_is_stored(conversation, prompts):
    messages, judged = Message.objects.count(), Assessment.objects.count()
    assert draft(conversation) == {"type": "line.suggested", "text": "I rowed past it tonight."}
    assert (Message.objects.count(), Reply.objects.count(), Assessment.objects.count()) == (messages, 0, judged)
    assert not connection().exists(asking._OWED)


def test_the_model_speaks_the_persons_part(conversation, prompts):
    conversation.persona.calls_user = "Nora"
    conversation.persona.save()
    draft(conversation)
    text = prompts[0].text
    assert text.endswith("\nNora: Good evening.\nAda: The lamp is lit. Are you real?\nNora:")
    assert "Nora is a person who writes to it." in text
    assert "keeps a lighthouse" not in text
    assert "Asked in earnest" not in text  # the person says nothing of being an AI


def test_in_a_group_the_others_speak_under_their_names(alice, prompts):
    ada, tom = factories.make_persona(owner=alice), factories.make_persona(owner=alice, name="Tom")
    group = groups.start(user=alice, persona_ids=[ada.pk, tom.pk])
    head = None
    for persona, words in ((ada, "The lamp is lit."), (tom, "The bread is out.")):
        head = group.messages.create(author=Author.PERSONA, parent=head, speaker=persona, text=words)
    group.head = head
    group.save()
    assert draft(group)["type"] == "line.suggested"
    assert prompts[0].text.endswith("\nAda: The lamp is lit.\nTom: The bread is out.\nFriend:")


def test_a_first_line_can_be_drafted_too(alice, prompts):
    assert draft(factories.make_conversation(owner=alice))["type"] == "line.suggested"
    assert prompts[0].text.endswith("\nFriend:")


@pytest.mark.parametrize("words", ["It was quiet.\nAda: And then?", "It was quiet. The boat is"])
def test_the_others_turn_and_a_broken_end_are_left_out(conversation, drafts, prompts, words):
    drafts[0] = words
    assert draft(conversation)["text"] == "It was quiet."


@pytest.mark.parametrize(
    "words",
    [
        "I want to kill myself tonight.",
        "I wish I had died with you.",  # passes as a persona's words
        "I will find you and kill you tonight, you bitch.",
    ],
)
def test_what_the_person_could_not_send_is_not_drafted(conversation, drafts, prompts, words):
    drafts[0] = words
    frame = draft(conversation)
    assert frame["type"] == "line.failed"
    assert "held this draft back" in frame["detail"]


def test_without_the_filter_nothing_is_drafted(conversation, prompts, filter_down):
    assert "cannot judge" in draft(conversation)["detail"]


def test_a_model_that_fails_is_told(conversation, monkeypatch):
    def fails(*_, **__):
        raise EngineUnavailable("down")
        yield

    monkeypatch.setattr(router, "stream", fails)
    assert draft(conversation) == {"type": "line.failed", "detail": "The model wrote no draft. Try again in a minute."}


def test_a_fault_is_told(conversation, monkeypatch):
    def fails(*_, **__):
        raise ValueError("a fault")
        yield

    monkeypatch.setattr(router, "stream", fails)
    assert "this site's side" in draft(conversation)["detail"]


def test_a_line_counts_as_a_message_once(conversation, settings):
    settings.QUOTAS = settings.QUOTAS | {"messages": (1, timedelta(days=1))}
    line_id = ask(conversation)
    asking.ask(user=conversation.owner, conversation_id=conversation.pk, line_id=line_id)
    assert Quota.objects.get(user=conversation.owner, kind="messages").used == 1
    with pytest.raises(conversations.OverQuota):
        ask(conversation)


def test_no_line_is_drafted_where_the_person_cannot_write(conversation):
    conversation.messages.create(author=Author.USER, parent=conversation.head, text="Help me.", is_withheld=True)
    conversation.head = conversation.messages.get(text="Help me.")
    conversation.save()
    with pytest.raises(conversations.WrongState, match="answered your last message itself"):
        ask(conversation)
    answer = conversation.messages.create(author=Author.PERSONA, parent=conversation.head)
    Reply.objects.create(message=answer, status=ReplyStatus.QUEUED, offset="0-0", queued_at=answer.created_at)
    with pytest.raises(conversations.WrongState, match="still being written"):
        ask(conversation)
    assert not Quota.objects.exists()
    assert not connection().exists(asking._OWED)


def test_a_conversation_that_came_to_rest_meanwhile_gets_no_line(conversation, prompts):
    line_id = ask(conversation)
    Conversation.objects.filter(pk=conversation.pk).update(state="resting")
    tasks.draft_line(str(line_id))
    assert "said goodbye" in shown(conversation)[-1]["detail"]
    assert not prompts


def test_a_stopped_line_is_not_written(conversation, prompts):
    line_id = ask(conversation)
    asking.stop(user=conversation.owner, conversation_id=conversation.pk, line_id=line_id)
    assert waiting_room.absent(asking.KIND, [str(line_id)])
    tasks.draft_line(str(line_id))
    assert not prompts
    assert not shown(conversation)


def test_a_line_of_somebody_else_cannot_be_asked_for_or_stopped(conversation, bob):
    line_id = ask(conversation)
    for act in (asking.ask, asking.stop):
        with pytest.raises(Http404):
            act(user=bob, conversation_id=conversation.pk, line_id=line_id)
    own = factories.make_conversation(owner=bob)
    asking.stop(user=bob, conversation_id=own.pk, line_id=line_id)
    assert not waiting_room.absent(asking.KIND, [str(line_id)])
    assert connection().hexists(asking._OWED, str(line_id))


def test_a_lost_line_is_told_once(conversation):
    line_id = ask(conversation)
    asking.tell_lost()
    assert not shown(conversation)
    waiting_room.leave(kind=asking.KIND, job_id=str(line_id))  # as if Redis or a worker had lost it
    connection().hset(asking._OWED, str(line_id), f"{conversation.pk} {time.time() - 3600:.0f}")
    for _ in range(2):
        tasks.requeue_lapsed()
    assert [frame["detail"] for frame in shown(conversation)] == ["The draft was interrupted. Ask for it again."]


def test_a_line_of_a_deleted_conversation_is_forgotten(conversation, prompts):
    line_id = ask(conversation)
    conversation.delete()
    tasks.draft_line(str(line_id))
    assert not prompts
    assert not connection().exists(asking._OWED)
