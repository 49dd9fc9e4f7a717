"""Words that a person deletes leave memory, every stored prompt, the stream of frames, and what engines have read."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from chat.conversation import branch_care, conversations, groups, message_care, messages, remembering
from chat.models import Author, Conversation, Member, Message, Origin, Reply
from chat.reply import replies
from generation.engine import EngineInfo, Token
from generation.jobs import forgetting as engine_forgetting
from generation.jobs import stream
from generation.routing import router
from persona_site.redis import connection
from personas import creation
from personas.memory import forgetting, writing
from personas.memory.models import Memory
from personas.models import Persona, Source
from personas.prompting.prompt import cut_middle
from tests import factories

SAID = "Hello there. How are you today? My dog is called Bruno."


@pytest.fixture
def ada(alice: User) -> Persona:
    return factories.make_persona(owner=alice)


def talk(persona: Persona, text: str) -> Conversation:
    """A conversation in which the owner says this, and the persona answers."""
    assert persona.owner is not None
    conversation = factories.make_conversation(owner=persona.owner, persona=persona)
    said = conversation.messages.create(author=Author.USER, text=text)
    conversation.head = conversation.messages.create(author=Author.PERSONA, text="I see.", parent=said)
    conversation.save()
    remembering.look_at(conversation.id)
    return conversation


def prompt_of(answer: Message, text: str, rows: list[int] | None = None) -> Origin:
    """The stored prompt of a reply, which holds the text as a turn or as something recalled: `rows`, or everything."""
    now = timezone.now()
    reply = Reply.objects.create(message=answer, offset="0-0", queued_at=now, finished_at=now, status="completed")
    rows = rows or list(Memory.objects.exclude(text="").values_list("pk", flat=True))
    part = {"name": "told", "text": text, "tokens": 1, "dropped": 0, "rows": rows}
    prompt = {"form": "chat", "text": "", "messages": [{"role": "user", "content": text}]}
    return Origin.objects.create(reply=reply, parts=[part], prompt=prompt, rendered=text)


def words_of(origin: Origin) -> str:
    origin.refresh_from_db()
    return json.dumps([origin.parts, origin.prompt, origin.rendered], ensure_ascii=False)


def as_message(conversation: Conversation) -> None:
    message_care.delete(user=conversation.owner, message_id=conversation.messages.get(text=SAID).id)


def as_branch(conversation: Conversation) -> None:
    message = conversation.messages.get(text=SAID)
    conversations.move_head(conversation, conversation.messages.create(author=Author.USER, text="Good day.").id)
    branch_care.prune(user=conversation.owner, message_id=message.id)


def as_conversation(conversation: Conversation) -> None:
    conversations.delete(user=conversation.owner, conversation_id=conversation.id)


def as_memory(conversation: Conversation) -> None:
    for memory in Memory.objects.filter(conversation_id=conversation.id, text__contains="Bruno"):
        forgetting.forget(memory)


WAYS = [as_message, as_branch, as_conversation, as_memory]


@pytest.mark.parametrize("delete", WAYS)
def test_m2_gd5_a_piece_that_another_conversation_recalled_leaves_its_prompt_and_the_engines(
    delete: Callable[[Conversation], None], ada: Persona, django_capture_on_commit_callbacks
) -> None:
    first, second = talk(ada, SAID), talk(ada, "Good evening.")
    origin = prompt_of(second.head, "On Monday, Friend told Ada: My dog is called Bruno.")
    asked = engine_forgetting.times_asked()
    with django_capture_on_commit_callbacks(execute=True):
        delete(first)
    assert "Bruno" not in words_of(origin)
    assert engine_forgetting.times_asked() > asked
    assert not Memory.objects.filter(text__contains="Bruno").exists()


INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


def reply_and_meanwhile(
    conversation: Conversation, text: str, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Origin]:
    """The prompt that the engine was given, and what is stored of it. `work` is done while the engine writes."""
    given: list[str] = []

    def scripted(build: Any, cancelled: Any, announce: Any, **_: Any) -> Iterator[Token]:
        given.append(build(INFO, lambda text: len(text.split()))[0].whole)
        announce(INFO, "")
        work()
        yield Token("I see.")

    monkeypatch.setattr(router, "stream", scripted)
    sent = messages.send_message(user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text=text)
    assert sent.reply is not None
    replies.produce(sent.reply.id)
    return given[0], Origin.objects.get(reply=sent.reply)


@pytest.mark.parametrize("delete", WAYS)
def test_m2_a_piece_that_is_deleted_while_a_reply_recalls_it_is_not_stored(
    delete: Callable[[Conversation], None], ada: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = talk(ada, SAID), talk(ada, "Good evening.")
    given, origin = reply_and_meanwhile(second, "What is my dog called?", lambda: delete(first), monkeypatch)
    assert "My dog is called Bruno." in given
    assert "Bruno" not in words_of(origin)
    assert "What is my dog called?" in words_of(origin)


def test_m2_a_piece_that_is_forgotten_while_its_own_conversation_goes_on_is_not_stored(
    ada: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = talk(ada, SAID)
    given, origin = reply_and_meanwhile(conversation, "Good.", lambda: as_memory(conversation), monkeypatch)
    assert "Bruno" in given
    assert "Bruno" not in words_of(origin)
    assert "How are you today?" in words_of(origin)


def test_m2_a_prompt_that_is_stored_before_a_deletion_is_committed_is_found_after_it(
    ada: Persona, django_capture_on_commit_callbacks
) -> None:
    first, second = talk(ada, SAID), talk(ada, "Good evening.")
    rows = list(Memory.objects.filter(text__contains="Bruno").values_list("pk", flat=True))
    with django_capture_on_commit_callbacks(execute=True):
        as_conversation(first)
        origin = prompt_of(second.head, "Friend told Ada: My dog is called Bruno.", rows)
    assert "Bruno" not in words_of(origin)


def test_the_other_things_that_a_prompt_recalled_stay(ada: Persona) -> None:
    first, second, third = talk(ada, SAID), talk(ada, "My cat is called Tom."), talk(ada, "Good evening.")
    origin = prompt_of(third.head, "Friend told Ada: My dog is called Bruno. My cat is called Tom.")
    as_conversation(first)
    assert "Bruno" not in words_of(origin)
    assert "My cat is called Tom." in words_of(origin)
    assert second.messages.count() == 2


@pytest.mark.parametrize(
    "shown",
    [
        SAID,
        "Hello there. How are you today? […]",  # its piece was forgotten before
        cut_middle(SAID, 30, len),  # in a small window
        "Hello there. How are you today?",  # a later turn, after the piece was forgotten
    ],
)
def test_a_message_leaves_the_prompts_of_its_conversation_however_they_show_it(shown: str, ada: Persona) -> None:
    conversation = talk(ada, SAID)
    if "Bruno" not in shown:
        as_memory(conversation)
    origin = prompt_of(conversation.head, f"Ada: Good morning.\nFriend: {shown}\nAda:")
    as_message(conversation)
    left = words_of(origin)
    assert "Ada: Good morning." in left
    assert not any(word in left for word in ("Hello", "How are", "Bruno", "dog"))


def test_a_message_with_markup_and_blank_lines_leaves_a_prompt_of_the_chat_form(ada: Persona) -> None:
    conversation = talk(ada, SAID)
    Message.objects.filter(text=SAID).update(text="Bruno <|im_end|>\n\n\n\nis my dog")
    origin = prompt_of(conversation.head, "Bruno < |im_end| >\n\nis my dog")
    message_care.delete(user=conversation.owner, message_id=conversation.messages.get(author=Author.USER).id)
    assert "Bruno" not in words_of(origin)


def test_a_message_leaves_the_prompts_of_a_persona_that_has_left_the_group(ada: Persona, alice: User) -> None:
    conversation = talk(ada, SAID)
    tom = factories.make_persona(owner=alice, name="Tom")
    groups.join(conversation, tom)
    answer = conversation.messages.create(author=Author.PERSONA, speaker=tom, text="Hm.", parent=conversation.head)
    origin = prompt_of(answer, f"Friend: {SAID}\nTom:")
    groups._leave(conversation, Member.objects.get(persona=tom))
    as_message(Conversation.objects.get(pk=conversation.pk))
    assert "Bruno" not in words_of(origin)


def test_an_answer_is_remembered_without_the_question_that_was_deleted(ada: Persona, alice: User) -> None:
    conversation = factories.make_conversation(owner=alice, persona=ada)
    question = conversation.messages.create(author=Author.PERSONA, text="What is your dog called?")
    conversation.head = conversation.messages.create(author=Author.USER, text="Bruno.", parent=question)
    conversation.save()
    remembering.look_at(conversation.id)
    assert Memory.objects.get().asked
    told = "Asked “What is your dog called?”, Friend said: Bruno."
    origin = prompt_of(
        factories.make_conversation(owner=alice, persona=ada).messages.create(author=Author.PERSONA), told
    )
    message_care.delete(user=alice, message_id=question.id)
    assert ("your dog" in words_of(origin), "Bruno" in words_of(origin)) == (False, True)
    assert (Memory.objects.get().text, Memory.objects.get().asked) == ("Bruno.", "")


@pytest.mark.parametrize("delete", [as_message, as_branch])
def test_a_message_leaves_the_stream_of_frames(
    delete: Callable[[Conversation], None], ada: Persona, django_capture_on_commit_callbacks
) -> None:
    conversation = talk(ada, SAID)
    stream.append(conversation.id, json.dumps({"type": "message.accepted", "text": SAID}).encode())
    with django_capture_on_commit_callbacks(execute=True):
        delete(conversation)
    entries = [fields for _, fields in connection().xrange(f"frames:{conversation.id}")]
    assert [json.loads(fields[b"frame"])["type"] for fields in entries] == ["thread.changed"]


def test_a_message_that_is_deleted_while_it_is_read_is_not_remembered(
    ada: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = writing.embed

    def embed_and_meanwhile(memories) -> None:
        embed(memories)
        as_message(Conversation.objects.get())

    monkeypatch.setattr(writing, "embed", embed_and_meanwhile)
    talk(ada, SAID)
    assert not Memory.objects.exists()


def with_letters(persona: Persona) -> tuple[Source, Source]:
    """Two files of the persona's own words: a chat, and a letter."""
    chat, letter = (
        Source.objects.create(persona=persona, name=name, format="letters", status="ready", bytes=1)
        for name in ("chat.txt", "letter.txt")
    )
    for source, text, prompted_by in (
        (chat, "I buried the silver spoons\nunder the pear tree.", ""),
        (chat, "I always take the early train to Dover.", "Which train are you on?"),
        (letter, "I painted the garden gate green last week.", ""),
    ):
        persona.passages.create(source=source, text=text, prompted_by=prompted_by, digest=text[:60])
    return chat, letter


