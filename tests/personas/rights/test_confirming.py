"""A living person confirms the persona that depicts them before it talks (compliance H6)."""

import logging
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from api import admission, keys
from api.errors import ApiError
from api.schemas import ChatCompletionRequest
from chat.conversation import conversations, messages
from chat.models import Author, Reply
from chat.reply import replies
from personas import access, creation, refusals
from personas.finetuning import doors
from personas.models import Confirmation, Depicts, Persona
from personas.persona_fields import PersonaFields
from personas.rights import confirming
from personas.rights.confirmation_texts import TEXTS, VERSION
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


@pytest.fixture
def persona(alice):
    return factories.make_persona(owner=alice, name="Ben", depicts=Depicts.LIVING)


@pytest.fixture
def path(alice, persona):
    """The link, as the depicted person opens it."""
    return "/" + confirming.address(confirming.new_link(user=alice, persona=persona)).split("/", 3)[3]


def say(path, agrees, client=None):
    return (client or Client()).post(path, {"agrees": agrees})


def is_silent(persona):
    refusal = access.refusal(persona.owner, persona)
    return refusal is not None and refusal.code == "persona_not_confirmed"


def test_h6_no_confirmation_no_talk_on_the_site(alice, persona):
    with pytest.raises(conversations.NotAdmitted) as refused:
        conversations.start(user=alice, persona_id=persona.id)
    assert refused.value.code == "persona_not_confirmed"
    conversation = factories.make_conversation(owner=alice, persona=persona)
    with pytest.raises(conversations.NotAdmitted):
        messages.send_message(user=alice, conversation_id=conversation.id, client_id=uuid4(), text="Hello.")
    assert not conversation.messages.exists()


def test_h6_no_confirmation_no_talk_through_the_api(alice, persona):
    key, _ = keys.create(user=alice, label="a key", scopes=["chat"])
    body = ChatCompletionRequest(model=str(persona.pk), messages=[{"role": "user", "content": "Hello."}])
    with pytest.raises(ApiError) as refused:
        admission.chat(key, body)
    assert (refused.value.status, refused.value.code) == (403, "persona_not_confirmed")


def test_h6_no_confirmation_no_fine_tune(alice, persona):
    with pytest.raises(doors.FineTuneRefused, match="not confirmed yet"):
        doors.start(user=alice, persona=persona, agrees=True)


def test_h6_a_yes_without_an_account_lets_it_talk_and_is_kept_with_its_text(alice, persona, path):
    page = Client().get(path)
    assert all(sentence.replace("'", "&#x27;") in page.text for sentence in TEXTS["en"].read("Ben"))
    assert "alice" not in page.text
    assert say(path, "yes").status_code == 302
    assert not is_silent(persona)
    assert conversations.start(user=alice, persona_id=persona.id).persona == persona
    confirmation = Confirmation.objects.get()
    assert (confirmation.answer, confirmation.text_version) == ("yes", VERSION)
    assert confirmation.text == "\n".join(TEXTS["en"].read("Ben"))
    assert confirmation.answered_at is not None


def test_h6_a_no_stays_a_no(alice, persona, path):
    say(path, "no")
    assert is_silent(persona)
    with pytest.raises(confirming.ConfirmationRefused):
        confirming.new_link(user=alice, persona=persona)
    with pytest.raises(refusals.CreationRefused):
        creation.update_persona(user=alice, persona=persona, fields=PersonaFields("Ben", Depicts.FICTIONAL))
    persona.depicts = Depicts.FICTIONAL
    persona.save()
    assert is_silent(persona)


