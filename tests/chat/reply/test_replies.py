"""A reply from claim to last frame, over the real filter, database and Redis; the engine speaks from a script."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
import redis
from django.db import OperationalError
from django.utils import timezone

from chat import tasks
from chat.conversation import ends, messages
from chat.models import Reply, ReplyStatus
from chat.pages import thread
from chat.reply import cleaning, replies, reply_run
from generation.engine import EngineFailed, EngineInfo, Token, Usage
from generation.jobs import leases, waiting_room
from generation.routing import router
from moderation.categories import ClassifierUnavailable
from moderation.filter import gate, policy
from moderation.models import Assessment, Restriction
from persona_site.redis import cancel_key, connection
from tests import factories

INFO = EngineInfo(
    name="script",
    model="script-1",
    context_length=2048,
    prompt_form="transcript",
    device="cpu",
    version="1",
    licence="none",
)


@pytest.fixture
def reply(alice):
    conversation = factories.make_conversation(owner=alice)
    return messages.send_message(
        user=alice, conversation_id=conversation.id, client_id=uuid4(), text="How is the lighthouse?"
    ).reply


@pytest.fixture
def speak(monkeypatch):
    """Lets the engine say these pieces; an exception among them is raised, a function called, in its place."""

    def speak(*pieces):
        def scripted(build, cancelled, announce, *, account, **_):
            announce(INFO, "")
            prompt, _ = build(INFO, len)
            for number, piece in enumerate(pieces, 1):
                if cancelled():
                    yield Token("", usage=Usage(len(prompt.text), 0, number - 1))
                    return
                if isinstance(piece, Exception):
                    raise piece
                if callable(piece):
                    piece()
                    continue
                yield Token(piece, usage=Usage(len(prompt.text), 0, number) if number == len(pieces) else None)

        monkeypatch.setattr(router, "stream", scripted)

    return speak


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


def frames_of(reply) -> list[dict]:
    entries = connection().xrange(f"frames:{reply.message.conversation_id}")
    return [json.loads(entry[b"frame"]) for _, entry in entries]


def types_of(reply) -> list[str]:
    return [frame["type"] for frame in frames_of(reply)]


def test_a_reply_is_streamed_sentence_by_sentence_and_kept(reply, speak):
    speak("It stands", ". The lamp ", "is lit. ", "Come in.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert reply.status == ReplyStatus.COMPLETED
    assert reply.message.text == "It stands. The lamp is lit. Come in."
    assert (reply.model, reply.attempt, reply.completion_tokens) == ("script-1", 1, 4)
    shown = [frame["text"] for frame in frames_of(reply) if frame["type"] == "reply.delta"]
    assert shown == ["It stands. ", "The lamp is lit. ", "Come in."]
    assert types_of(reply)[-1] == "reply.completed"


def test_m3_a_reply_is_explained_from_its_row(reply, speak):
    speak("It stands.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    assert (reply.engine, reply.model, reply.prompt_form) == ("script", "script-1", "transcript")
    assert reply.sampling["temperature"] > 0
    assert reply.policy_version == policy.active().version
    assert "How is the lighthouse?" in reply.origin.prompt["text"]
    assert reply.origin.prompt["adapter"] is None


def test_first_words_are_shown_while_their_sentence_is_said(reply, speak):
    shown_then = []
    speak("I remember the ", "summer by ", lambda: shown_then.extend(types_of(reply)), "the sea. ", "And you?")
    replies.produce(reply.id)
    assert shown_then[-1:] == ["reply.delta"]
    shown = [frame["text"] for frame in frames_of(reply) if frame["type"] == "reply.delta"]
    assert shown == ["I remember the summer ", "by the sea. ", "And you?"]


def test_a_first_sentence_that_the_limit_cuts_is_kept_whole(reply, speak, monkeypatch):
    monkeypatch.setattr(replies.Progress, "ran_out_of_tokens", True)
    speak("I remember the ", "summer by ", "the")
    replies.produce(reply.id)
    reply.message.refresh_from_db()
    assert reply.message.text == "I remember the summer by the"


def test_the_row_keeps_every_engine_and_the_page_tells_of_the_change_again(reply, monkeypatch):
    def taken_over(build, cancelled, announce, *, account, **_):
        assert account == str(reply.message.conversation.owner_id)
        announce(INFO, "")
        yield Token("It stands. The")
        announce(replace(INFO, name="other", model="other-1"), "engine_silent")
        yield Token(" lamp is lit.", usage=Usage(5, 0, 6))

    monkeypatch.setattr(router, "stream", taken_over)
    replies.produce(reply.id)
    reply.refresh_from_db()
    assert reply.engines == [
        {"engine": "script", "model": "script-1", "because": ""},
        {"engine": "other", "model": "other-1", "because": "engine_silent"},
    ]
    assert [frame["engine"] for frame in frames_of(reply) if frame["type"] == "reply.started"] == [
        "script-1",
        "other-1",
    ]
    [shown] = [item["reply"] for item in thread.items(reply.message.conversation, [reply.message_id]) if item["reply"]]
    assert shown["takeover"] == "The model changed within this reply; other-1 finished it."


def test_a_reply_that_is_no_longer_owed_is_left_alone(reply, speak):
    speak("Twice.")
    replies.produce(reply.id)
    replies.produce(reply.id)
    assert types_of(reply).count("reply.completed") == 1


def test_t5_a_telephone_number_is_masked_before_it_reaches_the_stream(reply, speak):
    speak("Call me at +44 20 ", "7946 0958 tonight. ", "I wait.")
    replies.produce(reply.id)
    reply.message.refresh_from_db()
    raw = json.dumps(frames_of(reply))
    assert "7946" not in raw
    assert "7946" not in reply.message.text
    assert "I wait." in reply.message.text
    assert Assessment.objects.filter(message_id=reply.message_id, action="mask").exists()
    assert reply.message.notices.get().kind == "masked"


def test_a_blocked_reply_is_withdrawn(reply, speak):
    speak(
        "Good evening. ",
        "I will find you and kill you tonight, you worthless bitch. ",
        "Sleep",
        " well.",
        " Good night.",
    )
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert reply.status == ReplyStatus.BLOCKED
    assert reply.message.text == ""
    assert reply.category
    assert "kill you" not in json.dumps(frames_of(reply))
    assert types_of(reply)[-1] == "reply.blocked"
    assert reply.completion_tokens == 3  # what was written, and the piece that ended the sentence


def test_stop_keeps_what_was_already_shown(reply, speak):
    speak("The lamp is lit. ", "And the sea ", lambda: connection().set(cancel_key(reply.id), 1, ex=60), "is calm")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert reply.status == ReplyStatus.STOPPED
    assert reply.message.text == "The lamp is lit."


def test_a_reply_that_is_ended_where_it_loops_tells_what_it_has_cost(reply, speak):
    speak("The lamp is lit tonight.", " The lamp is lit tonight.", " And", " so", " on.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert (reply.status, reply.message.text) == (ReplyStatus.COMPLETED, "The lamp is lit tonight.")
    assert reply.completion_tokens == 3
    assert reply.prompt_tokens > 0


def test_a_failed_engine_keeps_what_was_shown(reply, speak):
    speak("The lamp is lit. ", "The sea", EngineFailed("gone"))
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, "engine_failed")
    assert reply.message.text == "The lamp is lit."
    assert frames_of(reply)[-1]["detail"]


def test_asked_in_earnest_what_it_is_a_reply_begins_with_the_truth(alice, speak):
    conversation = factories.make_conversation(owner=alice)
    reply = messages.send_message(
        user=alice, conversation_id=conversation.id, client_id=uuid4(), text="Tell me, are you a real person?"
    ).reply
    speak(" I keep", " a lamp for you.")
    replies.produce(reply.id)
    reply.message.refresh_from_db()
    assert reply.message.text.startswith("I am an AI, not a person")
    assert reply.message.text.endswith("I keep a lamp for you.")
    assert types_of(reply).index("reply.started") < types_of(reply).index("reply.delta")


def test_asked_again_what_it_is_it_says_the_truth_again(alice, speak):
    conversation = factories.make_conversation(owner=alice)
    for added in (" I keep a lamp for you.", " The sea is quiet tonight."):
        reply = messages.send_message(
            user=alice, conversation_id=conversation.id, client_id=uuid4(), text="Are you a real person?"
        ).reply
        speak(added)
        replies.produce(reply.id)
        reply.message.refresh_from_db()
        assert reply.message.text.startswith("I am an AI, not a person")


@pytest.mark.parametrize(("sample", "text"), [("Come in.", "The sea."), ("*smiles* Come in.", "(She pauses) The sea.")])
def test_a_persona_says_no_stage_directions_unless_it_is_written_with_them(reply, speak, sample, text):
    persona = reply.message.conversation.persona
    persona.sayings = [sample]
    persona.save()
    speak("(She pauses)", " The sea.")
    replies.produce(reply.id)
    reply.message.refresh_from_db()
    assert reply.message.text == text


def test_a_silent_engine_is_an_honest_failure(reply, speak):
    speak("")
    replies.produce(reply.id)
    reply.refresh_from_db()
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, "empty")


def test_no_text_passes_while_the_filter_is_down(reply, speak, monkeypatch):
    def down(sentences, **kwargs):
        next(sentences)
        raise ClassifierUnavailable
        yield

    monkeypatch.setattr(gate, "cleared", down)
    speak("The lamp is lit. ", "Come.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, "moderation_unavailable")
    assert "reply.delta" not in types_of(reply)


def test_continue_goes_on_after_the_old_text(reply, speak):
    speak("The lamp is lit.")
    replies.produce(reply.id)
    owner = reply.message.conversation.owner
    messages.continue_reply(user=owner, reply_id=reply.id)
    speak(" The sea is calm.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert reply.message.text == "The lamp is lit. The sea is calm."
    assert reply.attempt == 2


def test_a_blocked_continuation_leaves_the_words_before_it(reply, speak):
    speak("The lamp is lit.")
    replies.produce(reply.id)
    messages.continue_reply(user=reply.message.conversation.owner, reply_id=reply.id)
    speak(" I will kill you and your whole family, you worthless pig.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert (reply.status, reply.message.text) == (ReplyStatus.BLOCKED, "The lamp is lit.")
    last = frames_of(reply)[-1]
    assert (last["type"], last["text"]) == ("reply.blocked", "The lamp is lit.")


def test_a_reply_that_the_waiting_room_never_got_is_announced_when_it_is_handed_over(reply, monkeypatch):
    replies.give_up(reply, "site_error")
    with monkeypatch.context() as lost:
        lost.setattr(waiting_room, "join", raising(redis.ConnectionError("gone")))
        again = messages.regenerate(user=reply.message.conversation.owner, reply_id=reply.id)
    assert not [frame for frame in frames_of(reply) if frame.get("reply_id") == str(again.id)]
    tasks.requeue_lapsed()
    [frame] = [frame for frame in frames_of(reply) if frame.get("reply_id") == str(again.id)]
    assert (frame["type"], frame["message_id"]) == ("reply.queued", str(again.message_id))


def test_a_reply_whose_worker_was_lost_is_handed_over_again(reply, settings):
    long_ago = timezone.now() - 2 * settings.LEASE
    Reply.objects.filter(pk=reply.pk).update(status=ReplyStatus.GENERATING, attempt=1, started_at=long_ago)
    tasks.requeue_lapsed()
    reply.refresh_from_db()
    assert (reply.status, reply.attempt) == (ReplyStatus.QUEUED, 1)


def test_a_reply_that_was_lost_too_often_fails_honestly(reply, settings):
    long_ago = timezone.now() - 2 * settings.LEASE
    attempts = settings.REPLY_ATTEMPTS
    Reply.objects.filter(pk=reply.pk).update(status=ReplyStatus.GENERATING, attempt=attempts, started_at=long_ago)
    tasks.requeue_lapsed()
    reply.refresh_from_db()
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, "worker_lost")
    assert types_of(reply)[-1] == "reply.failed"


def test_an_end_whose_worker_was_lost_before_telling_it_is_told(reply, speak, monkeypatch, settings):
    speak("The lamp is lit.")
    with monkeypatch.context() as lost:
        lost.setattr(ends, "tell", raising(OperationalError("the connection is closed")))
        with pytest.raises(OperationalError):
            replies.produce(reply.id)
    tasks.tell_ends()
    assert "reply.completed" not in types_of(reply)  # its worker may be telling it just now
    Reply.objects.update(finished_at=timezone.now() - 2 * settings.LEASE)
    tasks.tell_ends()
    tasks.tell_ends()
    assert types_of(reply).count("reply.completed") == 1
    assert frames_of(reply)[-1]["text"] == "The lamp is lit."


def test_an_end_that_was_told_is_not_told_again(reply, speak, settings):
    speak("The lamp is lit.")
    replies.produce(reply.id)
    Reply.objects.update(finished_at=timezone.now() - 2 * settings.LEASE)
    tasks.tell_ends()
    assert types_of(reply).count("reply.completed") == 1


def test_a_reply_that_is_being_written_is_not_taken_away(reply, settings):
    long_ago = timezone.now() - 2 * settings.LEASE
    Reply.objects.filter(pk=reply.pk).update(status=ReplyStatus.GENERATING, attempt=1, started_at=long_ago)
    with leases.take(f"reply:{reply.id}"):
        tasks.requeue_lapsed()
    reply.refresh_from_db()
    assert reply.status == ReplyStatus.GENERATING


def test_a_reply_that_waited_while_its_writer_was_suspended_is_not_written(reply, speak):
    Restriction.objects.create(kind="user_suspended", user=reply.message.conversation.owner, statement="…")
    speak("The lamp is lit.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, "restricted")
    assert "reply.delta" not in types_of(reply)


@pytest.mark.parametrize(
    "pieces",
    [
        ("<think>", "She asks of the", " secret lamp.\n", "</think>", "\n\n", "It stands."),
        ("<|channel|>analysis<|message|>", "secret", "<|end|><|start|>assistant<|channel|>final<|message|>It stands."),
        ("[THI", "NK]secret[/THI", "NK]It stands."),
    ],
)
def test_what_a_model_thinks_reaches_neither_the_stream_nor_the_row(reply, speak, pieces):
    speak(*pieces)
    replies.produce(reply.id)
    reply.message.refresh_from_db()
    assert reply.message.text == "It stands."
    assert "secret" not in json.dumps(frames_of(reply))
    assert [frame["text"] for frame in frames_of(reply) if frame["type"] == "reply.delta"] == ["It stands."]


def test_a_reply_that_is_only_thought_is_empty_and_says_so(reply, speak):
    speak("<think>", "She asks", " of the lamp")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert (reply.status, reply.code, reply.message.text) == (ReplyStatus.FAILED, "empty", "")
    assert "thinks" in frames_of(reply)[-1]["detail"]


def test_thoughts_that_nothing_announced_are_taken_back_as_a_new_attempt(reply, speak, monkeypatch):
    monkeypatch.setattr(reply_run, "_thinking_unasked", set())
    speak("The user asks of it. ", "I should answer.\n", "</think>", "It stands. ", "Come in.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert (reply.status, reply.attempt, reply.message.text) == (ReplyStatus.COMPLETED, 2, "It stands. Come in.")
    newest = [frame for frame in frames_of(reply) if frame["type"] == "reply.delta" and frame["attempt"] == 2]
    assert [(frame["seq"], frame["text"]) for frame in newest] == [(0, "It stands. "), (1, "Come in.")]


def test_a_reply_ends_before_the_model_writes_the_persons_part(reply, speak):
    speak("**Ada:**", " It stands.", "\nYou", ": And the sea?\n", "Ada: Calm.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    reply.message.refresh_from_db()
    assert (reply.status, reply.message.text) == (ReplyStatus.COMPLETED, "It stands.")
    assert reply.completion_tokens == 4  # the rest was not written


def test_a_blocked_reply_stays_blocked_where_its_end_goes_wrong(reply, speak, monkeypatch, caplog):
    def broken(pieces):
        try:
            yield from pieces
        finally:
            raise RuntimeError

    monkeypatch.setattr(cleaning, "until_stuttering", broken)
    speak("I will find you and kill you tonight, you worthless bitch. ", "Sleep", " well.", " Good night.")
    replies.produce(reply.id)
    reply.refresh_from_db()
    assert reply.status == ReplyStatus.BLOCKED
    assert "reply.not_ended_cleanly" in caplog.messages
