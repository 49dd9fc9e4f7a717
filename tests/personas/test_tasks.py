"""What workers do for personas."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from personas import tasks
from personas.models import Draft, Passage, Source
from tests import factories

pytestmark = pytest.mark.django_db


def test_tidying_drops_old_drafts_with_their_files_and_keeps_young_ones(alice, no_worker):
    old = Draft.objects.create(owner=alice)
    old.avatar.save("a.webp", ContentFile(b"x"))
    young = Draft.objects.create(owner=alice)
    Draft.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=3))
    tasks.tidy()
    assert list(Draft.objects.all()) == [young]
    assert not old.avatar.storage.exists(old.avatar.name)


def test_tidying_queues_again_what_was_left_undone(alice, no_worker):
    persona = factories.make_persona(owner=alice)
    lost = Source.objects.create(persona=persona, name="a", format="plain-text", bytes=1)
    Source.objects.filter(pk=lost.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    Source.objects.create(persona=persona, name="b", format="plain-text", bytes=1)
    Passage.objects.create(persona=persona, source=lost, text="t", digest="d", source_ref="line 1")
    tasks.tidy()
    assert no_worker == [
        ("personas.tasks.import_source", str(lost.pk)),
        ("personas.tasks.embed_passages", str(persona.pk)),
    ]


@pytest.fixture
def persona(alice):
    persona = factories.make_persona(owner=alice)
    source = Source.objects.create(persona=persona, name="a", format="plain-text", bytes=1, status="ready")
    Passage.objects.bulk_create(
        Passage(persona=persona, source=source, text=text, digest=text, source_ref="line 1")
        for text in ("The harbour was frozen.", "I mend clocks.")
    )
    return persona


def test_passages_get_vectors_by_the_real_embedder_once(persona):
    tasks.embed_passages(str(persona.pk))
    tasks.embed_passages(str(persona.pk))
    rows = list(persona.passages.all())
    assert {row.embedder for row in rows} == {"all-minilm-l6-v2"}
    assert all(len(row.embedding) == 384 for row in rows)


def test_other_work_comes_between_the_batches_of_a_long_source(persona, no_worker, monkeypatch):
    monkeypatch.setattr(tasks, "_BATCH", 1)
    for done in (1, 2):
        tasks.embed_passages(str(persona.pk))
        assert persona.passages.exclude(embedder="").count() == done
        assert no_worker == done * [("personas.tasks.embed_passages", str(persona.pk))]
    tasks.embed_passages(str(persona.pk))
    assert len(no_worker) == 2