def test_h6_an_agreement_can_be_withdrawn_and_given_again_with_the_same_link(alice, persona, path):
    say(path, "yes")
    conversation = factories.make_conversation(owner=alice, persona=persona)
    question = conversation.messages.create(author=Author.USER, text="Hello.")
    answer = conversation.messages.create(author=Author.PERSONA, parent=question)
    reply = Reply.objects.create(message=answer, offset="0-0", queued_at=timezone.now())
    say(path, "no")
    assert Confirmation.objects.get().answer == "withdrawn"
    replies.produce(reply.id)  # it was owed before
    reply.refresh_from_db()
    assert (reply.status, reply.code) == ("failed", "persona_not_confirmed")
    assert "no longer agree" not in Client().get(path).text
    say(path, "yes")
    assert not is_silent(persona)


def test_h6_the_owner_cannot_answer(client, alice, persona, path):
    client.force_login(alice)
    assert "you cannot answer for them" in client.get(path).text
    assert say(path, "yes", client).status_code == 403
    assert is_silent(persona)


def test_h6_a_new_link_ends_the_older_one_until_the_person_has_answered(alice, persona, path):
    newer = "/" + confirming.address(confirming.new_link(user=alice, persona=persona)).split("/", 3)[3]
    assert (Client().get(path).status_code, say(path, "yes").status_code) == (404, 404)
    say(newer, "yes")
    with pytest.raises(confirming.ConfirmationRefused):
        confirming.new_link(user=alice, persona=persona)


def test_h6_an_agreement_counts_for_the_name_that_was_shown(alice, persona, path):
    say(path, "yes")
    persona.name = "Carl"
    persona.save()
    assert is_silent(persona)
    assert confirming.new_link(user=alice, persona=persona).name == "Carl"


@pytest.mark.parametrize("token", ["x", "a:b:c", "IjEi:1:x", "x" * 8000])
def test_a_forged_link_opens_nothing(token):
    answer = Client().get(f"/confirm/{token}/")
    assert answer.status_code == 404
    assert "does not work" in answer.text


def test_the_page_speaks_chinese(path):
    reader = Client(headers={"Accept-Language": "zh-CN"})
    assert TEXTS["zh"].question in reader.get(path).text
    say(path, "yes", reader)
    assert Confirmation.objects.get().text.endswith(TEXTS["zh"].question)


def test_guessing_is_slowed_down(path):
    answers = {say(path, "yes").status_code for _ in range(31)}
    assert answers == {302, 429}


def test_the_owner_makes_the_link_on_the_personas_page(client, alice, persona):
    client.force_login(alice)
    assert "has not confirmed yet" in client.get(f"/personas/{persona.pk}/").text
    client.post(f"/personas/{persona.pk}/link/")
    page = client.get(f"/personas/{persona.pk}/").text
    assert confirming.address(Confirmation.objects.get()) in page
    say("/" + confirming.address(Confirmation.objects.get()).split("/", 3)[3], "yes")
    page = client.get(f"/personas/{persona.pk}/").text
    assert "The person has agreed" in page
    assert "/confirm/" not in page


def test_a_copy_needs_its_own_confirmation(alice, persona, path, quiet_filter):
    say(path, "yes")
    assert is_silent(creation.duplicate_persona(user=alice, persona=persona))


@pytest.mark.parametrize("answers", [["no"], ["yes", "no"], []], ids=["no", "withdrawn", "unanswered"])
def test_h6_no_copy_and_no_file_undoes_a_no(client, alice, persona, path, quiet_filter, answers):
    for agrees in answers:
        say(path, agrees)
    with pytest.raises(refusals.CreationRefused, match="agree"):
        creation.duplicate_persona(user=alice, persona=persona)
    client.force_login(alice)
    for name in ("archive", "card_json", "card_png") if answers else ():
        answer = client.get(reverse(f"personas:{name}", args=[persona.pk]), follow=True)
        assert "neither copied nor downloaded" in answer.text
        assert "archive.zip" not in answer.text
    assert Persona.objects.filter(owner=alice).count() == 1


def test_no_log_has_the_link(persona, path, caplog):
    caplog.set_level(logging.DEBUG)
    say(path, "yes")
    assert path.split("/")[2] not in caplog.text
