"""The page of what the filter learned from decisions, and the page where a person allows it."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from moderation.filter.classifiers import linear
from moderation.learning import consents, versions
from moderation.learning.comparison import compare
from moderation.models import HeadState, HeadVersion
from moderation.pages.guards import desk_only, person_of


@desk_only
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    trial, active = versions.on_trial(), versions.active()
    context = {
        "rows": HeadVersion.objects.defer("weights").select_related("proposed_by", "second"),
        "active": active,
        "networks": linear.network_versions(),
        "before": versions.before_active(active) if active else None,
        "trial": trial,
        "comparison": compare(trial) if trial else None,
        "proposed": [(row, compare(row)) for row in HeadVersion.objects.filter(state=HeadState.PROPOSED)],
        "needs_second": versions.needs_second(person_of(request)),
    }
    return render(request, "moderation/learning.html", context)


@desk_only
@require_POST
def change(request: HttpRequest, version: str) -> HttpResponse:
    """One act on a version, named by the button."""
    row, person = get_object_or_404(HeadVersion, version=version), person_of(request)
    acts: dict[str, tuple[Callable[[], None], str]] = {
        "try": (
            lambda: versions.try_in_shadow(row=row, owner=person),
            gettext("Version %(version)s is tried in shadow from now on."),
        ),
        "end": (lambda: versions.end_trial(row=row, owner=person), gettext("Version %(version)s is tried no longer.")),
        "propose": (lambda: versions.propose(row=row, owner=person), ""),
        "confirm": (lambda: versions.confirm(row=row, reviewer=person), gettext("Version %(version)s is active.")),
        "refuse": (
            lambda: versions.refuse(row=row, reviewer=person),
            gettext("Version %(version)s was not confirmed, and can be tried again."),
        ),
    }
    act, done = acts.get(request.POST.get("act", ""), (None, ""))
    if act is None:
        return HttpResponse(gettext("Choose one of the acts of the page."), status=400, content_type="text/plain")
    try:
        act()
    except versions.VersionRefused as refusal:
        messages.error(request, refusal.user_message)
    else:
        messages.success(request, (done or _proposed(row)) % {"version": row.version})
    return redirect("moderation:learning")


@desk_only
@require_POST
def go_back(request: HttpRequest) -> HttpResponse:
    try:
        before = versions.go_back(owner=person_of(request))
    except versions.VersionRefused as refusal:
        messages.error(request, refusal.user_message)
    else:
        messages.success(
            request,
            gettext("Version %(version)s judges again.") % {"version": before.version}
            if before
            else gettext("The shipped heads judge again."),
        )
    return redirect("moderation:learning")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """A person's own choice, off until they switch it on."""
    person = person_of(request)
    if request.method == "POST":
        match request.POST.get("act"):
            case "give":
                consents.give(person)
                messages.success(request, gettext("Thank you. You can take this back here at any time."))
            case "withdraw":
                consents.withdraw(person)
                messages.success(request, gettext("Your words are used for this no longer."))
        return redirect("moderation:learning_consent")
    return render(
        request,
        "moderation/learning_consent.html",
        {"has_given": consents.has_given(person), "text": gettext(consents.TEXT)},
    )


def _proposed(row: HeadVersion) -> str:
    if row.state == HeadState.ACTIVE:
        return gettext("Version %(version)s is active.")
    return gettext("Version %(version)s waits for a second person.")
