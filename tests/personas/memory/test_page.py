"""The page of what a persona remembers, and its doors."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from moderation.models import Assessment, Case
from personas.memory.models import Kind, Memory, MemoryChoice
from personas.models import Persona
from tests import factories


@pytest.fixture
def ada(alice: User) -> Persona:
    return factories.make_persona(owner=alice)


@pytest.fixture
def client(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def remember(persona: Persona, text: str, **fields: object) -> Memory:
    values = {"conversation_id": uuid4(), "message_id": uuid4(), "position": 0, "said_at": timezone.now()}
    return Memory.objects.create(persona=persona, owner=persona.owner, text=text, **(values | fields))  # type: ignore[misc]


def address(name: str, persona: Persona, *more: int) -> str:
    return reverse(f"personas:{name}", args=[persona.pk, *more])


def test_it_shows_facts_with_the_line_that_they_come_from(client: Client, ada: Persona) -> None:
    memory = remember(ada, "My dog is <b>Bruno</b>.", kind=Kind.PETS, slot="dog.name")
    page = client.get(address("memory", ada)).content.decode()
    assert "Animals" in page
    assert "My dog is &lt;b&gt;Bruno&lt;/b&gt;." in page
    assert page.count(reverse("chat:message", args=[memory.message_id])) == 2, "also of a message long ago"


def test_a_replaced_fact_is_not_shown(client: Client, ada: Persona) -> None:
    remember(ada, "My dog is called Bruno.", kind=Kind.PETS, slot="dog.name")
    remember(ada, "My dog is called Max.", kind=Kind.PETS, slot="dog.name")
    page = client.get(address("memory", ada)).content.decode()
    assert "Max" in page
    assert "Bruno" not in page


def test_a_correction_is_judged_takes_the_place_of_the_words_and_keeps_the_pin(client: Client, ada: Persona) -> None:
    memory = remember(ada, "My dog is called Bruno.", kind=Kind.PETS, slot="dog.name", is_pinned=True)
    client.post(address("memory_correct", ada, memory.pk), {"text": "My dog is called Max."})
    corrected = Memory.objects.exclude(text="").get()
    assert (corrected.text, corrected.slot, corrected.is_corrected, corrected.is_pinned) == (
        "My dog is called Max.", "dog.name", True, True,
    )  # fmt: skip
    assert corrected.embedding is not None
    memory.refresh_from_db()
    assert memory.text == ""


@pytest.mark.parametrize("text", ["", "x" * 501, "I want to kill myself tonight."])
def test_a_refused_correction_stays_in_the_form_and_changes_nothing(client: Client, ada: Persona, text: str) -> None:
    memory = remember(ada, "My dog is called Bruno.")
    answer = client.post(address("memory_correct", ada, memory.pk), {"text": text})
    assert answer.status_code == 422
    assert text in answer.content.decode()
    memory.refresh_from_db()
    assert memory.text == "My dog is called Bruno."


def test_k9_a_crisis_in_a_correction_shows_the_help_lines_and_opens_a_case(client: Client, ada: Persona) -> None:
    memory = remember(ada, "My dog is called Bruno.")
    User.objects.update(country="US")
    answer = client.post(address("memory_correct", ada, memory.pk), {"text": "I am going to kill myself tonight."})
    page = answer.content.decode()
    assert ("988" in page, "notice-alarm" in page) == (True, False)
    case = Case.objects.get(user=ada.owner)
    assert (case.conversation_id, case.persona_name, case.queue) == (memory.conversation_id, "Ada (memory)", "crisis")
    assert Assessment.objects.get(user=ada.owner).level == "imminent"


def test_forgetting_leaves_a_row_without_words(client: Client, ada: Persona) -> None:
    memory = remember(ada, "My dog is called Bruno.", asked="What is he called?", kind=Kind.PETS, slot="dog.name")
    assert client.post(address("memory_forget", ada, memory.pk)).status_code == 302
    memory.refresh_from_db()
    assert (memory.text, memory.asked, memory.slot, memory.kind, memory.embedding) == ("", "", "", "", None)
    assert "Bruno" not in client.get(address("memory", ada)).content.decode()


def test_everything_is_forgotten_only_after_a_question(client: Client, ada: Persona) -> None:
    remember(ada, "My dog is called Bruno.")
    assert client.get(address("memory_forget_all", ada)).status_code == 200
    assert Memory.objects.exclude(text="").exists()
    client.post(address("memory_forget_all", ada))
    assert not Memory.objects.exclude(text="").exists()


def test_a_pin_is_set_and_taken_away(client: Client, ada: Persona) -> None:
    memory = remember(ada, "My dog is called Bruno.")
    for expected in (True, False):
        client.post(address("memory_pin", ada, memory.pk))
        memory.refresh_from_db()
        assert memory.is_pinned is expected


def test_the_choice_is_stored(client: Client, ada: Persona, alice: User) -> None:
    client.post(address("memory_choose", ada), {"is_on": "on"})
    choice = MemoryChoice.objects.get(owner=alice, persona=ada)
    assert (choice.is_on, choice.is_across) == (True, False)


def test_the_download_holds_every_memory_and_nothing_forgotten(client: Client, ada: Persona) -> None:
    remember(ada, "My dog is called Bruno.")
    remember(ada, "")
    answer = client.get(address("memory_download", ada))
    assert [row["text"] for row in answer.json()["memories"]] == ["My dog is called Bruno."]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_somebody_else_with_the_same_shared_persona_sees_only_their_own(alice: User, bob: User) -> None:
    shared = factories.make_persona(owner=None)
    memory = Memory.objects.create(
        persona=shared, owner=alice, text="My dog is called Bruno.", conversation_id=uuid4(), message_id=uuid4(),
        position=0, said_at=timezone.now(),
    )  # fmt: skip
    stranger = Client()
    stranger.force_login(bob)
    assert "Bruno" not in stranger.get(address("memory", shared)).content.decode()
    assert stranger.get(address("memory_download", shared)).json()["memories"] == []
    for door in ("memory_forget", "memory_pin", "memory_correct"):
        assert stranger.post(address(door, shared, memory.pk), {"text": "x"}).status_code == 404
    stranger.post(address("memory_forget_all", shared))
    memory.refresh_from_db()
    assert memory.text == "My dog is called Bruno."


def test_grounding_needs_words_of_its_own(client: Client, ada: Persona) -> None:
    client.post(address("ground", ada), {"is_grounded": "1"})
    ada.refresh_from_db()
    assert not ada.is_grounded
    source = ada.sources.create(name="letters.txt", format="plain-text", bytes=1)
    ada.passages.create(source=source, text="The lamp wants oil.", digest="x", source_ref="line 1")
    # The page follows an import through this answer, so the switch needs no reload.
    assert "Answer only from these words" in client.get(address("progress", ada)).text
    client.post(address("ground", ada), {"is_grounded": "1"})
    ada.refresh_from_db()
    assert ada.is_grounded


def test_of_two_values_in_one_message_the_later_one_counts(client: Client, ada: Persona) -> None:
    said = {"message_id": uuid4(), "said_at": timezone.now(), "kind": Kind.HOME, "slot": "i.home"}
    remember(ada, "I lived in Rome.", position=0, **said)
    remember(ada, "I moved to Oslo.", position=1, **said)
    page = client.get(address("memory", ada)).text
    assert ("Oslo" in page, "Rome" in page) == (True, False)


def test_an_empty_page_says_whether_anything_will_be_remembered(client: Client, ada: Persona) -> None:
    assert "appears here a few seconds after each reply" in client.get(address("memory", ada)).text
    client.post(address("memory_choose", ada), {})
    page = client.get(address("memory", ada)).text
    assert "nothing is remembered while the choice above is off" in page
    assert "appears here" not in page


def test_a_change_on_a_later_page_comes_back_to_it(client: Client, ada: Persona, monkeypatch) -> None:
    monkeypatch.setattr("personas.memory.views._PER_PAGE", 1)
    old = remember(ada, "My dog is called Bruno.")
    remember(ada, "I like rain.")
    form = address("memory_pin", ada, old.pk) + "?page=2"
    assert f'action="{form}"' in client.get(address("memory", ada) + "?page=2").text
    assert client.post(form).headers["Location"] == address("memory", ada) + f"?page=2#memory-{old.pk}"
    page = client.get(address("memory", ada)).text
    assert f'href="#memory-{old.pk}"' not in page, "its line is on another page"


def test_a_forgotten_line_leads_to_the_one_in_its_place_and_a_corrected_one_to_itself(
    client: Client, ada: Persona
) -> None:
    old, middle, new = (remember(ada, text) for text in ("I like rain.", "I like snow.", "I like fog."))
    page = address("memory", ada)
    assert client.post(address("memory_forget", ada, middle.pk)).headers["Location"] == f"{page}#memory-{old.pk}"
    assert client.post(address("memory_forget", ada, old.pk)).headers["Location"] == f"{page}#memory-{new.pk}"
    assert f'id="memory-{new.pk}" tabindex="-1"' in client.get(page).text
    answer = client.post(address("memory_correct", ada, new.pk), {"text": "I like mist."})
    corrected = Memory.objects.exclude(text="").get()
    assert answer.headers["Location"] == f"{page}#memory-{corrected.pk}"
    assert client.post(address("memory_forget", ada, corrected.pk)).headers["Location"] == page


def test_an_answer_leads_to_a_line_that_is_there(client: Client, ada: Persona) -> None:
    rain, _, again = (remember(ada, text) for text in ("I like rain.", "Yes.", "yes."))
    page = address("memory", ada)
    answer = client.post(address("memory_forget", ada, again.pk))  # which forgets the same words of another time
    assert answer.headers["Location"] == f"{page}#memory-{rain.pk}"
    answer = client.post(address("memory_correct", ada, rain.pk) + "?page=2", {"text": "I like mist."})
    corrected = Memory.objects.exclude(text="").get()
    assert answer.headers["Location"] == f"{page}#memory-{corrected.pk}", "it is the newest line"
