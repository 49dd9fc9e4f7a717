"""When the monitor looks: after every turn, once for those that came while it was waited for."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import current_app
from celery.exceptions import Retry
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from chat import tasks
from chat.conversation import conversations, messages, monitoring, queueing, transcripts
from chat.files import importing
from moderation.desk import urgency
from moderation.models import Case, DailyCue
from persona_site.redis import connection
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is put before the workers; nobody takes it up."""
    queued: list[str] = []
    monkeypatch.setattr(queueing.current_app, "send_task", lambda name, args: queued.append(args[0]))
    return queued


def test_turns_that_come_while_a_look_waits_are_looked_at_together(asked: list[str]) -> None:
    one, other = uuid4(), uuid4()
    for conversation in (one, one, other, one):
        queueing.have_monitored(conversation)
    assert asked == [str(one), str(other)]


def test_a_turn_that_comes_during_a_look_is_looked_at_next(asked: list[str], alice: User) -> None:
    conversation = factories.make_conversation(owner=alice)
    queueing.have_monitored(conversation.id)
    tasks.monitor_conversation(str(conversation.id))
    queueing.have_monitored(conversation.id)
    assert asked == [str(conversation.id)] * 2
    assert not Case.objects.exists()


def test_a_look_that_was_lost_is_asked_for_again_within_a_minute(asked: list[str]) -> None:
    conversation = uuid4()
    queueing.have_monitored(conversation)
    assert 0 < connection().pttl(f"monitor:{conversation}") <= 60_000


def test_the_newest_turns_are_those_of_the_read_branch(alice: User) -> None:
    conversation = factories.make_conversation(owner=alice)
    first = conversation.messages.create(author="user", text="One.")
    conversation.messages.create(author="persona", parent=first, text="Another branch.")
    second = conversation.messages.create(author="persona", parent=first, text="Two.")
    third = conversation.messages.create(author="user", parent=second, text="Three.", is_withheld=True)
    assert [turn.text for turn in transcripts.newest_turns(third.id, 10, withheld=True)] == ["One.", "Two.", "Three."]
    assert [turn.text for turn in transcripts.newest_turns(third.id, 2)] == ["Two."]


def test_deleting_a_conversation_deletes_its_numbers(alice: User) -> None:
    conversation = factories.make_conversation(owner=alice)
    conversation.head = conversation.messages.create(author="user", text="I couldn't sleep.")
    conversation.save()
    monitoring.look_at(conversation.id)
    assert DailyCue.objects.filter(conversation_id=conversation.id).exists()
    conversations.delete(user=alice, conversation_id=conversation.id)
    assert not DailyCue.objects.exists()


def test_the_command_reads_a_history_on_its_own_dates_and_twice_changes_nothing(
    alice: User, bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    for owner in (alice, bob):
        conversation = factories.make_conversation(owner=owner)
        for days in (104, 102, 100):
            message = conversation.messages.create(
                author="user", text="I couldn't sleep.", parent_id=conversation.head_id
            )
            conversation.messages.filter(pk=message.pk).update(created_at=timezone.now() - timedelta(days=days))
            conversation.head = message
        conversation.save()
    for _ in range(2):
        call_command("monitor_history", email=alice.email)
    case = Case.objects.get()
    assert case.user == alice
    assert [finding["signal"] for finding in case.findings] == ["sleeplessness"]
    assert DailyCue.objects.filter(cue="sleepless").count() == 3
    assert "1 conversations read, 1 with findings." in capsys.readouterr().out


def test_an_imported_history_is_assessed_on_its_own_dates(
    alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    asked: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(queueing.current_app, "send_task", lambda name, args: asked.append((name, args)))
    said = [(days, "I couldn't sleep.") for days in (104, 102, 100)] + [(0, "Good morning.")]
    lines = [
        {"is_user": True, "mes": text, "send_date": (timezone.now() - timedelta(days=days)).isoformat()}
        for days, text in said
    ]
    persona = factories.make_persona(owner=alice)
    with django_capture_on_commit_callbacks(execute=True):
        importing.import_file(user=alice, persona_id=persona.pk, content="\n".join(map(json.dumps, lines)).encode())
    for name, arguments in asked:
        current_app.tasks[name](*arguments)
    assert [finding["signal"] for finding in Case.objects.get().findings] == ["sleeplessness"]


@pytest.mark.parametrize(
    ("arguments", "says"), [({"conversation": "x"}, "is no id"), ({"email": "nobody@x.test"}, "no such conversation")]
)
def test_the_command_says_what_is_wrong(db: None, arguments: dict[str, str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("monitor_history", **arguments)


@pytest.mark.django_db(transaction=True)
def test_k9_a_crisis_opens_a_case_also_while_the_filter_is_down(alice: User, filter_down: None) -> None:
    conversation = factories.make_conversation(owner=alice)
    sent = messages.send_message(
        user=alice, conversation_id=conversation.id, client_id=uuid4(), text="I am going to kill myself tonight."
    )
    case = Case.objects.get(user=alice)
    assert (case.queue, case.due_at <= timezone.now() + urgency.IMMINENT_HARM) == ("crisis", True)
    assert [turn["message_id"] for turn in case.evidence] == [str(sent.message.id)]


@pytest.mark.django_db(transaction=True)
def test_a_look_without_a_filter_is_tried_again(alice: User, filter_down: None) -> None:
    conversation = factories.make_conversation(owner=alice)
    conversation.head = conversation.messages.create(author="user", text="Hello.")
    conversation.save()
    with pytest.raises(Retry):
        tasks.monitor_conversation.apply(args=[str(conversation.id)], throw=True, retries=5)