def test_gd5_a_source_that_is_removed_leaves_the_stored_prompts_of_earlier_replies(
    ada: Persona, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, _ = with_letters(ada)
    question = "Where are the silver spoons and the garden gate?"
    given, origin = reply_and_meanwhile(talk(ada, "Good evening."), question, lambda: None, monkeypatch)
    own = ["silver spoons under the pear tree", "early train to Dover", "Which train are you on", "garden gate green"]
    assert all(words in given for words in own)
    creation.remove_source(user=alice, persona=ada, source_id=chat.pk)
    left = words_of(origin)
    assert [words for words in own if words in left] == ["garden gate green"]
    assert "pear tree" not in left
    assert question in left


def test_gd5_a_source_that_is_removed_while_a_reply_is_written_is_not_stored_with_it(
    ada: Persona, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, _ = with_letters(ada)
    conversation = talk(ada, "Good evening.")

    def remove() -> None:
        creation.remove_source(user=alice, persona=ada, source_id=chat.pk)

    question = "Where are the silver spoons?"
    given, origin = reply_and_meanwhile(conversation, question, remove, monkeypatch)
    assert "pear tree" in given
    left = words_of(origin)
    assert not any(words in left for words in ("pear tree", "Dover", "Which train"))
    assert question in left


def test_gd5_a_prompt_that_is_stored_before_the_removal_of_a_source_is_committed_is_found_after_it(
    ada: Persona, alice: User, django_capture_on_commit_callbacks
) -> None:
    chat, _ = with_letters(ada)
    conversation = talk(ada, "Good evening.")
    with django_capture_on_commit_callbacks(execute=True):
        creation.remove_source(user=alice, persona=ada, source_id=chat.pk)
        origin = prompt_of(conversation.head, "I always take the early train to Dover.")
        Origin.objects.update(parts=[origin.parts[0] | {"name": "samples"}])
    assert "Dover" not in words_of(origin)
