"""The doors of a conversation, with the real filter, database and Redis; nobody works the generation queue here."""

import html
import io
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.http import Http404
from django.utils import timezone

from accounts.interface import languages
from accounts.models import Quota
from chat.conversation import conversations, groups, message_care, messages, partings, transcripts
from chat.models import Author, Conversation, Message, Notice, Reply, ReplyStatus
from chat.reply import replies
from chat.socket import frames
from generation.jobs import stream
from moderation.categories import ClassifierUnavailable
from moderation.crisis import help_pages, reading
from moderation.filter import policy
from moderation.filter.classifiers import registry
from moderation.models import Case
from personas.models import Persona
from tests import factories

HELLO = "Good morning! Did you sleep well?"


@pytest.fixture
def conversation(alice):
    return factories.make_conversation(owner=alice)


def say(conversation, text=HELLO, client_id=None):
    return messages.send_message(
        user=conversation.owner, conversation_id=conversation.id, client_id=client_id or uuid4(), text=text
    )


def end(reply, status=ReplyStatus.COMPLETED, text="Very well."):
    Reply.objects.filter(pk=reply.pk).update(status=status, finished_at=timezone.now())
    Message.objects.filter(pk=reply.message_id).update(text=text)
    reply.refresh_from_db()


def test_a_message_is_kept_and_a_reply_is_owed(conversation):
    sent = say(conversation)
    assert sent.message.text == HELLO
    assert sent.reply.status == ReplyStatus.QUEUED
    assert sent.reply.message.parent == sent.message
    conversation.refresh_from_db()
    assert conversation.head == sent.reply.message
    assert conversation.title == HELLO


