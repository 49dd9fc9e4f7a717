"""The audit's part of a persona's page, its report, and the pages on which reviewers read and decide."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.interface.form_fields import Words
from accounts.interface.requests import SignedIn
from accounts.usage.quotas import QuotaExceeded
from moderation.pages.guards import desk_only, person_of
from personas import creation, refusals
from personas.audit import approvals, doors, fingerprint, report
from personas.audit.models import Audit, Decision
from personas.audit.probes import probes_for
from personas.forms import LANGUAGES
from personas.models import Persona

_PAGE = 25


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=Decision.choices, widget=forms.RadioSelect, label=gettext_lazy("Decision"))
    reason = Words(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Say what you saw and why you decide so. The persona's owner reads this."),
        error_messages={"required": gettext_lazy("A decision needs a reason. Say what you saw and why you decide so.")},
    )


def shown(persona: Persona) -> dict[str, object]:
    """What the persona's page needs: its newest audit."""
    audit = persona.audits.first()
    return {"audit": audit, **(_state(audit) if audit else {})}


def _state(audit: Audit) -> dict[str, object]:
    """How far an audit is, and what has changed since it was made."""
    total, answered = len(probes_for(audit.persona.language)), audit.answers.count()
    changes = [] if audit.is_under_way else fingerprint.changed(audit.fingerprint, fingerprint.of(audit.persona))
    return {"answered": answered, "total": total, "percent": 100 * answered // total, "changes": changes}


def _report(audit: Audit) -> dict[str, object]:
    return {
        "audit": audit,
        "persona": audit.persona,
        "report": report.of(audit.answers.all()),
        "toxicity_limit": report.TOXICITY_LIMIT,
        "regard_limit": -report.REGARD_LIMIT,
        **_state(audit),
    }


# --- The owner ----------------------------------------------------------------------------------


@login_required
@require_safe
def progress(request: SignedIn, persona_id: UUID) -> HttpResponse:
    """The audit's part of the page. The page polls it while the audit runs."""
    persona = creation.get_own_persona(request.user, persona_id)
    return render(request, "personas/_audit.html", {"persona": persona, **shown(persona)})


@login_required
@require_safe
def own_report(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    return render(request, "personas/audit.html", _report(doors.get_own(request.user, persona)))


@login_required
@require_POST
def start(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    try:
        doors.start(user=request.user, persona=persona)
    except (doors.AuditRefused, refusals.CreationRefused, QuotaExceeded) as refusal:
        messages.error(request, refusal.user_message)
        return redirect("personas:detail", persona.pk)  # to its head, where the message stands
    return _back(persona)


@login_required
@require_POST
def stop(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    doors.stop(user=request.user, persona=persona)
    return _back(persona)


def _back(persona: Persona) -> HttpResponse:
    return redirect(f"{reverse('personas:detail', args=[persona.pk])}#audit")


# --- The reviewer -------------------------------------------------------------------------------


@desk_only
@require_GET
def reviews(request: HttpRequest) -> HttpResponse:
    """Personas that wait for an approval, and the newest reports."""
    reviewer = person_of(request)
    page = Paginator(approvals.waiting_for(reviewer), _PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "waiting": [(audit, approvals.is_current(audit)) for audit in page],
        "ended": approvals.visible_to(reviewer).order_by("-ended_at")[:_PAGE],
        "is_required": approvals.is_required(),
    }
    return render(request, "personas/reviews.html", context)


@desk_only
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    reviewer = person_of(request)
    audit = approvals.get_for(reviewer, audit_id)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            approvals.decide(audit=audit, reviewer=reviewer, **form.cleaned_data)
        except approvals.DecisionRefused as refusal:
            form.add_error(None, refusal.user_message)
        except PermissionDenied as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("The decision is recorded."))
            return redirect("persona_reviews:list")
    elif request.method == "GET":
        approvals.view(audit=audit, reviewer=reviewer)
    language = dict(LANGUAGES).get(audit.persona.language, audit.persona.language)
    return render(request, "personas/review.html", {**_report(audit), "language": language, "form": form})
