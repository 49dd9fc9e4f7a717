"""Starting, stopping, choosing and deleting a fine-tune."""

import io
import json

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.http import Http404
from django.urls import reverse

from accounts.usage.quotas import QuotaExceeded
from generation.jobs import forgetting
from moderation.models import Restriction, RestrictionKind
from personas import creation, my_data, refusals, storage
from personas.finetuning import doors, files, training
from personas.importers.base import FileTooLarge
from personas.management import owed_work
from personas.models import FineTune, FineTuneStatus, SourceStatus
from personas.prompting import prompt_sheet

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.model]


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def ready(alice, persona, small_model, queued) -> FineTune:
    made = doors.start(user=alice, persona=persona, agrees=True)
    (files.folder(made.pk) / "adapter").mkdir(parents=True)
    (files.folder(made.pk) / "adapter" / "adapter_model.safetensors").write_bytes(b"x" * 100)
    values = {"curve": [[0, 2.0, 2.0], [5, 1.5, 1.8]], "comparison": [["Hello?", "Before.", "After <b>it</b>."]]}
    FineTune.objects.filter(pk=made.pk).update(status=FineTuneStatus.READY, bytes=100, **values)
    made.refresh_from_db()
    return made


def test_a_start_queues_a_training_and_counts_its_room(alice, persona, small_model, queued):
    fine_tune = doors.start(user=alice, persona=persona, agrees=True)
    assert (fine_tune.status, fine_tune.weights, queued) == ("queued", "small", ["train"])
    assert storage.stored_bytes(alice) == 10 + files.RESERVED
    assert training.is_owed()
    with pytest.raises(doors.FineTuneRefused, match="already being fine-tuned"):
        doors.start(user=alice, persona=persona, agrees=True)


def test_few_words_are_refused_with_the_limit(alice, persona, small_model, queued, settings):
    settings.FINE_TUNE_WORDS = 50_000
    with pytest.raises(doors.FineTuneRefused, match=r"needs 50,000 words of the persona; there are 12,\d\d\d"):
        doors.start(user=alice, persona=persona, agrees=True)
    assert not FineTune.objects.exists()


def test_a_start_is_refused_without_room_quota_or_a_clean_record(alice, persona, small_model, queued, settings):
    settings.STORAGE_PER_ACCOUNT = 1000
    with pytest.raises(FileTooLarge):
        doors.start(user=alice, persona=persona, agrees=True)
    settings.STORAGE_PER_ACCOUNT = 10**9
    settings.QUOTAS = settings.QUOTAS | {"fine-tunes": (1, settings.QUOTAS["fine-tunes"][1])}
    doors.start(user=alice, persona=persona, agrees=True)
    doors.delete(user=alice, persona=persona)
    with pytest.raises(QuotaExceeded):
        doors.start(user=alice, persona=persona, agrees=True)
    kind = RestrictionKind.PERSONA_DISABLED
    Restriction.objects.create(kind=kind, persona_id=persona.pk, statement="…")
    with pytest.raises(refusals.PersonaDisabled):
        doors.start(user=alice, persona=persona, agrees=True)
    Restriction.objects.all().delete()
    Restriction.objects.create(kind="user_suspended", user=alice, statement="You are suspended.")
    with pytest.raises(refusals.CreationRefused, match="You are suspended"):
        doors.start(user=alice, persona=persona, agrees=True)


def test_only_the_owner_has_the_doors(alice, bob, persona, ready):
    for door in (doors.start, doors.stop, doors.delete):
        with pytest.raises(Http404):
            door(user=bob, persona=persona)
    with pytest.raises(Http404):
        doors.choose(user=bob, persona=persona, is_used=True)
    assert FineTune.objects.get() == ready


def test_the_persona_talks_with_the_fine_tune_as_long_as_its_owner_wants(alice, persona, ready):
    assert prompt_sheet.sheet_for(persona).adapter is None
    doors.choose(user=alice, persona=persona, is_used=True)
    adapter = prompt_sheet.sheet_for(persona).adapter
    assert (adapter.name, adapter.weights, adapter.is_stored) == (str(ready.pk), "small", True)
    doors.choose(user=alice, persona=persona, is_used=False)
    assert prompt_sheet.sheet_for(persona).adapter is None


def test_files_go_with_the_fine_tune_its_persona_its_source_or_its_owner(alice, persona, ready):
    assert default_storage.exists(f"fine-tunes/{ready.pk}")
    assert my_data.export(alice)["personas"][0]["fine_tune"]["comparison"]
    creation.remove_source(user=alice, persona=persona, source_id=persona.sources.get().pk)
    assert not FineTune.objects.exists()
    assert not default_storage.exists(f"fine-tunes/{ready.pk}")


