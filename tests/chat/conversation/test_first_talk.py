"""The gentle opening of the first talk with somebody who has died."""

import pytest

from chat.conversation import conversations, first_talk
from chat.models import Notice
from personas.models import Depicts
from tests import factories

pytestmark = pytest.mark.django_db


def start(user, persona):
    return conversations.start(user=user, persona_id=persona.id)


@pytest.fixture
def mother(alice):
    factories.make_policy()
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


def test_it_is_in_the_personas_language_and_each_persona_has_its_own(alice, mother):
    father = factories.make_persona(owner=alice, name="父亲", depicts=Depicts.DEAD, language="zh-Hans")
    start(alice, mother)
    start(alice, father)
    assert Notice.objects.filter(rule=first_talk.RULE, text__startswith="开始之前：父亲已经离世").count() == 1


@pytest.mark.parametrize("depicts", [Depicts.FICTIONAL, Depicts.HISTORICAL])
def test_others_open_as_usual(alice, mother, depicts):
    start(alice, factories.make_persona(owner=alice, depicts=depicts))
    assert not Notice.objects.filter(rule=first_talk.RULE).exists()
