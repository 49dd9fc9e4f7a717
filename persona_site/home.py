"""The first page. It is here and not in a room because it shows parts of several rooms."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.interface.requests import SignedIn
from accounts.models import User
from chat.conversation import partings, reading
from chat.models import ConversationState
from generation.catalogue import model_rows, packaged
from generation.models import ModelStatus
from generation.tasks import install_model
from personas import creation

_RECENT, _PERSONAS = 5, 12  # the most that this page shows; the list pages show all


@dataclass(frozen=True)
class ModelOffer:
    """A packaged model that writes better than the active one, and the progress of its installation."""

    name: str
    title: str
    licence: str
    terms: str
    status: str
    step: str
    progress: int
    accept_url: str


def home(request: HttpRequest) -> HttpResponse:
    """Shows visitors what the site is, people their personas and conversations, and the owner also the model offer."""
    if not isinstance(request.user, User):
        return render(request, "home.html")
    open_ones = partings.listed(request.user).filter(state=ConversationState.OPEN)
    context = {
        "personas": creation.visible_to(request.user)[:_PERSONAS],
        "conversations": reading.with_unread(open_ones)[:_RECENT],
        "model_offer": model_offer() if request.user.is_owner else None,
    }
    return render(request, "home.html", context)


@login_required
def shortcuts(request: HttpRequest) -> HttpResponse:
    return render(request, "shortcuts.html")


@login_required
@require_POST
def accept_model(request: SignedIn) -> HttpResponse:
    """Records that the owner accepts a model's terms. A general worker then fetches, converts and activates it."""
    owner = request.user
    if not owner.is_owner:
        raise Http404
    try:
        model = model_rows.lookup(request.POST.get("model", ""))
    except packaged.UnknownModel:
        raise Http404 from None
    if request.POST.get("accept") != "on":
        messages.error(request, _("Tick the box to accept the terms. The model is not installed before that."))
        return redirect("home")
    with transaction.atomic():
        model_rows.accept_terms(user=owner, name=model.name)
        transaction.on_commit(lambda: install_model.delay(model.name))
    messages.success(request, _("{model} is being installed. This page shows the progress.").format(model=model.title))
    return redirect("home")


def model_offer() -> ModelOffer | None:
    """The first model with terms of its own that is not active yet, or None."""
    for model, entry in model_rows.entries():
        if model.terms is not None and not entry.is_active:
            return ModelOffer(
                name=model.name,
                title=model.title,
                licence=model.licence,
                terms=model.terms.text,
                status=entry.status,
                step=entry.error if entry.status == ModelStatus.FAILED else entry.step,
                progress=entry.progress,
                accept_url=reverse("accept_model"),
            )
    return None
