"""Pages of the account, and the owner's one-time link."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts import first_run


@never_cache
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Signs the owner in, once per link."""
    if "prefetch" in request.headers.get("Sec-Purpose", ""):
        # A browser that loads ahead of the click must not use the link up.
        return HttpResponse(status=204)
    try:
        user = first_run.redeem(token)
    except first_run.LinkInvalid:
        return render(request, "account/setup_link_invalid.html", status=410)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("home")


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")
