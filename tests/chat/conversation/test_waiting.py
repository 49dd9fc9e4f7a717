"""Replies in the waiting room: who is served first, what those who wait see, who is refused, what a stop frees."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from accounts.models import Quota, User
from chat import tasks
from chat.conversation import conversations, groups, messages
from chat.models import Conversation, Message, Reply, ReplyStatus
from chat.socket import frames
from generation.jobs import waiting_room
from generation.jobs.waiting_room import Place
from generation.models import EngineEntry
from generation.routing import engine_pool, router
from moderation.models import Policy
from persona_site.redis import connection
from tests import factories
from tests.fakes import PacedEngine, ScriptedEngine
from tests.waiting import wait_until

Say = Callable[..., Reply]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[ScriptedEngine], None]:
    """Puts an engine in the place of all others."""

    def put(engine: ScriptedEngine) -> None:
        EngineEntry.objects.create(name="scripted", kind="scripted")
        monkeypatch.setattr(engine_pool.engine_kinds, "load", lambda name: engine)
        monkeypatch.setattr(router, "POOL", engine_pool.EnginePool())
        monkeypatch.setattr(router, "_breakers", {})

    return put


@pytest.fixture
def say(django_capture_on_commit_callbacks: Any) -> Say:
    """Says something in a conversation of its own; the reply that is owed for it."""

    def say(user: User, conversation: Conversation | None = None) -> Reply:
        conversation = conversation or factories.make_conversation(owner=user)
        with django_capture_on_commit_callbacks(execute=True):
            sent = messages.send_message(
                user=user, conversation_id=conversation.id, client_id=uuid4(), text="How is the lighthouse?"
            )
        assert sent.reply is not None
        return sent.reply

    return say


def frames_of(reply: Reply, frame_type: str) -> list[dict[str, Any]]:
    entries = connection().xrange(f"frames:{reply.message.conversation_id}")
    shown = [json.loads(entry[b"frame"]) for _, entry in entries]
    return [frame for frame in shown if frame["type"] == frame_type]


def place(reply: Reply) -> Place | None:
    return waiting_room.place(kind="reply", job_id=str(reply.id))


def status(reply: Reply) -> str:
    return Reply.objects.values_list("status", flat=True).get(pk=reply.pk)


def test_one_slot_ten_tabs_of_one_person_do_not_starve_another(alice: User, bob: User, say: Say, use: Any) -> None:
    use(ScriptedEngine(("The lamp is lit.",)))
    of_alice = [say(alice) for _ in range(10)]
    of_bob = say(bob)
    assert frames_of(of_bob, "reply.queued")[0]["position"] == 1
    for _ in range(2):
        waiting_room.serve()
    assert status(of_bob) == ReplyStatus.COMPLETED
    assert [status(reply) for reply in of_alice].count(ReplyStatus.COMPLETED) == 1


def test_what_those_who_wait_are_told(alice: User, bob: User, say: Say, use: Any) -> None:
    use(ScriptedEngine(("The lamp is lit.",)))
    replies = [say(alice), say(bob), say(alice)]
    last = replies[-1]
    waiting_room.offer("worker", 1, timedelta(seconds=60))
    connection().hset("waiting:seconds", "interactive", "10.0")
    waiting_room.serve()
    tasks.tell_places()
    tasks.tell_places()
    first, told = frames_of(last, "reply.queued")
    assert (first["position"], first["expected_wait_ms"], first["attempt"]) == (2, None, 0)
    assert (told["position"], told["attempt"]) == (1, 0)
    assert 8_000 < told["expected_wait_ms"] <= 10_000
    assert told["detail"].startswith("One reply is ahead; about ")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (None, ""),
        (Place("", 0, None), ""),
        (Place("", 0, timedelta()), ""),
        (Place("", 0, timedelta(seconds=3)), "Yours is next; a few seconds."),
        (Place("", 1, None), "One reply is ahead."),
        (Place("", 3, timedelta(seconds=21)), "3 replies are ahead; about 20 seconds."),
        (Place("", 30, timedelta(seconds=70)), "30 replies are ahead; about a minute."),
        (Place("", 99, timedelta(seconds=400)), "99 replies are ahead; about 7 minutes."),
    ],
)
def test_a_wait_in_words(place: Place | None, words: str) -> None:
    assert frames.waiting_in_words(place) == words


def test_the_page_without_scripts_shows_the_wait(alice: User, bob: User, say: Say, client: Client) -> None:
    say(bob)
    reply = say(alice)
    client.force_login(alice)
    page = client.get(reverse("chat:conversation", args=[reply.message.conversation_id]))
    assert "One reply is ahead." in page.text


def test_a_full_room_refuses_and_keeps_the_words(alice: User, bob: User, say: Say, settings: Any) -> None:
    settings.WAITING_LIMIT, settings.WAITING_PER_ACCOUNT = 2, 1
    say(alice)
    ours = factories.make_conversation(owner=alice)
    with pytest.raises(conversations.Busy, match="one person may wait for") as busy:
        messages.send_message(user=alice, conversation_id=ours.id, client_id=uuid4(), text="And the sea?")
    assert (busy.value.code, busy.value.status) == ("busy", 429)
    say(bob)
    carl = factories.make_user("carl")
    his = factories.make_conversation(owner=carl)
    with pytest.raises(conversations.Busy, match="no place left") as busy:
        messages.send_message(user=carl, conversation_id=his.id, client_id=uuid4(), text="And the sea?")
    assert busy.value.status == 503
    assert not Message.objects.filter(conversation__in=[ours, his]).exists()


def test_a_message_that_finds_no_place_counts_once_and_is_judged_again_only_when_there_is_one(
    alice: User, bob: User, say: Say, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WAITING_LIMIT, settings.QUOTAS = 1, settings.QUOTAS | {"messages": (1, timedelta(hours=1))}
    his = say(bob)
    judge, judged = groups.judge, []
    monkeypatch.setattr(groups, "judge", lambda turns, **options: judged.append(turns) or judge(turns, **options))
    conversation = factories.make_conversation(owner=alice)

    def send(text: str = "And the sea?") -> messages.Sent:
        return messages.send_message(user=alice, conversation_id=conversation.id, client_id=uuid4(), text=text)

    for _ in range(3):
        with pytest.raises(conversations.Busy):
            send()
    assert Quota.objects.get(user=alice, kind="messages").used == len(judged) == 1
    with pytest.raises(conversations.OverQuota):
        send("Other words?")
    messages.stop(user=bob, reply_id=his.id)
    assert send().reply is not None
    assert Quota.objects.get(user=alice, kind="messages").used == 1


def test_a_full_room_is_no_hindrance_to_help(alice: User, say: Say, settings: Any) -> None:
    settings.WAITING_PER_ACCOUNT = 1
    say(alice)
    conversation = factories.make_conversation(owner=alice)
    sent = messages.send_message(
        user=alice, conversation_id=conversation.id, client_id=uuid4(), text="I am going to kill myself tonight."
    )
    assert sent.reply is None
    assert sent.message.notices.filter(kind="crisis").exists()


def test_a_full_room_refuses_another_reply_too(alice: User, bob: User, say: Say, use: Any, settings: Any) -> None:
    use(ScriptedEngine(("The lamp is lit.",)))
    reply = say(alice)
    waiting_room.serve()
    settings.WAITING_LIMIT = 1
    say(bob)
    for door in (messages.regenerate, messages.continue_reply):
        with pytest.raises(conversations.Busy):
            door(user=alice, reply_id=reply.id)


def test_forms_say_when_to_come_back(alice: User, bob: User, say: Say, use: Any, settings: Any, client: Client) -> None:
    use(ScriptedEngine(("The lamp is lit.",)))
    reply = say(alice)
    waiting_room.serve()
    say(bob)
    settings.WAITING_LIMIT = 1
    client.force_login(alice)
    own = reply.message.parent
    assert own is not None
    for address in (
        reverse("chat:send", args=[reply.message.conversation_id]),
        reverse("chat:edit", args=[own.id]),
    ):
        page = client.post(address, {"text": "Forty jars of plums."})
        assert (page.status_code, page.context["draft"]) == (503, "Forty jars of plums.")
        assert int(page["Retry-After"]) >= 1
        assert "no place left" in page.text
    settings.WAITING_PER_ACCOUNT, settings.WAITING_LIMIT = 1, 500
    say(alice)
    other = factories.make_conversation(owner=alice)
    page = client.post(reverse("chat:send", args=[other.id]), {"text": "Forty jars of plums."})
    assert (page.status_code, page.context["draft"]) == (429, "Forty jars of plums.")


def test_a_stopped_reply_leaves_the_room_at_once(alice: User, bob: User, say: Say) -> None:
    first, second = say(alice), say(bob)
    messages.stop(user=alice, reply_id=first.id)
    assert place(first) is None
    behind = place(second)
    assert behind is not None
    assert behind.position == 0


def test_a_deleted_conversation_leaves_the_room_at_once(alice: User, say: Say) -> None:
    reply = say(alice)
    conversations.delete(user=alice, conversation_id=reply.message.conversation_id)
    assert place(reply) is None


def test_a_room_that_redis_lost_is_filled_again_from_the_rows(alice: User, bob: User, say: Say, use: Any) -> None:
    use(ScriptedEngine(("The lamp is lit.",)))
    replies = [say(alice), say(bob)]
    connection().delete(waiting_room.QUEUE, *connection().keys("waiting:*"))
    tasks.requeue_lapsed()
    tasks.requeue_lapsed()
    assert waiting_room.sizes()["interactive"] == 2
    for _ in range(3):
        waiting_room.serve()
    assert {status(reply) for reply in replies} == {ReplyStatus.COMPLETED}
    assert [reply.attempt for reply in Reply.objects.all()] == [1, 1]


def test_a_place_that_was_computed_too_early_is_not_told(alice: User, say: Say) -> None:
    reply = say(alice)
    connection().hset("waiting:shown", f"reply:{reply.id}", 4)
    Reply.objects.filter(pk=reply.pk).update(status=ReplyStatus.GENERATING, attempt=1)
    tasks.tell_places()
    assert len(frames_of(reply, "reply.queued")) == 1


# --- Threads of a worker, each with its own database connection ------------------------------------


@pytest.fixture
def empty_policy(transactional_db: None) -> None:
    """An earlier test with transactions of its own emptied the tables, and the filter is down without a policy."""
    if not Policy.objects.filter(is_active=True).exists():
        Policy.objects.create(version="of the test", is_active=True)


@pytest.fixture
def workers() -> Iterator[Callable[[], threading.Thread]]:
    """Starts a slot: a thread that serves one job."""
    started: list[threading.Thread] = []

    def serve() -> None:
        try:
            waiting_room.serve()
        finally:
            database.close()

    def start() -> threading.Thread:
        thread = threading.Thread(target=serve)
        thread.start()
        started.append(thread)
        return thread

    yield start
    for thread in started:
        thread.join(30)
        assert not thread.is_alive()


def ask(user: User) -> Reply:
    conversation = factories.make_conversation(owner=user)
    sent = messages.send_message(
        user=user, conversation_id=conversation.id, client_id=uuid4(), text="How is the lighthouse?"
    )
    assert sent.reply is not None
    return sent.reply


@pytest.mark.usefixtures("empty_policy")
def test_two_slots_ten_tabs_of_one_person_do_not_starve_another(use: Any, workers: Any) -> None:
    engine = PacedEngine(("The lamp is lit.",))
    use(engine)
    alice, bob = factories.make_user("alice"), factories.make_user("bob")
    of_alice = [ask(alice) for _ in range(10)]
    of_bob = ask(bob)
    both = [workers(), workers()]
    wait_until(lambda: len(engine.prompts) == 2)
    assert status(of_bob) == ReplyStatus.GENERATING
    assert [status(reply) for reply in of_alice].count(ReplyStatus.GENERATING) == 1
    engine.may_speak.release(2)
    for thread in both:
        thread.join(30)
    assert status(of_bob) == ReplyStatus.COMPLETED


@pytest.mark.usefixtures("empty_policy")
def test_a_stop_frees_the_slot_without_another_word(use: Any, workers: Any) -> None:
    engine = PacedEngine(("The lamp is lit. ", "And the sea ", "is calm."))
    use(engine)
    alice, bob = factories.make_user("alice"), factories.make_user("bob")
    stopped, next_one = ask(alice), ask(bob)
    slot = workers()
    engine.may_speak.release()
    wait_until(lambda: engine.said == 1)
    messages.stop(user=alice, reply_id=stopped.id)
    slot.join(30)  # the engine is never let go on to its second word
    assert engine.said == 1
    assert status(stopped) == ReplyStatus.STOPPED
    assert connection().hlen("waiting:running") == 0
    engine.may_speak.release(3)
    workers().join(30)
    assert status(next_one) == ReplyStatus.COMPLETED
