"""Consent before an import and its withdrawal (compliance GD2), and the separate one before a training (CN6)."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Consent, User
from personas import creation, refusals
from personas.finetuning import doors
from personas.models import Depicts, DraftFile, FineTune, Passage, Persona, Utterance
from personas.persona_fields import PersonaFields
from personas.rights import import_consent
from personas.way_in import drafts, trying
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quiet_filter", "no_worker", "_words")]

TYPED = {"name": "Teo", "depicts": "dead", "declaration": "on", "language": "en", "description": "Teo mends clocks."}


@pytest.fixture
def draft(alice: User):
    """A draft with a file that is read."""
    made = drafts.begin(alice)
    beginning = [{"speaker": "Teo", "text": "Clocks lie.", "sent_at": None, "source_ref": "line 1"}]
    file = DraftFile(
        draft=made, name="chat", format="transcript", bytes=1, status="ready",
        report={"messages": 1, "speakers": {"Teo": 1}}, beginning=beginning,
    )  # fmt: skip
    file.file.save("chat.txt", ContentFile(b"Teo: Clocks lie."))
    return made


def test_gd2_no_door_imports_without_consent(alice: User, draft) -> None:
    persona = creation.create_persona(owner=alice, fields=PersonaFields("Teo", Depicts.FICTIONAL))
    with pytest.raises(refusals.ImportNotAgreed):
        creation.add_source(
            user=alice, persona=persona, file=io.BytesIO(b"x"), name="x", format="plain-text", speaker=""
        )
    drafts.keep_fields(draft, TYPED)
    with pytest.raises(refusals.ImportNotAgreed):
        drafts.save(draft, PersonaFields("Teo", Depicts.DEAD))
    with pytest.raises(refusals.ImportNotAgreed):
        trying.ask(user=alice, draft=draft, text="How was your day?")
    with pytest.raises(CommandError, match="--agree"):
        call_command("import_persona", __file__, "--name", "Teo")
    assert not Persona.objects.filter(name="Teo", sources__isnull=False).exists()
    assert not Passage.objects.exists()


def test_gd2_the_form_asks_for_it_and_keeps_its_text_version_and_time(client: Client, alice: User, draft) -> None:
    client.force_login(alice)
    address = reverse("personas:draft", args=[draft.pk])
    answer = client.post(address, {**TYPED, "then": "preview"})
    assert answer.status_code == 422
    assert "no word is imported" in answer.text
    answer = client.post(address, {**TYPED, "import_consent": "on", "then": "preview"})
    assert answer.url == reverse("personas:preview", args=[draft.pk])
    client.post(answer.url, {"then": "save"})
    persona = Persona.objects.get(owner=alice, name="Teo")
    consent = Consent.objects.get(kind=import_consent.KIND, subject_id=persona.pk)
    assert (consent.text, consent.text_version) == (str(import_consent.TEXT), import_consent.VERSION)
    assert consent.given_at


def test_gd2_a_withdrawal_deletes_what_came_from_the_import_and_is_kept(client: Client, alice: User, bob: User) -> None:
    persona = factories.make_persona(owner=alice, sayings=["Clocks lie."])
    source = persona.sources.create(name="letters.txt", format="plain-text", bytes=1, status="ready")
    source.utterances.create(position=0, is_persona=True, text="Dear Ann.", source_ref="line 1")
    Passage.objects.create(persona=persona, source=source, text="Dear Ann.", digest="0" * 64, source_ref="line 1")
    FineTune.objects.create(persona=persona, model="m", weights="w", words=1, estimate=timedelta(), bytes=1)
    address = reverse("personas:withdraw_import", args=[persona.pk])
    client.force_login(bob)
    assert client.post(address).status_code == 404
    client.force_login(alice)
    assert "Withdraw and delete the words" in client.get(reverse("personas:detail", args=[persona.pk])).text
    client.post(address)
    for rows in (persona.sources, persona.passages, Utterance.objects, FineTune.objects):
        assert not rows.exists()
    persona.refresh_from_db()
    assert persona.sayings == ["Clocks lie."]  # typed, not imported
    assert not import_consent.is_given(persona)
    assert Consent.objects.filter(kind=import_consent.WITHDRAWN, subject_id=persona.pk).count() == 1
    with pytest.raises(refusals.ImportNotAgreed):
        creation.add_source(
            user=alice, persona=persona, file=io.BytesIO(b"x"), name="x", format="plain-text", speaker=""
        )


def test_cn6_a_training_is_refused_without_a_consent_of_its_own(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    persona = factories.make_persona(owner=alice)
    source = persona.sources.create(name="letters.txt", format="plain-text", bytes=1, status="ready")
    assert source.train_consent is False
    offer = doors.Offer(10_000, timedelta(minutes=1), doors.model_rows.active(), "")
    monkeypatch.setattr(doors, "offer", lambda persona: offer)
    monkeypatch.setattr(doors.queueing, "train", lambda: None)
    with pytest.raises(doors.FineTuneRefused, match="only if you agree"):
        doors.start(user=alice, persona=persona)
    assert not FineTune.objects.exists()
    doors.start(user=alice, persona=persona, agrees=True)
    source.refresh_from_db()
    assert source.train_consent
    consent = Consent.objects.get(kind=doors.KIND, subject_id=persona.pk)
    assert (consent.text, consent.text_version) == (str(doors.CONSENT), doors.VERSION)
    later = persona.sources.create(name="more.txt", format="plain-text", bytes=1, status="ready")
    assert not later.train_consent
    doors.delete(user=alice, persona=persona)
    source.refresh_from_db()
    assert not source.train_consent
