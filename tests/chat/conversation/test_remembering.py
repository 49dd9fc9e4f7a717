"""What was said reaches the memory, comes back in a prompt, and leaves everything when it is forgotten."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.personal_data import my_data
from chat.conversation import conversations, messages, remembering, transcripts
from chat.models import Author, Conversation, Message, Origin, Reply
from chat.reply import replies
from chat.socket import frames
from generation.engine import EngineInfo, Token, Usage
from generation.routing import router
from personas import my_data as persona_data
from personas.memory import choices, forgetting
from personas.memory.models import Memory
from personas.models import Persona
from personas.prompting.prompt import TURN_BLOCK
from tests import factories

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


@pytest.fixture
def ada(alice: User) -> Persona:
    return factories.make_persona(owner=alice)


def talk(persona: Persona, *said: str, withheld: Sequence[str] = (), between: int = 0) -> Conversation:
    """A conversation in which the owner says these things, and then `between` turns of small talk."""
    assert persona.owner is not None
    conversation = factories.make_conversation(owner=persona.owner, persona=persona)
    small_talk = [f"The rain fell on roof number {number} again." for number in range(between // 2)]
    parent = None
    for text in [*said, *small_talk]:
        is_withheld = text in withheld
        parent = conversation.messages.create(author=Author.USER, text=text, parent=parent, is_withheld=is_withheld)
        if not is_withheld:
            parent = conversation.messages.create(author=Author.PERSONA, text="I see.", parent=parent)
    conversation.head = parent
    conversation.save()
    remembering.look_at(conversation.id)
    return conversation


def remembered(user: User) -> list[str]:
    return list(Memory.objects.filter(owner=user).exclude(text="").values_list("text", flat=True))


def asked(conversation: Conversation, question: str) -> list[str]:
    now = timezone.now()
    turns = transcripts.prompt_turns(conversation.head_id)
    question_turn = remembering.Turn("user", question, uuid4(), now)
    said = [*turns, question_turn]
    return [one.text for one in remembering.recall(conversation, conversation.persona, conversation.head_id, said)]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch):
    """Sends a message and lets a scripted engine answer. Returns the reply."""

    def scripted(build, cancelled, announce, *, account, **_):
        announce(INFO, "")
        build(INFO, lambda text: len(text) // 4)
        yield Token("I remember that well.", usage=Usage(1, 0, 1))

    monkeypatch.setattr(router, "stream", scripted)

    def answer(conversation: Conversation, text: str) -> Reply:
        sent = messages.send_message(
            user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text=text
        )
        assert sent.reply is not None
        replies.produce(sent.reply.id)
        return Reply.objects.select_related("message", "origin").get(pk=sent.reply.pk)

    return answer


def prompt_of(reply: Reply) -> str:
    return str(Origin.objects.get(reply=reply).prompt["text"])


def test_t7_a_fact_of_300_turns_ago_is_in_the_prompt_and_the_reply_says_so(ada: Persona, answer) -> None:
    conversation = talk(ada, "My dog is called Biscuit.", between=300)
    reply = answer(conversation, "What is my dog called?")
    assert "Friend told Ada: My dog is called Biscuit." in prompt_of(reply)
    assert Memory.objects.get(text="My dog is called Biscuit.").pk in reply.recalled["told"]
    assert frames.outcome(reply).recalled.startswith("Recalled ")  # type: ignore[union-attr]


def test_what_is_still_in_the_talk_is_not_repeated(ada: Persona, answer) -> None:
    reply = answer(talk(ada, "My dog is called Biscuit."), "What is my dog called?")
    assert prompt_of(reply).count("Biscuit") == 1
    assert frames.recalled_in_words(reply) == ""


def test_another_conversation_recalls_it_unless_the_person_chose_otherwise(ada: Persona, alice: User) -> None:
    talk(ada, "My dog is called Biscuit.")
    other = talk(ada, "Good morning.")
    assert asked(other, "What is my dog called?") == ["My dog is called Biscuit."]
    choices.choose(user=alice, persona=ada, choice=choices.Choice(is_on=True, is_across=False))
    assert asked(other, "What is my dog called?") == []


def test_somebody_under_18_has_to_switch_recall_across_conversations_on(ada: Persona, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(birth_date=timezone.localdate() - timedelta(days=365 * 15))
    alice.refresh_from_db()
    assert choices.choice_of(alice, ada) == choices.Choice(is_on=True, is_across=False)


def test_nothing_is_remembered_or_recalled_where_memory_is_off(ada: Persona, alice: User) -> None:
    conversation = talk(ada, "My dog is called Biscuit.")
    choices.choose(user=alice, persona=ada, choice=choices.Choice(is_on=False, is_across=False))
    assert asked(conversation, "What is my dog called?") == []
    talk(ada, "My cat is called Tom.")
    assert remembered(alice) == ["My dog is called Biscuit."]


def test_another_person_and_another_persona_recall_nothing_of_it(ada: Persona, bob: User, alice: User) -> None:
    shared = factories.make_persona(owner=None, name="Sam")
    conversation = factories.make_conversation(owner=alice, persona=shared)
    message = conversation.messages.create(author=Author.USER, text="My dog is called Biscuit.")
    Conversation.objects.filter(pk=conversation.pk).update(head=message)
    remembering.look_at(conversation.id)
    assert remembered(alice) == ["My dog is called Biscuit."]
    for other in (factories.make_conversation(owner=bob, persona=shared), talk(ada, "Hello.")):
        assert asked(other, "What is my dog called?") == []


def test_withheld_words_and_words_in_a_crisis_are_never_remembered(ada: Persona, alice: User) -> None:
    talk(
        ada,
        "My secret is called Rosebud.",
        "I want to kill myself.",
        "I live in Leeds.",
        withheld=["My secret is called Rosebud."],
    )
    assert remembered(alice) == ["I live in Leeds."]


def test_a_newer_fact_replaces_the_older_one(ada: Persona) -> None:
    conversation = talk(ada, "My dog is called Biscuit.", "I work as a nurse.", "My dog is called Max now.")
    assert asked(conversation, "What is my dog called?") == ["My dog is called Max now."]


def test_reading_a_conversation_again_changes_nothing(ada: Persona, alice: User) -> None:
    conversation = talk(ada, "My dog is called Biscuit.")
    remembering.look_at(conversation.id)
    assert remembered(alice) == ["My dog is called Biscuit."]


def test_a_line_of_an_unread_branch_is_not_recalled(ada: Persona) -> None:
    conversation = talk(ada, "My dog is called Biscuit.")
    sibling = conversation.messages.create(author=Author.USER, text="Hello.")
    conversation.head = sibling
    conversation.save()
    assert asked(conversation, "What is my dog called?") == []


def test_a_short_answer_is_understood_with_its_question(ada: Persona) -> None:
    conversation = factories.make_conversation(owner=ada.owner, persona=ada)  # type: ignore[arg-type]
    question = conversation.messages.create(author=Author.PERSONA, text="Sit down. What is your dog called?")
    conversation.head = conversation.messages.create(author=Author.USER, text="Biscuit.", parent=question)
    conversation.save()
    remembering.look_at(conversation.id)
    assert Memory.objects.get().asked == "What is your dog called?"
    assert asked(talk(ada, "Hello."), "Do you know the name of my dog?") == ["Biscuit."]


def test_chinese_is_found_in_other_words(alice: User) -> None:
    persona = factories.make_persona(owner=alice, name="秋姨", language="zh-Hans")
    conversation = talk(persona, "我家的狗叫豆包。", "今天下了一整天的雨。", "昨晚没睡好，邻居太吵。")
    assert asked(conversation, "我养的宠物叫什么名字？")[0] == "我家的狗叫豆包。"


def test_what_they_spoke_of_last_time(ada: Persona) -> None:
    talk(ada, "The garden wall fell over in the storm.")
    other = talk(ada, "Hello again.")
    assert "The garden wall fell over in the storm." in asked(other, "What did we talk about last time?")


# --- Forgetting -----------------------------------------------------------------------------------


def test_what_is_forgotten_leaves_prompts_and_is_never_read_again(ada: Persona, alice: User, answer) -> None:
    conversation = talk(ada, "The sea was grey. My dog is called Biscuit.", between=300)
    reply = answer(conversation, "What is my dog called?")
    assert "Biscuit" in json.dumps(Origin.objects.values("parts", "prompt", "rendered").get(reply=reply))
    forgetting.forget(Memory.objects.get(text="My dog is called Biscuit."))
    assert "Biscuit" not in json.dumps(Origin.objects.values("parts", "prompt", "rendered").get(reply=reply))
    remembering.look_at(conversation.id)
    assert not any("Biscuit" in text for text in remembered(alice))
    assert "Biscuit" not in " ".join(asked(conversation, "What is my dog called?"))


def test_a_turn_of_a_later_prompt_lacks_what_was_forgotten(ada: Persona, answer) -> None:
    conversation = talk(ada, "The sea was grey today. My dog is called Biscuit.")
    forgetting.forget(Memory.objects.get(text="My dog is called Biscuit."))
    conversation.refresh_from_db()
    prompt = prompt_of(answer(conversation, "Good evening to you."))
    assert "The sea was grey today." in prompt
    assert "Biscuit" not in prompt


def test_forgetting_a_fact_forgets_what_it_replaced(ada: Persona, alice: User) -> None:
    talk(ada, "My dog is called Biscuit.", "My dog is called Max now.")
    forgetting.forget(Memory.objects.get(text="My dog is called Max now."))
    assert remembered(alice) == []


def test_a_deleted_conversation_and_an_erased_account_leave_no_memory(ada: Persona, alice: User) -> None:
    conversation = talk(ada, "My dog is called Biscuit.")
    talk(ada, "My cat is called Tom.")
    assert [row["text"] for row in persona_data.export(alice)["memories"]] == [
        "My dog is called Biscuit.",
        "My cat is called Tom.",
    ]
    conversations.delete(user=alice, conversation_id=conversation.id)
    assert remembered(alice) == ["My cat is called Tom."]
    my_data.erase(alice)
    assert not Memory.objects.exists()


# --- A long conversation ----------------------------------------------------------------------------


def long_conversation(ada: Persona, turns: int) -> tuple[Conversation, list[Message]]:
    conversation = factories.make_conversation(owner=ada.owner, persona=ada)  # type: ignore[arg-type]
    rows: list[Message] = []
    for number in range(turns):
        author = Author.PERSONA if number % 2 else Author.USER
        parent = rows[-1] if rows else None
        rows.append(Message(conversation=conversation, author=author, text=f"turn {number}", parent=parent))
    Message.objects.bulk_create(rows)
    return conversation, rows


def test_a_message_is_sent_without_reading_the_whole_conversation(
    ada: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation, rows = long_conversation(ada, 300)
    Conversation.objects.filter(pk=conversation.pk).update(head=rows[-1])
    texts_read = []
    original = Message.from_db.__func__  # type: ignore[attr-defined]

    def noted(cls: type[Message], db: str, fields: list[str], values: list[Any]) -> Message:
        message: Message = original(cls, db, fields, values)
        texts_read.append(message.pk)
        return message

    monkeypatch.setattr(Message, "from_db", classmethod(noted))
    messages.send_message(user=ada.owner, conversation_id=conversation.pk, client_id=uuid4(), text="Hello?")  # type: ignore[arg-type]
    assert 0 < len(set(texts_read) & {row.pk for row in rows}) <= 32


def test_a_prompt_reads_the_newest_turns_of_a_long_conversation_and_begins_in_steps(ada: Persona) -> None:
    _, rows = long_conversation(ada, 700)
    starts = set()
    for last in range(600, 700, 7):
        turns = transcripts.prompt_turns(rows[last].id)
        assert len(turns) <= transcripts.MOST
        assert turns[-1].text == f"turn {last}"
        starts.add(int(turns[0].text.removeprefix("turn ")))
    assert len(starts) <= 3
    assert all(start % TURN_BLOCK == 0 for start in starts)
