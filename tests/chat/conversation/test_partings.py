"""The ways out of a conversation (compliance H5)."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.interface import languages
from chat.conversation import conversations, messages, partings
from chat.files import importing
from chat.models import Author, ConversationState, Reply
from persona_site.redis import cancel_key, connection
from personas.models import Persona
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(alice):
    return factories.make_conversation(owner=alice, title="The lamp")


def page_of(client, conversation, path=""):
    client.force_login(conversation.owner)
    return client.get(f"/conversations/{conversation.id}/{path}").text


def test_h5_a_goodbye_can_be_said_at_any_time(client, conversation):
    """The way out is in the conversation's head, and nothing there pleads."""
    assert f"/conversations/{conversation.id}/goodbye/" in page_of(client, conversation)
    page = page_of(client, conversation, "goodbye/")
    for way in ('value="resting"', 'value="archived"', f"/conversations/{conversation.id}/delete/", "/account/"):
        assert way in page
    for plea in ("sure", "miss", "sorry to see", "before you go", "really"):
        assert plea not in page.lower()


@pytest.mark.parametrize("state", ["resting", "archived"])
def test_h5_rest_and_archive_keep_the_words_and_write_no_more(client, conversation, state):
    message = conversation.messages.create(author=Author.USER, text="Sleep well.")
    conversation.head = message
    conversation.save()
    client.force_login(conversation.owner)
    assert client.post(f"/conversations/{conversation.id}/goodbye/", {"state": state}).url == "/conversations/"
    page = page_of(client, conversation)
    assert "Sleep well." in page
    assert "data-composer" not in page
    assert "Take it up again" in page
    with pytest.raises(conversations.WrongState):
        messages.send_message(user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text="Hi.")
    with pytest.raises(conversations.WrongState):
        messages.edit(user=conversation.owner, message_id=message.id, text="Hi.")


def test_h5_lists_show_what_rests_and_keep_the_archive_apart(client, conversation):
    def shown(path):
        client.force_login(conversation.owner)
        return "The lamp" in client.get(path).text

    paths = ("/", "/conversations/", "/conversations/?archive=")
    assert [shown(path) for path in paths] == [True, True, False]
    for state, expected in (("resting", [False, True, False]), ("archived", [False, False, True])):
        partings.part(user=conversation.owner, conversation_id=conversation.id, state=ConversationState(state))
        assert [shown(path) for path in paths] == expected


def test_h5_it_can_be_taken_up_again(client, conversation):
    partings.part(user=conversation.owner, conversation_id=conversation.id, state=ConversationState.RESTING)
    client.force_login(conversation.owner)
    client.post(f"/conversations/{conversation.id}/take-up/")
    assert "data-composer" in page_of(client, conversation)
    messages.send_message(user=conversation.owner, conversation_id=conversation.id, client_id=uuid4(), text="Hello.")


def test_h5_a_reply_under_way_is_stopped(conversation):
    question = conversation.messages.create(author=Author.USER, text="Hello.")
    now = timezone.now()
    waiting, writing = (
        Reply.objects.create(
            message=conversation.messages.create(author=Author.PERSONA, parent=question),
            status=status, offset="0-0", queued_at=now,
        )
        for status in ("queued", "generating")
    )  # fmt: skip
    partings.part(user=conversation.owner, conversation_id=conversation.id, state=ConversationState.RESTING)
    waiting.refresh_from_db()
    assert waiting.status == "stopped"
    assert connection().exists(cancel_key(writing.id))


def test_an_unknown_way_changes_nothing(client, conversation):
    client.force_login(conversation.owner)
    assert client.post(f"/conversations/{conversation.id}/goodbye/", {"state": "deleted"}).status_code == 200
    conversation.refresh_from_db()
    assert conversation.state == "open"


@pytest.fixture
def farewell(conversation):
    partings.begin_farewell(user=conversation.owner, conversation_id=conversation.id)
    conversation.refresh_from_db()
    return conversation


