"""Who may talk with which persona: one door for the pages, the socket and /v1/."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils import timezone

from api import admission, keys
from api.errors import ApiError
from api.schemas import ChatCompletionRequest
from chat.conversation import conversations, messages
from chat.models import Author, Reply
from chat.reply import replies
from personas import access, creation, refusals
from personas.models import Depicts
from personas.persona_fields import PersonaFields
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def young(settings):
    """Somebody of 16, where the operator admits them."""
    settings.MINIMUM_AGE = 16
    return factories.make_user("young", born=timezone.localdate() - timedelta(days=16 * 366))


def portrait(**fields):
    values = {"name": "Ada", "depicts": Depicts.FICTIONAL, "relation": "", "description": "", "scenario": ""}
    return SimpleNamespace(**(values | fields))


CLOSE = [
    {"relation": "my mother"},
    {"relation": "Grandmother"},
    {"relation": "big brother of mine"},
    {"relation": "my girlfriend"},
    {"relation": "Partner"},
    {"relation": "我的妈妈"},
    {"relation": "男朋友"},
    {"relation": "外婆"},
    {"name": "Mom"},
    {"name": "妈妈"},
    {"description": "You are {{user}}'s loving wife."},
    {"description": "She is your older sister and teases you."},
    {"scenario": "他是你的爸爸。"},
    {"depicts": Depicts.DEAD},
    {"depicts": Depicts.LIVING},
]
DISTANT = [
    {"relation": "my teacher"},
    {"relation": "a pirate captain"},
    {"name": "Father Christmas"},
    {"description": "Ada has a sister who sails."},
    {"relation": "历史老师"},
    {"depicts": Depicts.HISTORICAL},
    {"relation": "x" * 8000, "description": "your " * 1600},
]


@pytest.mark.parametrize("fields", CLOSE, ids=str)
def test_cn5_no_relatives_and_partners_for_minors(alice, young, fields):
    assert access.refusal_to_minor(young, portrait(**fields)).code == "not_for_minors"
    assert access.refusal_to_minor(alice, portrait(**fields)) is None


@pytest.mark.parametrize("fields", DISTANT, ids=lambda fields: str(fields)[:40])
def test_cn5_other_personas_stay(young, fields):
    assert access.refusal_to_minor(young, portrait(**fields)) is None


def test_cn5_such_a_persona_is_neither_made_nor_changed_into_nor_copied(alice, young):
    with pytest.raises(refusals.NotForMinors):
        creation.create_persona(owner=young, fields=PersonaFields("Ada", Depicts.FICTIONAL, relation="my mother"))
    own = factories.make_persona(owner=young)
    with pytest.raises(refusals.NotForMinors):
        creation.update_persona(
            user=young, persona=own, fields=PersonaFields("Ada", Depicts.FICTIONAL, relation="my wife")
        )
    shared = factories.make_persona(owner=None, relation="my grandmother")
    with pytest.raises(refusals.NotForMinors):
        creation.duplicate_persona(user=young, persona=shared)


def too_close(young):
    conversation = factories.make_conversation(owner=young)
    conversation.persona.relation = "my mother"
    conversation.persona.save()
    return conversation


def test_cn5_nobody_talks_with_it_on_the_site(young):
    conversation = too_close(young)
    with pytest.raises(conversations.NotAdmitted) as refused:
        conversations.start(user=young, persona_id=conversation.persona_id)
    assert (refused.value.code, refused.value.status) == ("not_for_minors", 403)
    with pytest.raises(conversations.NotAdmitted):
        messages.send_message(user=young, conversation_id=conversation.id, client_id=uuid4(), text="Hello.")
    assert not conversation.messages.exists()


def test_cn5_a_reply_that_was_owed_before_is_not_written(young):
    conversation = too_close(young)
    question = conversation.messages.create(author=Author.USER, text="Hello.")
    answer = conversation.messages.create(author=Author.PERSONA, parent=question)
    reply = Reply.objects.create(message=answer, offset="0-0", queued_at=timezone.now())
    replies.produce(reply.id)
    reply.refresh_from_db()
    assert (reply.status, reply.code) == ("failed", "not_for_minors")


def test_cn5_nobody_talks_with_it_through_the_api(young):
    conversation = too_close(young)
    key, _ = keys.create(user=young, label="a key", scopes=["chat"])
    body = ChatCompletionRequest(model=str(conversation.persona_id), messages=[{"role": "user", "content": "Hello."}])
    with pytest.raises(ApiError) as refused:
        admission.chat(key, body)
    assert (refused.value.status, refused.value.code) == (403, "not_for_minors")


def test_h4_an_account_that_is_too_young_talks_with_nobody(young, settings):
    conversation = factories.make_conversation(owner=young)
    settings.MINIMUM_AGE = 18
    with pytest.raises(conversations.NotAdmitted) as refused:
        messages.send_message(user=young, conversation_id=conversation.id, client_id=uuid4(), text="Hello.")
    assert refused.value.code == "too_young"
