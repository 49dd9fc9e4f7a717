"""Asking that a person looks at a refusal of the site, and the desk's answers (compliance GD6)."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.sign_in import ages
from moderation.desk import refusal_reviews
from moderation.models import AppealOutcome, RefusalKind
from moderation.pages.guards import desk_only, person_of


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def my_refusals(request: HttpRequest) -> HttpResponse:
    """A person's own requests with their answers, and the form. Open also to an account that is too young."""
    person = person_of(request)
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        try:
            refusal_reviews.file(user=person, kind=kind, text=request.POST.get("text", "")[:4000])
        except (refusal_reviews.ReviewRefused, ValueError) as refusal:
            messages.error(request, getattr(refusal, "user_message", _("Choose what was refused.")))
        else:
            done = _("A person will look at it. The answer will stand on this page within seven days.")
            messages.success(request, done)
            return redirect("moderation:my_refusals")
    context = {
        "reviews": refusal_reviews.of(person),
        "kinds": RefusalKind.choices,
        "chosen": RefusalKind.LIMIT if ages.is_admitted(person) else RefusalKind.AGE,
    }
    return render(request, "moderation/my_refusals.html", context)


@desk_only
@require_GET
def refusals(request: HttpRequest) -> HttpResponse:
    context = {"reviews": refusal_reviews.waiting_for(person_of(request)), "outcomes": AppealOutcome}
    return render(request, "moderation/refusals.html", context)


@desk_only
@require_POST
def answer_refusal(request: HttpRequest, refusal_id: UUID) -> HttpResponse:
    moderator = person_of(request)
    outcome = request.POST.get("outcome", "")
    try:
        review = refusal_reviews.get_waiting_for(moderator, refusal_id)
        refusal_reviews.answer(
            review=review, moderator=moderator, outcome=outcome, answer=request.POST.get("answer", "")[:4000]
        )
    except refusal_reviews.ReviewRefused as refusal:
        messages.error(request, refusal.user_message)
    except (PermissionDenied, ValueError):
        messages.error(request, _("Choose an outcome."))
    else:
        messages.success(request, _("The answer is recorded."))
    return redirect("moderation:refusals")
