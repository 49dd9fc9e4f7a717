"""The gentle opening of the first talk with somebody who has died."""

import json

import pytest

from accounts.interface import languages
from chat.conversation import conversations, first_talk, groups
from chat.files import importing
from chat.models import Notice
from personas.models import Depicts, Persona
from tests import factories

pytestmark = pytest.mark.django_db


def start(user, persona):
    return conversations.start(user=user, persona_id=persona.id)


@pytest.fixture
def mother(alice):
    return factories.make_persona(owner=alice, name="Vera", depicts=Depicts.DEAD, opening_line="Hello, dear.")


def test_the_first_talk_with_somebody_who_has_died_opens_gently_and_once(client, alice, mother):
    alice.country = "AT"
    alice.save()
    first = start(alice, mother)
    notice = Notice.objects.get(rule=first_talk.RULE)
    assert (notice.conversation, notice.message, notice.kind) == (first, None, "care")
    assert "142" in str(notice.resources)  # the help line of Austria
    start(alice, mother)
    assert Notice.objects.filter(rule=first_talk.RULE).count() == 1
    client.force_login(alice)
    page = client.get(f"/conversations/{first.id}/").text
    assert page.index("Vera has died, and this is not Vera") < page.index("Hello, dear.")


@pytest.mark.parametrize("persona_language", ["en", "zh-Hans"])
@pytest.mark.parametrize(
    ("language", "beginning", "near"),
    [
        ("en", "Before you begin: Vera has died", "Someone near you"),
        ("zh-hans", "开始之前：Vera已经离世", "你身边的人"),
    ],
)
def test_it_is_in_the_readers_language(client, alice, mother, language, beginning, near, persona_language):
    languages.keep(alice, language)
    Persona.objects.update(language=persona_language)
    client.force_login(alice)
    page = client.post("/conversations/", {"persona": mother.id}, follow=True).text
    assert beginning in page
    assert near in page
    other = "en" if language != "en" else "zh-hans"
    languages.keep(alice, other)
    page = client.post("/conversations/", {"persona": mother.id}, follow=True).text
    assert "Hello, dear." in page
    assert Notice.objects.filter(rule=first_talk.RULE).count() == 1, "another language is no other opening"


def test_each_persona_has_its_own(alice, mother):
    father = factories.make_persona(owner=alice, name="Karl", depicts=Depicts.DEAD)
    start(alice, mother)
    start(alice, father)
    assert Notice.objects.filter(rule=first_talk.RULE, text__startswith="Before you begin: Karl").count() == 1


@pytest.mark.parametrize("depicts", [Depicts.FICTIONAL, Depicts.HISTORICAL])
def test_others_open_as_usual(alice, mother, depicts):
    start(alice, factories.make_persona(owner=alice, depicts=depicts))
    assert not Notice.objects.filter(rule=first_talk.RULE).exists()


def test_it_opens_in_a_group_too_once_for_each(client, alice, mother):
    ada = factories.make_persona(owner=alice)
    father = factories.make_persona(owner=alice, name="Karl", depicts=Depicts.DEAD)
    group = groups.start(user=alice, persona_ids=[ada.id, mother.id])
    groups.add(user=alice, conversation_id=group.id, persona_id=father.id)
    texts = [notice.text.split(",")[0] for notice in group.notices.filter(rule=first_talk.RULE)]
    assert texts == ["Before you begin: Vera has died", "Before you begin: Karl has died"]
    start(alice, mother)
    start(alice, father)
    assert Notice.objects.filter(rule=first_talk.RULE).count() == 2
    client.force_login(alice)
    assert "Karl has died" in client.get(f"/conversations/{group.id}/").text


def test_it_follows_an_imported_talk(client, alice, mother):
    content = json.dumps({"messages": [{"from": "user", "content": "Good evening."}]}).encode()
    [imported] = importing.import_file(user=alice, persona_id=mother.id, content=content)
    importing.import_file(user=alice, persona_id=mother.id, content=content)
    assert [notice.message for notice in Notice.objects.filter(rule=first_talk.RULE)] == [imported.head]
    client.force_login(alice)
    page = client.get(f"/conversations/{imported.id}/").text
    assert page.index("Good evening.") < page.index("Vera has died, and this is not Vera")
