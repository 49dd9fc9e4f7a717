"""The owner's trials of models: their rows, and the doors that begin one.

Only an owner gets in. For everybody else these things do not exist.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import Role, User
from generation.catalogue import model_rows, packaged
from generation.models import EngineEntry, ModelTrial, TrialStatus
from generation.routing import engine_rows

# Longer than any step: loading a large model, or an answer of each engine.
_LONGEST_STEP = timedelta(minutes=10)
_KEPT = 50  # trials; the oldest are deleted, except those that a switch can be taken back to
NAME = "trial"  # of the engine in figures and costs
_FIRST_STEP = gettext_noop("Waiting for a generation worker")
_INTERRUPTED = gettext_noop(
    "The trial was interrupted: no worker went on with it for ten minutes. Check on /readyz that a generation worker "
    "runs, then try again."
)


class TrialRefused(Exception):
    """The message is for the owner."""


def let_owner_in(user: User) -> None:
    """Raises Http404 for everybody but an active owner."""
    if not User.objects.filter(pk=user.pk, is_active=True, role=Role.OWNER).exists():
        raise Http404


def get_trial_for(user: User, trial_id: UUID) -> ModelTrial:
    """Raises Http404."""
    let_owner_in(user)
    _end_interrupted()
    trial = ModelTrial.objects.filter(pk=trial_id).first()
    if trial is None:
        raise Http404
    return trial


def latest_for(user: User) -> list[ModelTrial]:
    """The trials, the newest first. Raises Http404."""
    let_owner_in(user)
    _end_interrupted()
    return list(ModelTrial.objects.all())


def begin_installed(*, owner: User, name: str) -> ModelTrial:
    """Begins the trial of an installed model; the caller queues it. Raises Http404 and TrialRefused."""
    let_owner_in(owner)
    try:
        model = model_rows.lookup(name)
    except packaged.UnknownModel:
        raise Http404 from None
    if not model_rows.is_installed(name):
        raise TrialRefused(gettext("%(title)s is not installed yet. Install it first.") % {"title": model.title})
    if serves(name):
        raise TrialRefused(gettext("%(title)s answers people already.") % {"title": model.title})
    return _begun(ModelTrial(installed=name))


def begin_server(
    *,
    owner: User,
    base_url: str,
    model: str = "",
    key_variable: str = "",
    context_length: int | None = None,
    prompt_form: str = "chat",
) -> ModelTrial:
    """Begins the trial of a server's model; the caller queues it. Without `model`, a server's only model is tried.

    Raises Http404 and TrialRefused.
    """
    let_owner_in(owner)
    trial = ModelTrial(
        base_url=base_url,
        model=model,
        key_variable=key_variable,
        context_length=context_length,
        prompt_form=prompt_form,
    )
    try:
        engine_of(trial).clean_fields(exclude=["name"])
    except ValidationError as error:
        raise TrialRefused(" ".join(error.messages)) from None
    return _begun(trial)


def serves(name: str) -> bool:
    """Whether replies begin with this installed model now."""
    first = next(iter(engine_rows.enabled()), None)
    return first is not None and first.loads_weights and model_rows.active().name == name


def engine_of(trial: ModelTrial) -> EngineEntry:
    """The engine's row that a server's trial stands for. It is not stored, so it serves nobody."""
    values = {"context_length": trial.context_length} if trial.context_length else {}
    return EngineEntry(
        name=NAME,
        kind="openai",
        base_url=trial.base_url,
        model=trial.model,
        key_variable=trial.key_variable,
        prompt_form=trial.prompt_form,
        **values,
    )


def _begun(trial: ModelTrial) -> ModelTrial:
    _end_interrupted()
    trial.step = _FIRST_STEP
    try:
        with transaction.atomic():
            trial.save(force_insert=True)
    except IntegrityError:
        raise TrialRefused(gettext("Another model is being tried. Wait until that trial has ended.")) from None
    _forget_old()
    return trial


def _end_interrupted() -> None:
    """Frees the place of a trial whose worker was lost."""
    overdue = ModelTrial.objects.filter(status=TrialStatus.RUNNING, moved_at__lt=timezone.now() - _LONGEST_STEP)
    overdue.update(status=TrialStatus.FAILED, error=_INTERRUPTED)


def _forget_old() -> None:
    newest = ModelTrial.objects.values_list("pk", flat=True)[:_KEPT]
    ModelTrial.objects.filter(switched_at=None).exclude(pk__in=list(newest)).delete()


# --- Called by the worker ----------------------------------------------------------------------------


def claim(trial_id: UUID) -> ModelTrial | None:
    """The trial, or None if a worker has it already or it has ended."""
    rows = ModelTrial.objects.filter(pk=trial_id, status=TrialStatus.RUNNING)
    if not rows.filter(claimed_at=None).update(claimed_at=timezone.now(), moved_at=timezone.now()):
        return None
    return ModelTrial.objects.get(pk=trial_id)


def move(trial: ModelTrial, step: str) -> None:
    """Notes what the trial is doing, and stores what it has found so far."""
    trial.step, trial.moved_at = step, timezone.now()
    _store(trial, ["step", "moved_at", "model", "context_length", "today", "comparisons"])


def end(trial: ModelTrial) -> None:
    trial.status = TrialStatus.DONE
    _store(trial, ["status", "comparisons"])


def fail(trial: ModelTrial, error: str, *, offered: Sequence[str] = ()) -> None:
    """Ends a trial with the reason. `offered` are models of the server to choose from."""
    trial.status, trial.error, trial.offered = TrialStatus.FAILED, error, list(offered)
    _store(trial, ["status", "error", "offered", "comparisons"])


def _store(trial: ModelTrial, fields: list[str]) -> None:
    """Writes only while the trial is running, so that a late worker changes nothing."""
    values = {field: getattr(trial, field) for field in fields}
    ModelTrial.objects.filter(pk=trial.pk, status=TrialStatus.RUNNING).update(**values)
