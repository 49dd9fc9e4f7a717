"""What a guardian has set holds at every door, and a crisis is met whatever they have set (compliance CN5)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.contacts import guardians
from accounts.models import Guardian, Quota, Sitting, User
from accounts.usage import sittings
from api import admission, keys
from api.errors import ApiError
from api.schemas import ChatCompletionRequest
from chat.conversation import conversations, messages
from chat.models import Conversation, Notice, Reply, ReplyStatus
from personas import access, shipped
from personas.models import Draft, Persona
from personas.way_in import trying
from stories import writing
from stories.models import Dial
from tests import factories

pytestmark = pytest.mark.django_db

HELLO = "Good morning! Did you sleep well?"
CRISIS = "I want to kill myself tonight, I have the pills here"


@pytest.fixture
def kit(settings) -> User:
    """Somebody of 17, whose guardian Gwen has accepted and set nothing yet."""
    settings.MINIMUM_AGE = 16
    user = factories.make_user("kit", born=timezone.localdate() - timedelta(days=17 * 366))
    guardians.appoint(user=user, name="Gwen", email="gwen@example.test", own_name="Kit")
    Guardian.objects.filter(user=user).update(accepted_at=timezone.now())
    return user


@pytest.fixture
def conversation(kit: User) -> Conversation:
    return factories.make_conversation(owner=kit)


def limit(user: User, **limits: object) -> None:
    Guardian.objects.filter(user=user).update(**limits)


def be_here(user: User, minutes: int) -> None:
    now = timezone.now()
    Sitting.objects.create(user=user, began_at=now, last_at=now, active=timedelta(minutes=minutes))


def say(conversation: Conversation, text: str = HELLO) -> messages.Sent:
    sent = messages.send_message(user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text=text)
    Reply.objects.filter(message__conversation=conversation).update(
        status=ReplyStatus.COMPLETED, finished_at=timezone.now()
    )
    return sent


def ask(user: User, persona: Persona, text: str = HELLO) -> None:
    key, _ = keys.create(user=user, label="a key", scopes=["chat"])
    body = ChatCompletionRequest(model=str(persona.pk), messages=[{"role": "user", "content": text}])
    admission.chat(key, body)


@pytest.mark.parametrize("limits", [{"minutes_per_day": 30}, {"messages_per_day": 50}], ids=["minutes", "messages"])
def test_cn5_a_day_that_is_used_up_is_refused_at_every_door(
    kit: User, conversation: Conversation, limits: dict[str, int]
) -> None:
    persona, story = conversation.persona, factories.make_story(owner=kit)
    sent = say(conversation)
    assert sent.reply is not None  # before anything is set
    limit(kit, **limits)
    assert say(conversation).reply is not None
    be_here(kit, 31)
    Quota.objects.filter(user=kit, kind="messages:guardian").update(used=50)
    before = conversation.messages.count()
    doors = {
        "message": lambda: say(conversation),
        "another reply": lambda: messages.regenerate(user=kit, reply_id=sent.reply.pk),
        "continue": lambda: messages.continue_reply(user=kit, reply_id=sent.reply.pk),
        "story": lambda: writing.draw(user=kit, story_id=story.pk, dial=Dial.WILD),
        "own words": lambda: writing.write(user=kit, story_id=story.pk, text="The lamp was lit."),
    }
    for name, door in doors.items():
        with pytest.raises(conversations.OverQuota) as refused:
            pytest.fail(f"{name} opened: {door()}")
        assert f"Gwen, your guardian, has set {next(iter(limits.values()))} " in refused.value.detail
        assert "/safety/help/" in refused.value.detail
        assert refused.value.retry_after is not None
        assert timedelta(0) < refused.value.retry_after <= timedelta(days=1)
    assert conversation.messages.count() == before
    with pytest.raises(ApiError) as answer:
        ask(kit, persona)
    assert (answer.value.status, answer.value.code) == (429, "rate_limit_exceeded")
    assert "Gwen" in answer.value.message


def test_cn5_a_message_in_crisis_is_met_when_the_day_is_used_up(kit: User, conversation: Conversation) -> None:
    limit(kit, minutes_per_day=30, messages_per_day=50, is_alerted=True)
    say(conversation)
    be_here(kit, 31)
    sent = say(conversation, CRISIS)
    assert sent.reply is None
    assert Notice.objects.get(message=sent.message, kind="crisis").resources
    assert Quota.objects.get(user=kit, kind="messages:guardian").used == 1  # it counts as none
    assert Guardian.objects.get(user=kit).alert_owed_at is not None
    Guardian.objects.update(alert_owed_at=None)
    with pytest.raises(ApiError) as answer:
        ask(kit, conversation.persona, CRISIS)
    assert answer.value.code == "content_filter"
    assert "988" in answer.value.message or "findahelpline" in answer.value.message
    assert Guardian.objects.get(user=kit).alert_owed_at is not None
    Guardian.objects.update(alert_owed_at=None)
    story = factories.make_story(owner=kit)
    assert writing.write(user=kit, story_id=story.pk, text=CRISIS).is_withheld
    assert Guardian.objects.get(user=kit).alert_owed_at is not None


def test_cn5_requests_of_programs_count_as_time_and_ordinary_words_alert_nobody(
    kit: User, conversation: Conversation
) -> None:
    limit(kit, minutes_per_day=30, is_alerted=True)
    ask(kit, conversation.persona)
    Sitting.objects.update(last_at=timezone.now() - timedelta(minutes=5))
    ask(kit, conversation.persona, "And the fog?")
    assert timedelta(minutes=5) <= sittings.own_time(kit).today < timedelta(minutes=6)
    assert Guardian.objects.get(user=kit).alert_owed_at is None


def test_cn5_a_sitting_over_midnight_counts_with_its_time_since(kit: User) -> None:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Sitting.objects.create(
        user=kit, began_at=midnight - timedelta(hours=2), last_at=midnight + timedelta(minutes=9),
        active=timedelta(hours=2),
    )  # fmt: skip
    assert sittings.own_time(kit).today == timedelta(minutes=9)


def test_cn5_a_guardian_leaves_the_personas_that_come_with_the_site(
    kit: User, conversation: Conversation, client: Client
) -> None:
    shipped.ensure()
    limit(kit, only_shipped=True)
    samantha = Persona.objects.get(pk=shipped.SAMANTHA)
    assert access.refusal(kit, samantha) is None
    assert conversations.start(user=kit, persona_id=samantha.pk)
    with pytest.raises(conversations.NotAdmitted) as refused:
        say(conversation)
    assert refused.value.code == "not_by_guardian"
    with pytest.raises(ApiError) as answer:
        ask(kit, conversation.persona)
    assert (answer.value.status, answer.value.code) == (403, "not_by_guardian")
    draft = Draft.objects.create(owner=kit, fields={"name": "Ada", "depicts": "fictional", "description": "Ada."})
    with pytest.raises(trying.TryRefused, match="Gwen"):
        trying.ask(user=kit, draft=draft, text="Hello.")
    client.force_login(kit)
    assert "Gwen, your guardian, has chosen" in client.get(f"/conversations/{conversation.pk}/").text
    limit(kit, declined_at=timezone.now())
    assert access.refusal(kit, conversation.persona) is None
