"""The background work for personas."""

import os
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from generation.jobs import leases
from persona_site.celery import app
from personas import tasks
from personas.memory import passages
from personas.models import Draft, DraftFile, Passage, Source, Transcript
from personas.reading import uploads
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


def test_old_files_that_no_row_names_are_deleted(alice, no_worker, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    persona = factories.make_persona(owner=alice)
    persona.avatar.save("a.webp", ContentFile(b"x"))
    source = Source(persona=persona, name="a", format="plain-text", bytes=1, status="ready")
    source.file.save("a", ContentFile(b"x"))
    draft = Draft.objects.create(owner=alice)
    draft.avatar.save("a.webp", ContentFile(b"x"))
    file = DraftFile(draft=draft, name="a", bytes=1)
    file.file.save("a", ContentFile(b"x"))
    transcript = Transcript(file=file, medium="page", place="page 1", digest="d", lines=[], bytes=1)
    transcript.media.save("a", ContentFile(b"x"))
    named = {each.name for each in (persona.avatar, source.file, draft.avatar, file.file, transcript.media)}
    lost = [f"{folder}/{uuid4()}" for folder in ("uploads", "avatars")]
    for name in (*lost, "uploads/young"):
        default_storage.save(name, ContentFile(b"My dear Ann"))
    a_day_ago = (timezone.now() - timedelta(days=1, minutes=1)).timestamp()
    for name in (*lost, *named):
        os.utime(default_storage.path(name), (a_day_ago, a_day_ago))
    tasks.delete_orphans()
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == named | {"uploads/young"}


def test_tidying_queues_again_what_was_left_undone(alice, bob, no_worker):
    persona = factories.make_persona(owner=alice)
    lost = Source.objects.create(persona=persona, name="a", format="plain-text", bytes=1)
    Source.objects.filter(pk=lost.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    Source.objects.create(persona=persona, name="b", format="plain-text", bytes=1)
    Passage.objects.create(persona=persona, source=lost, text="t", digest="d", source_ref="line 1")
    draft = Draft.objects.create(owner=bob)
    DraftFile.objects.create(draft=draft, name="c", bytes=1)
    Draft.objects.filter(pk=draft.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    tasks.tidy()
    assert no_worker == [
        ("personas.tasks.read_uploads", alice.pk),
        ("personas.tasks.read_uploads", bob.pk),
        ("personas.tasks.embed_passages", str(persona.pk)),
    ]


def waiting_file(owner, name: str) -> DraftFile:
    draft, _ = Draft.objects.get_or_create(owner=owner)
    file = DraftFile(draft=draft, name=name, bytes=1)
    file.file.save(name, ContentFile(b"Dear Ann,\n\nI walked to the harbour and saw the old green boat again.\n"))
    return file


def test_many_files_of_one_person_and_one_of_another_are_read_in_turn(alice, bob, no_worker):
    """A task reads one file. A person's other files wait behind the files of other people."""
    for number in range(3):
        waiting_file(alice, f"alice {number}")
    waiting_file(bob, "bob")
    queue = [alice.pk, bob.pk]
    order = []
    while queue:
        owner = queue.pop(0)
        unread = set(DraftFile.objects.filter(status="reading"))
        tasks.read_uploads(owner)
        order += [file.name for file in unread - set(DraftFile.objects.filter(status="reading"))]
        queue += [ids[0] for name, *ids in no_worker if name == "personas.tasks.read_uploads"]
        no_worker.clear()
    assert order == ["alice 0", "bob", "alice 1", "alice 2"]
    assert set(DraftFile.objects.values_list("status", flat=True)) == {"ready"}


def test_one_person_has_one_file_read_at_once(alice, no_worker):
    waiting_file(alice, "one")
    with leases.take(f"uploads:{alice.pk}"):
        tasks.read_uploads(alice.pk)
    assert DraftFile.objects.get().status == "reading"
    assert no_worker == []
    tasks.read_uploads(alice.pk)
    assert DraftFile.objects.get().status == "ready"


def test_a_file_taken_out_of_its_draft_while_it_is_read_is_not_brought_back(alice, no_worker, monkeypatch):
    file = waiting_file(alice, "one")
    read = uploads._keep

    def keep(*everything):
        DraftFile.objects.filter(pk=file.pk).delete()
        read(*everything)

    monkeypatch.setattr(uploads, "_keep", keep)
    tasks.read_uploads(alice.pk)
    assert not DraftFile.objects.exists()


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
    assert no_worker[2:] == [("personas.tasks.compute_portrait", str(persona.pk))]  # after the last vector


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("personas.tasks.read_uploads", "imports"),
        ("personas.tasks.embed_passages", "imports"),
        ("personas.tasks.compute_portrait", "imports"),
        ("personas.tasks.tidy", "default"),
        ("chat.tasks.monitor_conversation", "default"),
        ("chat.tasks.requeue_lapsed", "default"),
    ],
)
def test_monitor_and_sweeper_do_not_stand_in_the_queue_of_imports(task, queue):
    assert app.amqp.router.route({}, task)["queue"].name == queue


def test_a_chinese_passage_gets_its_vector_by_the_chinese_embedder(persona):
    persona.passages.filter(text="I mend clocks.").update(text="我修钟表。")
    tasks.embed_passages(str(persona.pk))
    assert persona.passages.get(text="我修钟表。").embedder == "multilingual-e5-small-centred"
    assert passages.recall(persona, "你会修理手表吗？", 1)[0].text == "我修钟表。"
