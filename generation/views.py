"""The owner's page Models: what answers now, what else could, and the way there: look, try, switch, switch back.

Everybody but the owner gets 404.
"""

from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.interface.requests import SignedIn
from generation import model_page
from generation.catalogue import local_models, model_rows, packaged
from generation.forms import AddModelForm, ServerForm
from generation.models import ModelStatus, ModelTrial, TrialStatus
from generation.tasks import install_model, look_for_servers, try_model
from generation.trials import look, servers, switching, trial_rows
from text import cleaning

View = Callable[..., HttpResponse]


def owners_only(view: View) -> View:
    @login_required
    @wraps(view)
    def guarded(request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponse:
        trial_rows.let_owner_in(request.user)
        return view(request, *args, **kwargs)

    return never_cache(guarded)


@owners_only
@require_safe
def models_page(request: SignedIn) -> HttpResponse:
    return _models_page(request, ServerForm())


def _models_page(request: SignedIn, form: ServerForm, *, status: int = 200) -> HttpResponse:
    trials = trial_rows.latest_for(request.user)
    context = {
        "form": form,
        "engines": model_page.engines(),
        "machines": model_page.machines(),
        "paths": local_models.found(),
        "folders": settings.MODEL_FOLDERS,
        "trials": [(trial, model_page.title_of(trial)) for trial in trials],
        "running": next((trial for trial in trials if trial.status == TrialStatus.RUNNING), None),
        **_current(),
        **_found(),
        **_installed(),
    }
    return render(request, "generation/models.html", context, status=status)


def _current() -> dict[str, object]:
    """The switch that one click takes back."""
    trial = switching.current()
    return {"current": trial, "current_title": model_page.title_of(trial) if trial else ""}


def _found() -> dict[str, object]:
    return {"look": model_page.latest_look()}


def _installed() -> dict[str, object]:
    rows = model_page.installed()
    return {"installed": rows, "is_installing": any(row.entry.status == ModelStatus.INSTALLING for row in rows)}


@owners_only
@require_safe
def found(request: SignedIn) -> HttpResponse:
    """The servers' part of the page. The page polls it while a worker looks."""
    return render(request, "generation/models.html#found", _found())


@owners_only
@require_safe
def installed(request: SignedIn) -> HttpResponse:
    """The installed models' part of the page. The page polls it while one is installed."""
    return render(request, "generation/models.html#installed", _installed())


@owners_only
@require_POST
def look_around(request: SignedIn) -> HttpResponse:
    try:
        look.begin()
    except redis.RedisError:
        messages.error(
            request, gettext("Redis does not answer, so nobody can look. The page /readyz gives the reason.")
        )
    else:
        look_for_servers.delay()
    return redirect(f"{reverse('generation:models')}#found")


# --- Models of this machine --------------------------------------------------------------------------


@owners_only
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedIn) -> HttpResponse:
    """The details of a folder or file, which is then copied and converted."""
    path = cleaning.clean((request.POST or request.GET).get("path", "")).strip()
    if not path:
        messages.error(request, gettext("This is not the path of a folder or file."))
        return redirect("generation:models")  # to its head, where the message stands
    try:
        local = local_models.inspect(Path(path))
    except (local_models.NotAModel, ValueError, OSError) as error:
        fault = (
            str(error)
            if isinstance(error, local_models.NotAModel)
            else gettext("This is not the path of a folder or file.")
        )
        messages.error(request, gettext("%(fault)s You entered “%(path)s”.") % {"fault": fault, "path": path[:200]})
        return redirect("generation:models")  # to its head, where the message stands
    form = AddModelForm(local, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                entry = model_rows.add(path=local.path, **form.cleaned_data)
                transaction.on_commit(partial(install_model.delay, entry.name, activate=False))
        except packaged.ModelRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                gettext("%(title)s is being installed. You can try it when that has ended.") % {"title": entry.title},
            )
            return redirect(f"{reverse('generation:models')}#installed")
    return render(request, "generation/add.html", {"form": form, "path": path}, status=422 if form.errors else 200)


# --- Trials ------------------------------------------------------------------------------------------


@owners_only
@require_POST
def try_installed(request: SignedIn) -> HttpResponse:
    try:
        return _begun(partial(trial_rows.begin_installed, owner=request.user, name=request.POST.get("name", "")))
    except trial_rows.TrialRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("generation:models")


@owners_only
@require_POST
def try_server(request: SignedIn) -> HttpResponse:
    form = ServerForm(request.POST)
    if form.is_valid():
        try:
            return _begun(partial(trial_rows.begin_server, owner=request.user, **form.cleaned_data))
        except trial_rows.TrialRefused as refusal:
            form.add_error(None, str(refusal))
    return _models_page(request, form, status=422)


def _begun(begin: Callable[[], ModelTrial]) -> HttpResponse:
    with transaction.atomic():
        trial = begin()
        transaction.on_commit(partial(try_model.delay, str(trial.pk)))
    return redirect("generation:trial", trial.pk)


@owners_only
@require_safe
def trial(request: SignedIn, trial_id: UUID) -> HttpResponse:
    return render(request, "generation/trial.html", _trial(request, trial_id))


@owners_only
@require_safe
def trial_progress(request: SignedIn, trial_id: UUID) -> HttpResponse:
    """The trial's part of the page. The page polls it while a worker compares."""
    return render(request, "generation/trial.html#progress", _trial(request, trial_id))


def _trial(request: SignedIn, trial_id: UUID) -> dict[str, object]:
    trial = trial_rows.get_trial_for(request.user, trial_id)
    return {
        "trial": trial,
        "title": model_page.title_of(trial),
        "today": model_page.today_of(trial),
        "offered": [(name, servers.short_name(name)) for name in trial.offered],
        **_current(),
    }


@owners_only
@require_POST
def switch(request: SignedIn, trial_id: UUID) -> HttpResponse:
    trial = trial_rows.get_trial_for(request.user, trial_id)
    try:
        switching.switch(trial=trial, owner=request.user)
    except switching.SwitchRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("generation:trial", trial.pk)
    messages.success(
        request, gettext("%(trial)s answers from the next reply on.") % {"trial": model_page.title_of(trial)}
    )
    return redirect("generation:models")


@owners_only
@require_POST
def switch_back(request: SignedIn) -> HttpResponse:
    try:
        trial = switching.switch_back(owner=request.user)
    except switching.SwitchRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, gettext("The switch to %(trial)s is taken back.") % {"trial": model_page.title_of(trial)}
        )
    return redirect("generation:models")