@pytest.mark.parametrize("persona_language", ["en", "zh-Hans"])
@pytest.mark.parametrize(
    ("language", "beginning"), [("en", "This is your farewell to Ada."), ("zh-hans", "这是您与Ada的告别。")]
)
def test_h5_the_site_speaks_of_a_farewell_in_the_readers_language(
    client, conversation, language, beginning, persona_language
):
    languages.keep(conversation.owner, language)
    Persona.objects.update(language=persona_language)
    partings.begin_farewell(user=conversation.owner, conversation_id=conversation.id)
    [notice] = conversation.notices.filter(rule=partings.FAREWELL)
    assert notice.text.startswith(beginning)
    client.force_login(conversation.owner)
    assert beginning in client.get(f"/conversations/{conversation.id}/").text
    languages.keep(conversation.owner, "en" if language != "en" else "zh-hans")  # the record stays as it was shown
    assert beginning in client.get(f"/conversations/{conversation.id}/").text


def test_h5_a_farewell_is_a_last_talk_that_its_person_ends(client, farewell):
    messages.send_message(user=farewell.owner, conversation_id=farewell.id, client_id=uuid4(), text="Thank you, Ada.")
    other = factories.make_conversation(owner=farewell.owner, persona=farewell.persona)
    client.force_login(farewell.owner)
    assert "This is your farewell to Ada" in client.get(f"/conversations/{farewell.id}/").text
    client.post(f"/conversations/{farewell.id}/farewell/end/")
    for each in (farewell, other):
        each.refresh_from_db()
        assert each.state == "resting"
    page = page_of(client, farewell)
    assert "You have said farewell to" in page
    assert "Take it up again" in page


def test_h5_after_a_farewell_the_persona_begins_no_talk_until_it_is_taken_up_again(client, farewell, bob):
    user, persona = farewell.owner, farewell.persona
    partings.end_farewell(user=user, conversation_id=farewell.id)
    with pytest.raises(conversations.AtRest):
        conversations.start(user=user, persona_id=persona.id)
    client.force_login(user)
    assert client.post("/conversations/", {"persona": str(persona.id)}).url == f"/conversations/{farewell.id}/"
    assert conversations.farewell_to(bob, persona) is None
    with pytest.raises(conversations.AtRest):
        importing.import_file(user=user, persona_id=persona.id, content=b'{"messages": [{"from": "user"}]}')
    assert "Take it up again" in page_of(client, farewell)
    partings.part(user=user, conversation_id=farewell.id, state=ConversationState.ARCHIVED)
    assert conversations.farewell_to(user, persona)
    partings.take_up(user=user, conversation_id=farewell.id)
    conversations.start(user=user, persona_id=persona.id)


def test_h5_a_farewell_begins_once_and_is_shown_as_a_notice(farewell):
    partings.begin_farewell(user=farewell.owner, conversation_id=farewell.id)
    notice = farewell.notices.get(kind="care")
    assert notice.rule == "farewell"
    assert notice.text.startswith("This is your farewell to Ada.")


def test_h5_only_a_farewell_is_ended_and_only_by_its_person(client, conversation, bob):
    with pytest.raises(conversations.WrongState):
        partings.end_farewell(user=conversation.owner, conversation_id=conversation.id)
    client.force_login(bob)
    for path in ("farewell/", "farewell/end/"):
        assert client.post(f"/conversations/{conversation.id}/{path}").status_code == 404


def test_an_empty_list_says_why_it_is_empty(client, conversation):
    client.force_login(conversation.owner)
    conversation.folder = "Letters"
    conversation.save()
    other = factories.make_conversation(owner=conversation.owner, title="Tea", folder="Evenings")
    narrowed = f"/conversations/?folder=Letters&persona={other.persona_id}"
    assert "No conversation fits this choice." in client.get(narrowed).text
    conversation.delete()
    partings.part(user=other.owner, conversation_id=other.id, state=ConversationState.ARCHIVED)
    page = client.get("/conversations/").text
    assert "All your conversations are in your archive." in page
    assert "You have not talked with anybody yet." not in page


def test_what_is_archived_is_not_archived_again(client, conversation):
    partings.part(user=conversation.owner, conversation_id=conversation.id, state=ConversationState.ARCHIVED)
    page = page_of(client, conversation, "goodbye/")
    assert ('value="resting"' in page, 'value="archived"' in page) == (True, False)
