"""Trains what the rows owe, one fine-tune at a time. A worker calls `train_next`, and the row shows the progress.

The training itself is a process of its own (`generation.tuning`). If this worker is killed, its lease lapses, and the
next worker goes on from the last measurement.
"""

import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from generation.catalogue import model_rows
from generation.engines.batching import low_rank
from generation.engines.batching.tokenizer import ModelTokenizer
from generation.jobs import leases, waiting_room
from generation.tuning import examples, job
from personas.finetuning import files, holding, material, questions, queueing
from personas.models import FineTune, FineTuneStatus
from personas.prompting import prompt_sheet

logger = logging.getLogger(__name__)

# Chosen on 30,000 words of letters (docs/decisions/0015).
_RATE, _RANK, _MEASUREMENTS, _PATIENCE = 1.5e-3, 8, 3, 3
_LEAST_HELD_OUT = 2  # examples, of about 300 words each
_RECENT = timedelta(days=1)
_NOTHING = gettext_noop(
    "It learned nothing: the words that were kept apart were not predicted better. The files are deleted."
)
_LOST = gettext_noop(
    "The training was interrupted several times without getting further. The site's operator can see why."
)
_FAILED = gettext_noop("The training failed because of an error on this site's side. The site's operator can see why.")


def is_owed() -> bool:
    """Whether a fine-tune waits, or has lost its worker, and no worker trains one."""
    under_way = _under_way()
    return under_way.exists() and not leases.held(_lease_name(row) for row in under_way)


def train_next() -> bool:
    """Trains the fine-tune whose turn it is. Returns False if there is none that this worker may take.

    A training that lost its worker comes first. Then people take turns: the one whose fine-tunes have begun least
    often in the last day, and among equals the one who has waited longest.
    """
    recent = Q(persona__owner__personas__fine_tune__started_at__gt=timezone.now() - _RECENT)
    in_turn = _under_way().annotate(recent=Count("persona__owner__personas", filter=recent))
    for fine_tune in in_turn.order_by("-status", "recent", "queued_at"):
        if holding.is_held(fine_tune):
            continue
        lease = leases.take(_lease_name(fine_tune))
        if lease is not None:
            with lease:
                _train(fine_tune)
            return True
    return False


def tidy() -> None:
    """Deletes folders without a row, and asks again for replies side by side that were lost."""
    files.delete_others(set(FineTune.objects.values_list("pk", flat=True)))
    wanting = {str(row.pk): row for row in FineTune.objects.filter(status=FineTuneStatus.READY, comparison=[])[:20]}
    for fine_tune_id in waiting_room.absent(queueing.COMPARISON, wanting):
        queueing.compare(wanting[fine_tune_id])


def _under_way() -> QuerySet[FineTune]:
    return FineTune.objects.filter(status__in=[FineTuneStatus.QUEUED, FineTuneStatus.TRAINING])


def _lease_name(fine_tune: FineTune) -> str:
    return f"fine-tune:{fine_tune.pk}"


def _train(fine_tune: FineTune) -> None:
    """Trains to the end, unless the row is gone or was stopped. Nothing is raised except a loss of a store."""
    row = _under_way().filter(pk=fine_tune.pk)
    began = timezone.now()
    if not row.update(
        status=FineTuneStatus.TRAINING, attempts=F("attempts") + 1, started_at=fine_tune.started_at or began
    ):
        return
    folder = files.folder(fine_tune.pk)
    try:
        if fine_tune.attempts >= settings.REPLY_ATTEMPTS:
            return _fail(fine_tune, _LOST)
        if not (folder / "plan.json").exists():
            _prepare(fine_tune, folder)
        with job.running(folder, niceness=0) as progress:  # the worker itself is nice
            for state in progress:
                if not _note(fine_tune, state, folder):
                    break
        _finish(fine_tune, folder)
    except _NotTrainable as refusal:
        _fail(fine_tune, str(refusal))
    except job.TrainingFailed as error:
        logger.warning("fine_tune.failed", extra={"fine_tune": str(fine_tune.pk), "detail": str(error)})
        _fail(fine_tune, _FAILED)
    except Exception as error:
        if waiting_room.is_loss(error):
            raise  # the row is still owed; `tasks.tidy` finds it
        logger.exception("fine_tune.broken", extra={"fine_tune": str(fine_tune.pk)})
        _fail(fine_tune, _FAILED)


class _NotTrainable(Exception):
    """The message is for the owner."""


def _prepare(fine_tune: FineTune, folder: Path) -> None:
    """Writes the plan and the examples. The plan comes last, so a folder with a plan is complete."""
    weights = model_rows.models_dir() / fine_tune.weights
    if not (weights / "config.json").is_file():
        raise _NotTrainable(gettext("The model that it was to learn with is no longer installed. Start it again."))
    persona = fine_tune.persona
    passages = list(persona.passages.filter(source__train_consent=True).order_by("id"))
    found = material.of(prompt_sheet.sheet_for(persona), passages, ModelTokenizer(weights).tokenizer)
    if len(found.held_out) < _LEAST_HELD_OUT:
        raise _NotTrainable(gettext("There are too few words left to learn from. Add files, and start it again."))
    folder.mkdir(parents=True, exist_ok=True)
    examples.write(folder / "train.jsonl", found.learnt)
    examples.write(folder / "held_out.jsonl", found.held_out)
    messages = questions.ten(found.messages, persona.language)
    FineTune.objects.filter(pk=fine_tune.pk).update(messages=messages)
    job.Plan(
        model=str(weights),
        rate=_RATE,
        epochs=material.EPOCHS,
        rank=_RANK,
        targets=list(low_rank.LAYERS),
        measurements=_MEASUREMENTS,
        patience=_PATIENCE,
    ).write(folder)


def _note(fine_tune: FineTune, state: job.Progress, folder: Path) -> bool:
    """Writes the progress into the row. Returns False if the training is to end here."""
    curve = [[point.step, point.train, point.held_out] for point in job.curve(folder)]
    changes = {"attempts": 0} if len(curve) > len(fine_tune.curve) else {}
    row = FineTune.objects.filter(pk=fine_tune.pk)
    is_there = row.update(
        step=state.step,
        steps=state.steps,
        remaining=timedelta(seconds=round(state.seconds_left)),
        curve=curve,
        **changes,
    )
    fine_tune.curve = curve
    return bool(is_there) and not row.filter(is_stopping=True).exists()


def _finish(fine_tune: FineTune, folder: Path) -> None:
    """training → ready with the best adapter, or failed if no measurement was better than the first."""
    if fine_tune.gain <= 0:
        return _fail(fine_tune, _NOTHING)
    size = files.keep_adapter(fine_tune.pk)
    is_there = FineTune.objects.filter(pk=fine_tune.pk).update(
        status=FineTuneStatus.READY, bytes=size, remaining=None, finished_at=timezone.now()
    )
    if not is_there:
        return files.delete(fine_tune.pk)
    extra = {"fine_tune": str(fine_tune.pk), "before": fine_tune.before, "after": fine_tune.after}
    logger.info("fine_tune.ready", extra=extra)
    queueing.compare(fine_tune)


def _fail(fine_tune: FineTune, sentence: str) -> None:
    FineTune.objects.filter(pk=fine_tune.pk).update(
        status=FineTuneStatus.FAILED, error=sentence, bytes=0, remaining=None, finished_at=timezone.now()
    )
    files.delete(fine_tune.pk)
