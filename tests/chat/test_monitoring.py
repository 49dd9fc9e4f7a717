"""When the monitor looks: after every turn, once for those that came while it was waited for."""

from uuid import uuid4

import pytest

from accounts.models import User
from chat import queueing, tasks
from moderation.models import Case
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
