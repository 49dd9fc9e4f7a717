"""Which model answers people first: the owner's switch to a tried model, and the way back.

The engine that served before stays enabled behind the new one, so it continues a reply that the new one breaks off.
Each act writes a row of the audit trail, and takes effect with the next reply.
"""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from accounts.sign_in import roles
from generation.catalogue import model_rows, packaged
from generation.models import EngineEntry, ModelTrial, TrialStatus
from generation.routing import engine_rows
from generation.trials import trial_rows

_STATE = ("order", "is_enabled", "follows_environment")  # of an engine's row, as a switch changes it
_NAME_CHARACTERS = 50  # leaves room for a number


class SwitchRefused(Exception):
    """The message is for the owner."""


def current() -> ModelTrial | None:
    """The latest switch that was not taken back."""
    return ModelTrial.objects.exclude(switched_at=None).filter(switched_back_at=None).order_by("-switched_at").first()


@transaction.atomic
def switch(*, trial: ModelTrial, owner: User) -> EngineEntry:
    """Lets the tried model answer first. Returns its engine. Raises Http404 and SwitchRefused."""
    trial_rows.let_owner_in(owner)
    trial = ModelTrial.objects.select_for_update().get(pk=trial.pk)
    if trial.status != TrialStatus.DONE:
        raise SwitchRefused(gettext("Only a model whose trial has ended well can serve. Try it first."))
    if trial.switched_at is not None:
        raise SwitchRefused(gettext("This trial was switched to before. Try the model again, then switch."))
    # 1. What is now, for the way back.
    before = {
        "model": model_rows.active().name,
        "engines": {row.name: {field: getattr(row, field) for field in _STATE} for row in EngineEntry.objects.all()},
    }
    # 2. The change.
    entry = _put_installed_first(trial.installed) if trial.installed else _put_server_first(trial)
    engine_rows.forget()
    # 3. The records.
    ModelTrial.objects.filter(pk=trial.pk).update(engine=entry.name, before=before, switched_at=timezone.now())
    _record("model.switched", trial, owner, {"engine": entry.name, "model": trial.installed})
    return entry


@transaction.atomic
def switch_back(*, owner: User) -> ModelTrial:
    """Takes the latest switch back: orders, switches and the active model are as before it.

    Returns its trial. Raises Http404 and SwitchRefused.
    """
    trial_rows.let_owner_in(owner)
    trial = current()
    trial = ModelTrial.objects.select_for_update().filter(pk=trial.pk, switched_back_at=None).first() if trial else None
    if trial is None:
        raise SwitchRefused(gettext("There is no switch to take back."))
    engines: dict[str, dict[str, Any]] = trial.before["engines"]
    for name, state in engines.items():
        EngineEntry.objects.filter(pk=name).update(**state)
    if trial.engine not in engines:  # the switch made this row
        EngineEntry.objects.filter(pk=trial.engine).update(is_enabled=False)
    if trial.installed:
        _activate(trial.before["model"])
    engine_rows.forget()
    ModelTrial.objects.filter(pk=trial.pk).update(switched_back_at=timezone.now())
    model = trial.before["model"] if trial.installed else ""
    _record("model.switched_back", trial, owner, {"engine": trial.engine, "model": model})
    return trial


def _put_server_first(trial: ModelTrial) -> EngineEntry:
    """The row of the server's model, before all others. A row of the same server and model is used again."""
    tried = trial_rows.engine_of(trial)
    same = EngineEntry.objects.filter(kind=tried.kind, base_url=tried.base_url, model=tried.model).first()
    entry = same or EngineEntry(name=_free_name(trial.model), kind=tried.kind)
    for field in ("base_url", "model", "key_variable", "context_length", "prompt_form"):
        setattr(entry, field, getattr(tried, field))
    entry.order, entry.is_enabled, entry.follows_environment = _first_order(), True, False
    try:
        entry.full_clean()
    except ValidationError as error:
        raise SwitchRefused(" ".join(error.messages)) from None
    entry.save()
    return entry


def _first_order() -> int:
    """An order before those of all engines. Where there is none, the others move by one."""
    lowest = min((row.order for row in engine_rows.entries()), default=1)
    if lowest == 0:
        EngineEntry.objects.update(order=F("order") + 1)
    return max(lowest - 1, 0)


def _free_name(model: str) -> str:
    """A name for the engine of a model such as "org/Llama-3-8B.gguf": "llama-3-8b"."""
    words = re.sub(r"[^a-z0-9]+", "-", model.rsplit("/", 1)[-1].lower().removesuffix(".gguf")).strip("-")
    name = words[:_NAME_CHARACTERS].strip("-") or "server"
    taken = set(EngineEntry.objects.values_list("name", flat=True))
    return next(free for free in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if free not in taken)


def _put_installed_first(name: str) -> EngineEntry:
    """The first engine that loads weights. It gets the model, and servers before it go behind all others."""
    entries = engine_rows.enabled()
    local = next((entry for entry in entries if entry.loads_weights), None)
    if local is None:
        raise SwitchRefused(
            gettext("No engine that loads models is switched on. Switch one on, on the admin’s page Engines.")
        )
    last = max(entry.order for entry in entries)
    for number, server in enumerate(entries[: entries.index(local)], 1):
        # `entries` has the values of this host's environment, which from now on are the row's own.
        server.order, server.follows_environment = last + number, False
        server.save()
    _activate(name)
    return local


def _activate(name: str) -> None:
    try:
        model_rows.activate(name)
    except packaged.CatalogueError as error:
        raise SwitchRefused(str(error)) from None


def _record(action: str, trial: ModelTrial, owner: User, data: dict[str, str]) -> None:
    roles.record(action=action, subject=f"trial:{trial.pk}", actor=owner, data=data)
