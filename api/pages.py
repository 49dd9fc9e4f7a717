"""The page of a person's API keys."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.interface.requests import SignedIn
from api import keys
from api.forms import KeyForm


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys_page(request: SignedIn) -> HttpResponse:
    """Lists the keys. POST creates one and shows it once."""
    form = KeyForm(request.POST if request.method == "POST" else None, user=request.user)
    secret = ""
    if form.is_valid():
        try:
            _, secret = keys.create(user=request.user, **form.cleaned_data)
            form = KeyForm(user=request.user)
        except keys.KeyRefused as refused:
            form.add_error(None, refused.user_message)
    context = {
        "keys": keys.owned_by(request.user),
        "form": form,
        "secret": secret,
        "address": f"{settings.SITE_URL}/v1",
    }
    return render(request, "account/keys.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def revoke(request: SignedIn, key_id: UUID) -> HttpResponse:
    key = keys.revoke(user=request.user, key_id=key_id)
    messages.success(request, _("The key {key}… is revoked.").format(key=key.prefix))
    return redirect("api:keys")
