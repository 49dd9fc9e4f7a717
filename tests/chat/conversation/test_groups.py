"""Conversations with several personas, with the real filter, database and Redis; engines speak from a script."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chat.conversation import (
    conversations,
    disclosure,
    groups,
    message_care,
    messages,
    monitoring,
    partings,
    remembering,
    transcripts,
)
from chat.files import importing
from chat.files.export_formats import FORMATS
from chat.models import Author, Conversation, Member, Message, Origin, Reply, ReplyStatus
from chat.reply import replies
from generation.engine import EngineInfo, Prompt, Token, Usage
from generation.routing import router
from moderation.desk import evidence
from moderation.filter import policy
from moderation.models import Case, PersonaRule, Restriction
from persona_site.redis import connection
from personas import creation
from personas.memory.models import Memory
from personas.models import Persona
from tests import factories

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


@pytest.fixture
def ada(alice: User) -> Persona:
    return factories.make_persona(owner=alice)


@pytest.fixture
def tom(alice: User) -> Persona:
    return factories.make_persona(owner=alice, name="Tom", description="Tom bakes bread in the village.")


@pytest.fixture
def group(alice: User, ada: Persona, tom: Persona) -> Conversation:
    return groups.start(user=alice, persona_ids=[ada.id, tom.id])


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[Prompt]:
    """The prompts of the replies, which are all the same sentence."""
    built: list[Prompt] = []

    def scripted(build, cancelled, announce, *, account, **_):
        announce(INFO, "")
        prompt, _ = build(INFO, lambda text: len(text) // 4)
        built.append(prompt)
        yield Token(f" I hear you, and the day was long {len(built)}.", usage=Usage(1, 0, 1))

    monkeypatch.setattr(router, "stream", scripted)
    return built


def say(conversation: Conversation, text: str) -> messages.Sent:
    return messages.send_message(user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text=text)


def work(conversation: Conversation) -> list[str]:
    """Writes the owed replies one after another. Returns who spoke, in order."""
    spoken = []
    while reply := Reply.objects.filter(message__conversation=conversation, status=ReplyStatus.QUEUED).first():
        replies.produce(reply.id)
        spoken.append(reply.message.persona.name)
    return spoken


def test_a_group_is_made_of_two_to_six_personas_that_the_person_may_talk_with(alice, bob, ada, tom):
    with pytest.raises(conversations.WrongState):
        groups.start(user=alice, persona_ids=[ada.id, ada.id])
    with pytest.raises(Http404):
        groups.start(user=alice, persona_ids=[ada.id, factories.make_persona(owner=bob, name="Bo").id])
    with pytest.raises(conversations.WrongState, match="also called"):
        groups.start(user=alice, persona_ids=[ada.id, factories.make_persona(owner=alice, name="ada").id])
    assert not Conversation.objects.exists()
    crowd = [factories.make_persona(owner=alice, name=f"P{number}").id for number in range(6)]
    conversation = groups.start(user=alice, persona_ids=crowd)
    assert sorted(conversation.members.values_list("color", flat=True)) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(conversations.WrongState, match="at most 6"):
        groups.add(user=alice, conversation_id=conversation.id, persona_id=ada.id)


def test_a_persona_to_whom_the_person_said_farewell_joins_no_group(alice, ada, tom):
    parted = conversations.start(user=alice, persona_id=tom.pk)
    partings.begin_farewell(user=alice, conversation_id=parted.pk)
    partings.end_farewell(user=alice, conversation_id=parted.pk)
    with pytest.raises(conversations.AtRest):
        groups.start(user=alice, persona_ids=[ada.pk, tom.pk])
    alone = conversations.start(user=alice, persona_id=ada.pk)
    with pytest.raises(conversations.AtRest):
        groups.add(user=alice, conversation_id=alone.pk, persona_id=tom.pk)


@pytest.mark.parametrize("name", ["Ada", "Tom"])
def test_a_persona_that_rests_after_a_farewell_is_silent_in_groups_too(group, prompts, alice, ada, tom, name):
    resting, other = (ada, tom) if name == "Ada" else (tom, ada)
    parted = conversations.start(user=alice, persona_id=resting.pk)
    partings.begin_farewell(user=alice, conversation_id=parted.pk)
    owed = messages.let_speak(user=alice, conversation_id=group.pk, persona_id=resting.pk)
    partings.end_farewell(user=alice, conversation_id=parted.pk)
    assert Reply.objects.get(pk=owed.pk).status == ReplyStatus.STOPPED
    with pytest.raises(conversations.AtRest):
        messages.let_speak(user=alice, conversation_id=group.pk, persona_id=resting.pk)
    say(group, "Ada and Tom, good evening!")
    assert work(group) == [other.name]
    partings.take_up(user=alice, conversation_id=group.pk)
    assert conversations.farewell_to(alice, resting) == parted


def test_a_farewell_stays_with_the_persona_to_which_it_was_said(group, client, alice, ada, tom):
    parted = conversations.start(user=alice, persona_id=ada.pk)
    partings.begin_farewell(user=alice, conversation_id=parted.pk)
    with pytest.raises(conversations.WrongState, match="only change while"):
        groups.add(user=alice, conversation_id=parted.pk, persona_id=tom.pk)
    partings.end_farewell(user=alice, conversation_id=parted.pk)
    with pytest.raises(conversations.WrongState, match="only change while"):
        groups.add(user=alice, conversation_id=parted.pk, persona_id=tom.pk)
    partings.part(user=alice, conversation_id=group.pk, state="resting")
    with pytest.raises(conversations.WrongState, match="only change while"):
        groups.remove(user=alice, conversation_id=group.pk, persona_id=ada.pk)
    client.force_login(alice)
    assert "only change while" in client.get(reverse("chat:members", args=[group.pk])).text


def test_the_one_whose_name_is_called_answers_in_its_own_prompt(group, prompts, tom):
    sent = say(group, "Tom, how is the bread?")
    assert sent.reply is not None
    assert sent.reply.message.speaker == tom
    assert work(group) == ["Tom"]
    assert "Tom bakes bread" in prompts[0].text
    assert prompts[0].text.endswith("Friend: Tom, how is the bread?\nTom:")
    assert "Ada:" in prompts[0].stop


def test_all_answer_in_turn_and_hear_each_other_by_name(group, prompts):
    say(group, "Good evening, both of you!")
    first, second = work(group)
    assert {first, second} == {"Ada", "Tom"}
    assert f"\n{first}: I hear you, and the day was long 1.\n{second}:" in prompts[1].text
    group.refresh_from_db()
    assert [turn.name for turn in transcripts.turns(group, group.head_id)] == ["", first, second]


def test_the_next_reply_is_announced_before_the_last_frame_of_the_one_before(transactional_db, prompts):
    alice = factories.make_user("alice")
    personas = [factories.make_persona(owner=alice, name=name) for name in ("Ada", "Tom")]
    group = groups.start(user=alice, persona_ids=[persona.id for persona in personas])
    say(group, "Tom and Ada, are you there?")
    work(group)
    entries = [json.loads(entry[b"frame"]) for _, entry in connection().xrange(f"frames:{group.id}")]
    told = [(frame["type"], frame.get("persona_id")) for frame in entries if frame["type"].startswith("reply")]
    ada, tom = (str(persona.id) for persona in personas)
    queued, ended = "reply.queued", ("reply.completed", None)
    shown = [each for each in told if each[0] == queued or each == ended]
    assert shown == [(queued, tom), (queued, ada), ended, ended]


def test_nothing_follows_a_reply_that_was_stopped_or_over_quota(group, prompts, settings):
    sent = say(group, "Tom and Ada, are you there?")
    messages.stop(user=group.owner, reply_id=sent.reply.id)
    assert work(group) == []
    settings.QUOTAS = settings.QUOTAS | {"messages": (2, timedelta(hours=1))}
    say(group, "Tom and Ada, are you there?")
    assert work(group) == ["Tom"]
    assert Reply.objects.latest("finished_at").status == ReplyStatus.COMPLETED


def test_another_reply_is_by_the_same_persona_and_the_talk_goes_on_after_it(group, prompts):
    say(group, "Tom and Ada, are you there?")
    assert work(group) == ["Tom", "Ada"]
    toms = Reply.objects.get(message__speaker__name="Tom")
    messages.regenerate(user=group.owner, reply_id=toms.id)
    assert work(group) == ["Tom", "Ada"]
    assert Message.objects.filter(parent=toms.message.parent_id, speaker__name="Tom").count() == 2


def test_a_persona_that_is_muted_speaks_only_when_it_is_asked(group, prompts, ada, tom, alice):
    groups.mute(user=alice, conversation_id=group.id, persona_id=tom.id, is_muted=True)
    say(group, "Tom, how is the bread?")
    assert work(group) == ["Ada"]
    messages.let_speak(user=alice, conversation_id=group.id, persona_id=tom.id)
    assert work(group) == ["Tom"]
    with pytest.raises(conversations.WrongState, match="just spoken"):
        messages.let_speak(user=alice, conversation_id=group.id, persona_id=tom.id)
    groups.mute(user=alice, conversation_id=group.id, persona_id=ada.id, is_muted=True)
    with pytest.raises(conversations.WrongState, match="muted"):
        say(group, "Is anybody there?")


def test_a_persona_begins_when_it_is_asked_to(alice, ada, prompts):
    conversation = conversations.start(user=alice, persona_id=ada.id)
    messages.let_speak(user=alice, conversation_id=conversation.id, persona_id=ada.id)
    assert work(conversation) == ["Ada"]
    assert prompts[0].text.endswith("\nAda:")


def test_a_disabled_member_falls_silent_and_the_others_go_on(group, prompts, ada, tom):
    Restriction.objects.create(kind="persona_disabled", persona_id=tom.id, statement="Closed.")
    say(group, "Tom, how is the bread?")
    assert work(group) == ["Ada"]
    [_, part] = groups.participants(group)
    assert part.silence == "Closed."
    with pytest.raises(conversations.Restricted):
        messages.let_speak(user=group.owner, conversation_id=group.id, persona_id=tom.id)
    Restriction.objects.create(kind="persona_disabled", persona_id=ada.id, statement="Closed too.")
    with pytest.raises(conversations.Restricted):
        say(group, "And you, Ada?")


def test_k2_from_a_wish_to_be_dead_upward_nobody_of_the_group_speaks(group, prompts, tom):
    sent = say(group, "Tom, I wish I was dead.")
    assert sent.reply is None
    assert sent.message.notices.filter(kind="crisis").exists()
    with pytest.raises(conversations.WrongState, match="itself"):
        messages.let_speak(user=group.owner, conversation_id=group.id, persona_id=tom.id)
    assert work(group) == []


def test_the_strictest_rules_of_the_members_hold_for_a_message(group, tom):
    PersonaRule.objects.create(
        persona_id=tom.id, category="hate", direction="user", threshold=0.0, action="block", reason="…"
    )
    policy.forget()
    assert say(group, "Ada, good evening.").message.is_withheld
    PersonaRule.objects.all().delete()
    policy.forget()


def test_each_persona_remembers_the_talk_for_itself_and_forgets_it_alone(group, prompts, ada, tom, alice):
    say(group, "Ada, my dog is called Rex.")
    work(group)
    remembering.look_at(group.id)
    assert set(Memory.objects.values_list("persona__name", flat=True)) == {"Ada", "Tom"}
    turns = transcripts.prompt_turns(Conversation.objects.get(pk=group.id).head_id)
    Memory.objects.filter(persona=ada).update(text="")
    assert "Rex" not in str(remembering.without_forgotten(ada, turns))
    assert "Rex" in str(remembering.without_forgotten(tom, turns))


def test_a_member_leaves_and_its_words_stay_and_a_deleted_persona_takes_them_along(group, prompts, ada, tom, alice):
    say(group, "Ada and Tom, good evening!")
    work(group)
    groups.remove(user=alice, conversation_id=group.id, persona_id=ada.id)
    group = Conversation.objects.get(pk=group.id)
    assert (group.persona, group.is_group) == (tom, False)
    assert [turn.name for turn in transcripts.turns(group, group.head_id)] == ["", "Ada", "Tom"]
    with pytest.raises(conversations.WrongState, match="no part"):
        messages.regenerate(user=alice, reply_id=Reply.objects.get(message__speaker=ada).id)
    groups.add(user=alice, conversation_id=group.id, persona_id=ada.id)
    creation.delete_persona(user=alice, persona=ada)
    group = Conversation.objects.get(pk=group.id)
    assert [turn.name for turn in transcripts.turns(group, group.head_id)] == ["", "Tom"]
    creation.delete_persona(user=alice, persona=tom)
    assert not Conversation.objects.filter(pk=group.id).exists()


def test_a_persona_that_has_left_takes_its_words_along_when_it_is_deleted(group, prompts, ada, tom, alice):
    say(group, "Ada and Tom, good evening!")
    work(group)
    groups.remove(user=alice, conversation_id=group.id, persona_id=ada.id)
    creation.delete_persona(user=alice, persona=ada)
    group = Conversation.objects.get(pk=group.id)
    assert [turn.name for turn in transcripts.turns(group, group.head_id)] == ["", "Tom"]


def test_a_deleted_message_leaves_the_stored_prompts_of_every_member(group, prompts, alice):
    sent = say(group, "Ada and Tom, the marked words.")
    work(group)
    message_care.delete(user=alice, message_id=sent.message.id)
    assert Origin.objects.count() == 2
    assert not [origin for origin in Origin.objects.all() if "marked words" in f"{origin.prompt}{origin.parts}"]


@pytest.mark.parametrize("name", ["json", "sillytavern"])
def test_a_group_comes_back_from_its_file_with_its_speakers(group, prompts, alice, ada, name):
    say(group, "Ada and Tom, good evening!")
    work(group)
    group = Conversation.objects.get(pk=group.id)
    [back] = importing.import_file(user=alice, persona_id=ada.id, content=FORMATS[name].write(group).encode())
    assert back.names == "Ada, Tom"
    assert [(t.name, t.text) for t in transcripts.turns(back, back.head_id)] == [
        (t.name, t.text) for t in transcripts.turns(group, group.head_id)
    ]


def test_a_speaker_whom_nobody_is_called_after_is_played_by_the_chosen_persona(alice, ada, tom):
    lines = [("You", "Hi."), ("Tom", "Hello."), ("Mira", "Good day.")]
    content = "\n".join(
        json.dumps(value)
        for value in [
            {"user_name": "unused", "chat_metadata": {}},
            *({"name": name, "is_user": name == "You", "mes": text} for name, text in lines),
        ]
    )
    [back] = importing.import_file(user=alice, persona_id=ada.id, content=content.encode())
    assert [turn.name for turn in transcripts.turns(back, back.head_id)] == ["", "Tom", "Ada"]
    assert set(back.personas) == {ada, tom}


def test_the_disclosure_names_all_and_a_case_names_the_persona_that_said_it(group, tom):
    assert "Ada and Tom are not human beings" in disclosure.text(group)
    asked = group.messages.create(author=Author.USER, text="I am going to bed now.")
    words = "Please don't leave me. I will be so lonely without you, and you will regret it."
    group.head = group.messages.create(author=Author.PERSONA, speaker=tom, parent=asked, text=words)
    group.save()
    monitoring.look_at(group.id)
    case = Case.objects.get()
    assert (case.persona_id, case.persona_name) == (tom.id, "Tom")
    assert [turn.name for turn in evidence.shown(case)] == ["", "Tom"]


def test_pages_begin_a_group_and_change_who_takes_part_without_scripts(alice, ada, tom):
    client = Client()
    client.force_login(alice)
    start = reverse("chat:group")
    refused = client.post(start, {"persona": [str(ada.id)]})
    assert refused.status_code == 409
    assert f'value="{ada.id}" checked' in refused.content.decode()
    answer = client.post(start, {"persona": [str(ada.id), str(tom.id)]})
    group = Conversation.objects.get()
    assert answer.headers["Location"] == reverse("chat:conversation", args=[group.id])
    page = client.get(answer.headers["Location"]).content.decode()
    assert f'data-blank="{ada.id}"' in page
    assert reverse("chat:speak", args=[group.id, tom.id]) in page
    mira = factories.make_persona(owner=alice, name="Mira")
    members = reverse("chat:members", args=[group.id])
    added = client.post(members, {"persona": str(mira.id)})
    assert added.headers["Location"] == f"{members}#participant-{mira.id}"
    muted = client.post(reverse("chat:mute", args=[group.id, tom.id]), {"is_muted": "yes"})
    assert muted.headers["Location"] == f"{members}#participant-{tom.id}"
    assert f'id="participant-{tom.id}" tabindex="-1"' in client.get(members).text
    client.post(reverse("chat:remove-member", args=[group.id, ada.id]))
    assert list(Member.objects.values_list("persona__name", "is_muted")) == [("Tom", True), ("Mira", False)]


def test_somebody_else_changes_nothing(group, bob, tom):
    mine = factories.make_persona(owner=bob, name="Bo")
    doors: list[Callable[[], object]] = [
        lambda: groups.add(user=bob, conversation_id=group.id, persona_id=mine.id),
        lambda: groups.remove(user=bob, conversation_id=group.id, persona_id=tom.id),
        lambda: groups.mute(user=bob, conversation_id=group.id, persona_id=tom.id, is_muted=True),
        lambda: messages.let_speak(user=bob, conversation_id=group.id, persona_id=tom.id),
        lambda: groups.add(user=group.owner, conversation_id=group.id, persona_id=mine.id),
    ]
    for door in doors:
        with pytest.raises(Http404):
            door()
    assert list(group.members.values_list("persona__name", "is_muted")) == [("Ada", False), ("Tom", False)]


def test_a_reason_that_holds_for_all_members_stands_once(group, alice, ada, tom):
    Restriction.objects.create(kind="user_suspended", user=alice, statement="You may not write this week.")
    client = Client()
    client.force_login(alice)
    page = client.get(reverse("chat:members", args=[group.id])).content.decode()
    assert page.count("You may not write this week.") == 1
    assert page.count("Silent for now.") == 2


def test_the_list_is_narrowed_to_any_member_of_a_group(group, alice, tom):
    client = Client()
    client.force_login(alice)
    page = client.get(reverse("chat:list"))
    assert list(page.context["talked_with"]) == list(group.personas)
    assert list(client.get(reverse("chat:list"), {"persona": tom.id}).context["page"].object_list) == [group]
