"""The fine-tune's part of a persona's page, its buttons, and the page with replies side by side."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.interface.requests import SignedIn
from accounts.usage.quotas import QuotaExceeded
from generation.catalogue import model_rows
from generation.routing import router
from personas import creation, refusals
from personas.finetuning import curve, doors
from personas.importers.base import ImportFailed
from personas.models import FineTune, FineTuneStatus, Persona, SourceStatus


@dataclass(frozen=True)
class Tuning:
    """A fine-tune as pages show it."""

    row: FineTune
    drawing: curve.Drawing | None
    is_changing: bool  # the page is to be looked at again soon
    other_model: str  # the active model, if the fine-tune was not trained for it
    without: list[str]  # engines that cannot use it

    @property
    def percent(self) -> int:
        return 100 * self.row.step // self.row.steps if self.row.steps else 0


def shown(persona: Persona) -> dict[str, object]:
    """What the templates need: `tuning`, or the `offer` of one if there is none that succeeded."""
    row = FineTune.objects.filter(persona=persona).first()
    tuning = _tuning(row) if row else None
    is_over = row is None or row.status == FineTuneStatus.FAILED
    return {"tuning": tuning, "offer": doors.offer(persona) if is_over else None, "training_consent": doors.CONSENT}


def _tuning(row: FineTune) -> Tuning:
    active = model_rows.active()
    return Tuning(
        row=row,
        drawing=curve.drawn(row.curve) if len(row.curve) > 1 else None,
        is_changing=row.is_under_way or (row.status == FineTuneStatus.READY and not row.comparison),
        other_model="" if model_rows.folder(active.name).name == row.weights else active.title,
        without=router.engines_without_adapters(),
    )


@login_required
@require_safe
def progress(request: SignedIn, persona_id: UUID) -> HttpResponse:
    """The fine-tune's part of the page. The page polls it while the fine-tune changes or a file is imported."""
    persona = creation.get_own_persona(request.user, persona_id)
    is_importing = persona.sources.filter(status=SourceStatus.IMPORTING).exists()  # before the words are counted
    return render(
        request, "personas/_fine_tune.html", {"persona": persona, "is_importing": is_importing, **shown(persona)}
    )


@login_required
@require_safe
def comparison(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    row = doors.get_own(request.user, persona)
    return render(request, "personas/fine_tune.html", {"persona": persona, "tuning": _tuning(row)})


@login_required
@require_POST
def start(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    try:
        doors.start(user=request.user, persona=persona, agrees=bool(request.POST.get("agrees")))
    except (doors.FineTuneRefused, refusals.CreationRefused, QuotaExceeded, ImportFailed) as refusal:
        messages.error(request, refusal.user_message)
        return _back(persona)
    return _back_to_part(persona)


@login_required
@require_POST
def stop(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    doors.stop(user=request.user, persona=persona)
    return _back_to_part(persona)


@login_required
@require_POST
def choose(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    is_used = request.POST.get("use") == "fine-tune"
    doors.choose(user=request.user, persona=persona, is_used=is_used)
    if is_used:
        sentence = gettext("From the next reply on, %(name)s talks with its fine-tune.")
    else:
        sentence = gettext("From the next reply on, %(name)s talks with the model as it is.")
    messages.success(request, sentence % {"name": persona.name})
    return _back(persona)


@login_required
@require_POST
def delete(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    doors.delete(user=request.user, persona=persona)
    messages.success(request, gettext("The fine-tune of %(name)s is deleted.") % {"name": persona.name})
    return _back(persona)


def _back(persona: Persona) -> HttpResponse:
    """To the head of the page, where a message stands."""
    return redirect("personas:detail", persona.pk)


def _back_to_part(persona: Persona) -> HttpResponse:
    return redirect(f"{reverse('personas:detail', args=[persona.pk])}#fine-tune")
