"""The page on which a person under 18 names a guardian, and the guardian's own page, which a signed link opens."""

from typing import cast

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.contacts import guardians
from accounts.contacts.forms import GuardianForm, LimitsForm
from accounts.interface.requests import SignedIn
from accounts.models import Guardian
from accounts.sign_in import ages
from accounts.usage import sittings


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def own_page(request: SignedIn) -> HttpResponse:
    """Names or removes the guardian, and says what they have set. An adult finds no such page."""
    if not ages.is_minor(request.user):
        raise Http404("Only people under 18 have a guardian here.")
    if request.POST.get("act") == "remove":
        return _remove(request)
    form = GuardianForm(request.POST if request.POST.get("act") == "appoint" else None)
    if form.is_valid():
        if refusal := ratelimit.consume_or_429(request, action="guardian"):
            return cast(HttpResponse, refusal)
        values = {name: form.cleaned_data[name] for name in ("name", "email", "own_name")}
        try:
            guardians.appoint(user=request.user, **values)
        except guardians.GuardianRefused as problem:
            form.add_error(None, problem.user_message)
        else:
            messages.success(request, _("The site has written to them. Nothing changes until they accept."))
            return redirect("guardian")
    context = {
        "form": form,
        "guardian": guardians.named_by(request.user),
        "time_today": sittings.in_words(sittings.own_time(request.user).today),
    }
    return render(request, "account/guardian.html", context, status=400 if form.errors else 200)


def _remove(request: SignedIn) -> HttpResponse:
    try:
        guardians.remove(request.user)
    except guardians.GuardianRefused as problem:
        messages.error(request, problem.user_message)
    else:
        messages.success(request, _("You have no guardian here now."))
    return redirect("guardian")


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the question or the limits; POST accepts, declines, or sets limits. No account is needed."""
    if refusal := ratelimit.consume_or_429(request, action="guardian_page"):
        return cast(HttpResponse, refusal)
    try:
        guardian = guardians.opened(token)
        is_own = guardian.user_id == request.user.pk
        form = LimitsForm.showing(guardians.limits_of(guardian))
        if request.method == "POST":
            if is_own:
                raise PermissionDenied
            form = _act(request, token, guardian) or form
            if not form.errors:
                return redirect(request.get_full_path())
    except guardians.LinkInvalid:
        return render(request, "account/guardian_link_invalid.html", status=404)
    context = {"guardian": guardian, "form": form, "is_own": is_own}
    return render(request, "account/guardian_page.html", context, status=400 if form.errors else 200)


def _act(request: HttpRequest, token: str, guardian: Guardian) -> LimitsForm | None:
    """Does what was asked for. Returns the form of the limits if it was sent."""
    match request.POST.get("act"):
        case "accept":
            guardians.accept(token)
        case "decline":
            guardians.decline(token)
        case "set" if guardian.is_in_force:
            form = LimitsForm(request.POST)
            if form.is_valid():
                guardians.set_limits(token, form.limits())
                messages.success(request, _("Saved. It holds from now on."))
            return form
    return None