@pytest.mark.parametrize("end", ["delete", "delete_persona", "erase"])
def test_m2_no_row_file_or_loaded_adapter_is_left_of_a_fine_tune(alice, persona, ready, end):
    asked = forgetting.times_asked()
    if end == "erase":
        my_data.erase(alice)
    elif end == "delete_persona":
        creation.delete_persona(user=alice, persona=persona)
    else:
        doors.delete(user=alice, persona=persona)
    assert not FineTune.objects.exists()
    assert not files.folder(ready.pk).exists()
    assert forgetting.times_asked() > asked  # the engines forget it at the next beat of their worker


def test_a_stop_before_the_training_began_takes_it_out_of_the_queue(alice, persona, small_model, queued):
    doors.start(user=alice, persona=persona, agrees=True)
    doors.stop(user=alice, persona=persona)
    assert (FineTune.objects.get().status, training.is_owed()) == ("failed", False)


def test_the_page_offers_a_fine_tune_with_its_estimate(browser, persona, small_model, queued):
    page = browser.get(reverse("personas:detail", args=[persona.pk])).content.decode()
    assert "The training takes about 1 minute" in page
    page = browser.post(
        reverse("personas:fine_tune_start", args=[persona.pk]), {"agrees": "yes"}, follow=True
    ).content.decode()
    assert "The training waits for its turn" in page
    assert "data-under-way" in page
    assert 'http-equiv="refresh"' in page


def test_the_page_counts_on_while_a_file_is_imported(browser, persona, small_model):
    url = reverse("personas:fine_tune_progress", args=[persona.pk])
    assert "data-under-way" not in browser.get(url).text
    persona.sources.update(status=SourceStatus.IMPORTING)
    assert "data-under-way" in browser.get(url).text


def test_the_page_shows_curve_figures_and_the_switch(browser, persona, ready):
    page = browser.get(reverse("personas:detail", args=[persona.pk])).content.decode()
    assert "10.0 % better: 2.000 bits per byte before, 1.800 after" in page
    assert "<polyline" in page
    side_by_side = browser.get(reverse("personas:fine_tune", args=[persona.pk])).content.decode()
    assert "After &lt;b&gt;it&lt;/b&gt;." in side_by_side
    url = reverse("personas:fine_tune_choose", args=[persona.pk])
    assert "Use the untuned model" in browser.post(url, {"use": "fine-tune"}, follow=True).content.decode()
    assert "Use the fine-tune" in browser.post(url, {"use": "model"}, follow=True).content.decode()


def test_the_page_names_engines_that_cannot_use_it(browser, persona, ready, monkeypatch):
    from generation.routing import router

    monkeypatch.setattr(router, "engines_without_adapters", lambda: ["far"])
    page = browser.get(reverse("personas:detail", args=[persona.pk])).content.decode()
    assert "far cannot use a fine-tune. Replies from there are written by the untuned model." in page


def test_the_command_asks_for_the_consent_waits_and_prints_the_gain(persona, small_model, queued, monkeypatch):
    def finetune(*options: str) -> dict[str, object]:
        out = io.StringIO()
        options = (str(persona.pk), "--user", "alice", "--json", *options)
        call_command("finetune", *options, stdout=out, stderr=io.StringIO())
        return json.loads(out.getvalue())

    def end(**values):
        monkeypatch.setattr(owed_work, "sleep", lambda seconds: FineTune.objects.update(**values))

    with pytest.raises(CommandError, match="Add --agree if this is so: I agree that a model"):
        finetune()
    assert not FineTune.objects.exists()
    end(status=FineTuneStatus.FAILED, error="The words are too few.")
    with pytest.raises(CommandError, match="The words are too few"):
        finetune("--agree")
    end(status=FineTuneStatus.READY, curve=[[0, 2.0, 2.0], [5, 1.5, 1.8]])
    result = finetune("--agree")
    assert (result["bits_per_byte"], result["is_used"]) == ({"before": 2.0, "after": 1.8}, False)


def test_the_command_says_that_a_held_training_waits(alice, persona, small_model, queued, monkeypatch):
    waits: list[float] = []

    def sleep(seconds):
        waits.append(seconds)
        assert len(waits) < 3, "it waits without end"
        type(alice).objects.filter(pk=alice.pk).update(is_active=False)

    monkeypatch.setattr(owed_work, "sleep", sleep)
    with pytest.raises(CommandError, match="The training waits: its owner may not use this persona now"):
        call_command("finetune", str(persona.pk), "--user", "alice", "--agree", stderr=io.StringIO())
    assert FineTune.objects.get().status == FineTuneStatus.QUEUED