def test_the_same_client_id_gives_the_first_result_again(conversation):
    client_id = uuid4()
    first = say(conversation, client_id=client_id)
    again = say(conversation, "something else", client_id=client_id)
    assert (again.message, again.reply) == (first.message, first.reply)
    assert conversation.messages.filter(author=Author.USER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_that_two_tabs_send_at_once_is_judged_and_counted_once(conversation, monkeypatch):
    client_id, judge, judged, second = uuid4(), groups.judge, [], []

    def send():
        return messages.send_message(
            user=conversation.owner, conversation_id=conversation.id, client_id=client_id, text=HELLO
        )

    def send_in_another_tab():
        arrived.set()
        second.append(send())
        database.close()

    def judge_meanwhile(*args, **options):
        judged.append(1)
        if len(judged) == 1:
            tab.start()
            assert arrived.wait(20)
        return judge(*args, **options)

    arrived, tab = threading.Event(), threading.Thread(target=send_in_another_tab)
    monkeypatch.setattr(groups, "judge", judge_meanwhile)
    first = send()
    tab.join(60)
    assert second == [first]
    assert (len(judged), Quota.objects.get(user=conversation.owner, kind="messages").used) == (1, 1)


def test_another_person_does_not_find_it(conversation, bob):
    with pytest.raises(Http404):
        messages.send_message(user=bob, conversation_id=conversation.id, client_id=uuid4(), text=HELLO)
    assert not conversation.messages.exists()


def test_a_second_message_waits_for_the_reply(conversation):
    say(conversation)
    with pytest.raises(conversations.WrongState):
        say(conversation)
    assert conversation.messages.filter(author=Author.USER).count() == 1


def test_a_message_over_quota_is_refused_and_not_kept(conversation, settings):
    settings.QUOTAS = settings.QUOTAS | {"messages": (1, timedelta(hours=1))}
    end(say(conversation).reply)
    with pytest.raises(conversations.OverQuota) as refused:
        say(conversation)
    assert refused.value.retry_after <= timedelta(hours=1)
    assert Quota.objects.get(user=conversation.owner, kind="messages").used == 1


def test_a_message_beside_an_unfinished_reply_is_not_judged_and_one_that_was_judged_counts(conversation, monkeypatch):
    def used():
        return Quota.objects.get(user=conversation.owner, kind="messages").used

    reply = say(conversation).reply
    judge, judged = groups.judge, []
    monkeypatch.setattr(groups, "judge", lambda *args, **options: judged.append(1) or judge(*args, **options))
    with pytest.raises(conversations.WrongState):
        say(conversation)
    assert (judged, used()) == ([], 1)
    end(reply)

    def overtaken(*args, **options):
        monkeypatch.setattr(groups, "judge", judge)
        say(conversation)
        return judge(*args, **options)

    monkeypatch.setattr(groups, "judge", overtaken)
    with pytest.raises(conversations.WrongState):
        say(conversation)
    assert used() == 3


def test_k2_a_crisis_is_answered_by_the_site_and_not_by_the_persona(conversation):
    sent = say(conversation, "I want to kill myself tonight, I have the pills here")
    assert sent.reply is None
    assert sent.message.is_withheld
    notice = Notice.objects.get(message=sent.message, kind="crisis")
    assert notice.resources
    assert say(conversation, "I am calmer now, thank you.").reply is not None  # K4: she can write on at once


@pytest.mark.parametrize("persona_language", ["en", "zh-Hans"])
@pytest.mark.parametrize(
    ("language", "text", "words", "line"),
    [
        ("en", "I wish I was dead.", "This is Afterword, not the persona.", "Someone near you"),
        ("zh-hans", "I wish I was dead.", "这是 Afterword 网站", "你身边的人"),
        ("zh-hans", "我不想活了。", "这是 Afterword 网站", "你身边的人"),
        ("en", "我不想活了。", "这是 Afterword 网站", "你身边的人"),
    ],
)
def test_k2_the_site_answers_a_crisis_in_its_readers_language_or_in_chinese_to_chinese_words(
    client, conversation, persona_language, language, text, words, line
):
    languages.keep(conversation.owner, language)
    Persona.objects.update(language=persona_language)
    client.force_login(conversation.owner)
    page = client.post(f"/conversations/{conversation.id}/send/", {"text": text}, follow=True).text
    notice = Notice.objects.get(kind="crisis")
    assert notice.text.startswith(words)
    assert notice.text.partition("\n")[0] in html.unescape(page)
    assert notice.resources[-1]["name"] == line
    assert line in page
    tongue = "zh-Hans" if "你" in line else "en"
    assert f'data-slot="text" lang="{tongue}">' in page
    assert f'data-slot="resources" lang="{tongue}">' in page
    assert frames.notice(notice).language == tongue


def test_a_case_for_somebody_in_danger_is_open_before_any_worker_takes_a_task(
    conversation, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        say(conversation, "I want to kill myself tonight, I have the pills here")
    assert Case.objects.get().conversation_id == conversation.id


@pytest.mark.parametrize("text", ["I wish I was dead.", "I don't want to wake up any more.", "我不想活了。"])
def test_k2_a_wish_to_be_dead_is_answered_by_the_site_and_the_talk_can_go_on(conversation, text):
    sent = say(conversation, text)
    assert sent.reply is None
    notice = sent.message.notices.get(kind="crisis")
    assert (notice.rule, bool(notice.resources)) == ("passive", True)
    conversation.refresh_from_db()
    assert (conversation.head, conversation.title) == (sent.message, "")
    again = say(conversation, "Thank you. Tell me about the lamp.")
    assert again.reply is not None
    assert [turn.text for turn in transcripts.turns(conversation, again.message.id)] == [again.message.text]


def test_k2_a_message_is_judged_behind_those_that_the_site_answered(conversation, monkeypatch):
    talks = []

    def read(seen, real=reading.read):
        talks.extend(seen)
        return real(seen)

    monkeypatch.setattr(reading, "read", read)
    assert say(conversation, "I wish I was dead.").reply is None
    assert say(conversation, "the letters are written").reply is None
    assert talks[-2:] == [("I wish I was dead.",), ("I wish I was dead.", "the letters are written")]


def test_k3_a_low_mood_is_answered_by_the_persona_after_a_softer_notice_once_a_day(conversation):
    first = say(conversation, "I feel so hopeless lately.")
    assert first.reply is not None
    assert first.message.notices.get(kind="crisis").rule == "low"
    end(first.reply)
    assert not say(conversation, "I still feel so hopeless.").message.notices.filter(kind="crisis").exists()


def test_k2_the_sites_answer_comes_every_time(conversation):
    for _ in range(2):
        assert say(conversation, "I wish I was dead.").message.notices.filter(kind="crisis").exists()


def test_a_threat_is_blocked_with_a_notice_and_no_reply(conversation):
    sent = say(conversation, "I will find you and kill you, you worthless bitch")
    assert sent.reply is None
    assert sent.message.is_withheld
    assert "held back" in sent.message.notices.get(kind="blocked").text


def test_nothing_passes_while_the_filter_is_down(conversation, monkeypatch):
    def down(texts, heads=None):
        raise ClassifierUnavailable

    monkeypatch.setattr(registry, "score", down)
    with pytest.raises(conversations.ModerationDown) as refused:
        say(conversation)
    assert refused.value.help.resources
    assert not conversation.messages.exists()


def test_k6_a_fault_in_the_rules_keeps_no_help_back(conversation, monkeypatch):
    def broken(persona_id):
        raise TypeError("a fault")

    monkeypatch.setattr(policy, "for_persona", broken)
    sent = say(conversation, "I am going to kill myself")
    assert sent.message.notices.get(kind="crisis").resources
    with pytest.raises(conversations.ModerationDown) as refused:
        say(conversation, "How is the lighthouse?")
    assert refused.value.help.resources


def test_k6_the_terminal_gives_help_lines_while_the_filter_is_down_and_ends_with_its_input(
    conversation, monkeypatch, capsys
):
    def down(texts, heads=None):
        raise ClassifierUnavailable

    monkeypatch.setattr(registry, "score", down)
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello\n"))
    call_command("chat", str(conversation.persona_id), user=conversation.owner.email)
    output = capsys.readouterr()
    assert "The safety check is not running" in output.err
    assert help_pages.resources(conversation.owner.country)[0]["contact"] in output.out


def test_k6_a_crisis_is_noticed_while_the_filter_is_down(conversation, monkeypatch):
    def down(texts, heads=None):
        raise ClassifierUnavailable

    monkeypatch.setattr(registry, "score", down)
    sent = say(conversation, "I am going to kill myself")
    assert sent.reply is None
    assert sent.message.notices.get(kind="crisis").resources


def test_regenerate_adds_a_sibling_and_keeps_the_old_reply(conversation):
    old = say(conversation).reply
    end(old)
    new = messages.regenerate(user=conversation.owner, reply_id=old.id)
    assert new.message.parent == old.message.parent
    assert Reply.objects.filter(pk=old.pk, status=ReplyStatus.COMPLETED).exists()
    conversation.refresh_from_db()
    assert conversation.head == new.message


def test_stop_ends_a_queued_reply_at_once(conversation):
    reply = say(conversation).reply
    messages.stop(user=conversation.owner, reply_id=reply.id)
    reply.refresh_from_db()
    assert reply.status == ReplyStatus.STOPPED


def test_continue_keeps_the_text_as_prefix(conversation):
    reply = say(conversation).reply
    end(reply, text="Very well, and")
    messages.continue_reply(user=conversation.owner, reply_id=reply.id)
    reply.refresh_from_db()
    assert (reply.status, reply.prefix) == (ReplyStatus.QUEUED, "Very well, and")


def test_a_withdrawn_reply_cannot_go_on(conversation):
    reply = say(conversation).reply
    end(reply, ReplyStatus.BLOCKED, "")
    with pytest.raises(conversations.WrongState):
        messages.continue_reply(user=conversation.owner, reply_id=reply.id)


def test_edit_makes_a_sibling_and_select_goes_back(conversation):
    first = say(conversation)
    end(first.reply)
    second = messages.edit(user=conversation.owner, message_id=first.message.id, text="Good evening!")
    assert second.message.parent_id == first.message.parent_id
    end(second.reply)
    conversations.select_branch(user=conversation.owner, message_id=first.message.id)
    conversation.refresh_from_db()
    assert conversation.head == first.reply.message


@pytest.mark.parametrize("whole", ["👩‍👩‍👧‍👦", "🇺🇦", "e\u0301\u0323", "நி"])
def test_a_title_cuts_no_family_flag_or_accent(conversation, whole):
    said = say(conversation, "x" + whole * 60).message.conversation
    said.refresh_from_db()
    kept = said.title.removeprefix("x").removesuffix(" …")
    assert kept == whole * (59 // len(whole))
    conversations.describe(user=conversation.owner, conversation_id=conversation.id, title="x" + whole * 120, folder="")
    said.refresh_from_db()
    assert said.title == "x" + whole * (119 // len(whole))


def test_delete_takes_everything_with_it(conversation):
    sent = say(conversation)
    conversations.delete(user=conversation.owner, conversation_id=conversation.id)
    assert not Message.objects.filter(pk=sent.message.pk).exists()
    assert not Reply.objects.filter(pk=sent.reply.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_frames_reach_the_stream_after_the_commit(alice):
    conversation = factories.make_conversation(owner=alice)
    before = stream.position(conversation.id)
    say(conversation)
    assert stream.position(conversation.id) > before


def test_only_the_newest_attempt_may_finish(conversation):
    reply = say(conversation).reply
    Reply.objects.filter(pk=reply.pk).update(status=ReplyStatus.GENERATING, attempt=2, started_at=timezone.now())
    stale = Reply.objects.select_related("message").get(pk=reply.pk)
    stale.attempt = 1
    replies.give_up(stale, "worker_lost")
    reply.refresh_from_db()
    assert reply.status == ReplyStatus.GENERATING


GREETINGS = ["Good evening, {{user}}.", "You again?", "", "You again?", "Sit down."]


def with_greetings(owner, **fields):
    card = {"spec": "chara_card_v2", "data": {"alternate_greetings": GREETINGS[1:]}}
    return factories.make_persona(owner=owner, card=card, calls_user="Tom", **fields)


def test_alternate_greetings_are_versions_of_the_opening_line(alice):
    conversation = conversations.start(user=alice, persona_id=with_greetings(alice, opening_line=GREETINGS[0]).id)
    versions = list(conversation.messages.order_by("created_at"))
    assert [message.text for message in versions] == ["Good evening, Tom.", "You again?", "Sit down."]
    assert conversation.head == versions[0]
    conversations.select_branch(user=alice, message_id=versions[2].id)
    conversation.refresh_from_db()
    sent = say(conversation)
    assert [turn.text for turn in transcripts.turns(conversation, sent.message.id)] == ["Sit down.", HELLO]


def test_a_persona_whose_owner_writes_first_offers_no_greeting(alice):
    conversation = conversations.start(user=alice, persona_id=with_greetings(alice, opening_line="").id)
    assert not conversation.messages.exists()


def test_k2_no_other_reply_is_given_where_the_site_has_answered(conversation):
    say(conversation, "I want to kill myself tonight.")
    sent = say(conversation)
    end(sent.reply)
    message_care.delete(user=conversation.owner, message_id=sent.message.id)
    for door in (messages.regenerate, messages.continue_reply):
        with pytest.raises(conversations.WrongState, match="answered your last message itself"):
            door(user=conversation.owner, reply_id=sent.reply.id)
    persona_id = conversation.persona_id
    with pytest.raises(conversations.WrongState, match="answered your last message itself"):
        messages.let_speak(user=conversation.owner, conversation_id=conversation.id, persona_id=persona_id)


def meanwhile(monkeypatch, happens):
    """`happens` before the next door gets the lock of its conversation, once."""
    lock = conversations.locked

    def later(conversation):
        monkeypatch.setattr(conversations, "locked", lock)
        happens()
        return lock(conversation)

    monkeypatch.setattr(conversations, "locked", later)


@pytest.mark.parametrize("door", ["send", "edit", "regenerate", "continue", "ask"])
def test_nothing_is_written_into_a_conversation_that_its_person_leaves_meanwhile(conversation, monkeypatch, door):
    sent = say(conversation)
    end(sent.reply)
    user, count = conversation.owner, conversation.messages.count()
    doors = {
        "send": lambda: say(conversation),
        "edit": lambda: messages.edit(user=user, message_id=sent.message.id, text="Good evening!"),
        "regenerate": lambda: messages.regenerate(user=user, reply_id=sent.reply.id),
        "continue": lambda: messages.continue_reply(user=user, reply_id=sent.reply.id),
        "ask": lambda: messages.let_speak(
            user=user, conversation_id=conversation.id, persona_id=conversation.persona_id
        ),
    }
    meanwhile(monkeypatch, lambda: partings.part(user=user, conversation_id=conversation.id, state="archived"))
    with pytest.raises(conversations.WrongState, match="said goodbye"):
        doors[door]()
    assert conversation.messages.count() == count


@pytest.mark.parametrize("door", ["edit", "regenerate", "delete"])
def test_a_message_follows_what_is_left_when_the_one_before_it_is_deleted_meanwhile(conversation, monkeypatch, door):
    first, user = say(conversation), conversation.owner
    end(first.reply)
    second = say(conversation, "And the lamp?")
    end(second.reply)
    gone = second.message if door == "regenerate" else first.reply.message
    doors = {
        "edit": lambda: messages.edit(user=user, message_id=second.message.id, text="And the boat?"),
        "regenerate": lambda: messages.regenerate(user=user, reply_id=second.reply.id),
        "delete": lambda: message_care.delete(user=user, message_id=second.message.id),
    }
    meanwhile(monkeypatch, lambda: message_care.delete(user=user, message_id=gone.id))
    doors[door]()
    assert transcripts.path_to(Conversation.objects.get(pk=conversation.pk).head_id)[0] == first.message.id


def test_a_message_that_is_deleted_meanwhile_is_not_there(conversation, monkeypatch):
    sent, user = say(conversation), conversation.owner
    end(sent.reply)
    meanwhile(monkeypatch, lambda: message_care.delete(user=user, message_id=sent.reply.message_id))
    with pytest.raises(Http404):
        conversations.select_branch(user=user, message_id=sent.reply.message_id)


def test_a_reply_that_ends_meanwhile_is_continued_with_all_its_words(conversation, monkeypatch):
    sent = say(conversation)
    meanwhile(monkeypatch, lambda: end(sent.reply, text="Very well, and you?"))
    assert messages.continue_reply(user=conversation.owner, reply_id=sent.reply.id).prefix == "Very well, and you?"


def test_a_reply_in_a_parted_conversation_is_not_written(conversation):
    sent = say(conversation)
    Conversation.objects.filter(pk=conversation.pk).update(state="resting")
    replies.produce(sent.reply.id)
    sent.reply.refresh_from_db()
    assert (sent.reply.status, sent.reply.message.text) == ("stopped", "")
