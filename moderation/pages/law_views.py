"""The page of the laws that the site keeps. Reviewers read it; the owner changes a law's scope, with a reason."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.legal import laws
from accounts.models import LawScope, Scope
from moderation.pages.guards import desk_only, person_of

_SHOWN_DECISIONS = 50


@desk_only
@require_http_methods(["GET", "POST"])
def laws_page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        _decide(request)
        return redirect("moderation:laws")
    scopes = laws.scopes()
    rows = [(law, scopes[law.key], _choices(law)) for law in laws.LAWS.values()]
    decisions = LawScope.objects.select_related("decided_by").order_by("-decided_at")[:_SHOWN_DECISIONS]
    shown = [(laws.LAWS[row.law].title, row) for row in decisions if row.law in laws.LAWS]
    return render(request, "moderation/laws.html", {"rows": rows, "decisions": shown})


def _choices(law: laws.Law) -> list[Scope]:
    return [scope for scope in Scope if scope != Scope.NOT_SERVED or law.countries]


def _decide(request: HttpRequest) -> None:
    law, scope, reason = (request.POST.get(name, "") for name in ("law", "scope", "reason"))
    if law not in laws.LAWS or scope not in Scope:
        return
    try:
        laws.decide(law=law, scope=scope, reason=reason, owner=person_of(request))
    except laws.ScopeRefused as refusal:
        messages.error(request, str(refusal.user_message))
    except PermissionDenied as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The decision is recorded with its reason.")
