"""A worker trains what the rows owe, and goes on where a killed one ended."""

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.db import connection

from generation.jobs import leases
from personas.finetuning import doors, files, training
from personas.models import FineTune, FineTuneStatus
from tests import factories
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.model]


@pytest.fixture
def fine_tune(alice, persona, small_model, queued) -> FineTune:
    return doors.start(user=alice, persona=persona, agrees=True)


@pytest.mark.training  # the same path to its end; a deletion in it, below, stays among the quick tests
def test_a_training_ends_with_an_adapter_and_without_the_words(fine_tune, queued):
    assert training.train_next()
    fine_tune.refresh_from_db()
    assert (fine_tune.status, fine_tune.error) == ("ready", "")
    assert fine_tune.gain > 0
    assert len(fine_tune.curve) > 2
    assert len(fine_tune.messages) == 10
    left = {path.name for path in files.folder(fine_tune.pk).rglob("*")}
    assert "adapter_model.safetensors" in left
    assert not left & {"train.jsonl", "held_out.jsonl", "checkpoint.pt", "plan.json"}
    assert 0 < fine_tune.bytes < files.RESERVED
    assert queued == ["train", "compare"]
    assert not training.train_next()


@pytest.mark.thorough
def test_a_stop_keeps_the_best_so_far(fine_tune, monkeypatch):
    noted = training._note

    def note(row, state, folder):
        if len(row.curve) > 2:
            FineTune.objects.filter(pk=row.pk).update(is_stopping=True)
        return noted(row, state, folder)

    monkeypatch.setattr(training, "_note", note)
    training.train_next()
    fine_tune.refresh_from_db()
    assert fine_tune.status == "ready"
    assert fine_tune.step < fine_tune.steps


@pytest.mark.thorough
def test_a_fine_tune_that_is_deleted_ends_its_training_and_leaves_no_file(fine_tune, monkeypatch):
    noted = training._note

    def note(row, state, folder):
        FineTune.objects.filter(pk=row.pk).delete()
        return noted(row, state, folder)

    monkeypatch.setattr(training, "_note", note)
    training.train_next()
    assert not files.folder(fine_tune.pk).exists()


def test_people_take_turns(alice, bob, fine_tune, persona, small_model, monkeypatch):
    """Bob's first comes before Alice's second, which waits longer."""
    others = [factories.make_persona(owner=owner) for owner in (alice, bob)]
    values = {"model": "m", "weights": "w", "words": 1, "estimate": fine_tune.estimate, "bytes": 0}
    second, first_of_bob = [FineTune.objects.create(persona=other, **values) for other in others]
    order = []

    def train(row):
        order.append(row.pk)
        FineTune.objects.filter(pk=row.pk).update(status=FineTuneStatus.FAILED, started_at=row.queued_at)

    monkeypatch.setattr(training, "_train", train)
    while training.train_next():
        pass
    assert order == [fine_tune.pk, first_of_bob.pk, second.pk]


def test_a_training_that_has_a_worker_is_left_alone(fine_tune):
    with leases.take(f"fine-tune:{fine_tune.pk}"):
        assert not training.is_owed()
        assert not training.train_next()


def test_a_training_that_kills_its_workers_is_given_up(fine_tune, settings):
    FineTune.objects.update(attempts=settings.REPLY_ATTEMPTS, status=FineTuneStatus.TRAINING)
    assert training.train_next()
    assert "interrupted several times" in FineTune.objects.get().error


def test_tidying_deletes_folders_that_belong_to_no_row(fine_tune):
    files.folder(fine_tune.persona_id).mkdir(parents=True)
    files.folder(fine_tune.pk).mkdir(parents=True)
    training.tidy()
    assert files.folder(fine_tune.pk).exists()
    assert not files.folder(fine_tune.persona_id).exists()


_WORKER = """
import django; django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {database!r}
settings.MEDIA_ROOT = {media!r}
from personas.finetuning import queueing, training
queueing.compare = lambda fine_tune: None
training.train_next()
"""


@pytest.mark.training
def test_a_training_whose_worker_is_killed_goes_on_from_its_last_measurement(fine_tune, settings, small_model):
    code = _WORKER.format(database=connection.settings_dict["NAME"], media=str(settings.MEDIA_ROOT))
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "persona_site.settings", "LEASE": "1s"}
    code = code.replace(
        "from personas.finetuning",
        f"""
from pathlib import Path
from generation.catalogue import model_rows
model_rows.models_dir = lambda: Path({str(small_model.parent)!r})
from personas.finetuning""",
        1,
    )
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=django_settings.BASE_DIR,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )

    def measured() -> int:
        if worker.poll() is not None:
            raise AssertionError(worker.stderr.read())
        return len(FineTune.objects.get().curve) > 2

    wait_until(measured, seconds=180)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    before = FineTune.objects.get()
    assert before.status == "training"
    wait_until(training.is_owed, seconds=30)  # its lease lapses
    training.train_next()
    after = FineTune.objects.get()
    assert after.status == "ready"
    assert after.curve[: len(before.curve)] == before.curve
    assert [point[0] for point in after.curve] == sorted({point[0] for point in after.curve})
