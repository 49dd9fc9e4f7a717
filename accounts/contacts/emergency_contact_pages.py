"""The page on which a person names an emergency contact, and the contact's own page, which a signed link opens."""

from typing import cast

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.contacts import emergency_contact
from accounts.contacts.forms import ContactForm
from accounts.interface.requests import SignedIn
from accounts.models import EmergencyContact


@login_required
@never_cache
def own_page(request: SignedIn) -> HttpResponse:
    """Names or removes the emergency contact."""
    user = request.user
    form = ContactForm(request.POST if request.POST.get("act") == "appoint" else None)
    if request.POST.get("act") == "withdraw":
        emergency_contact.withdraw(user)
        messages.success(request, _("Your emergency contact is removed."))
        return redirect("emergency_contact")
    if form.is_valid():
        if refusal := ratelimit.consume_or_429(request, action="emergency_contact"):
            return cast(HttpResponse, refusal)
        values = {name: form.cleaned_data[name] for name in ("name", "email", "own_name")}
        try:
            emergency_contact.appoint(user=user, **values)
        except emergency_contact.ContactRefused as problem:
            form.add_error(None, problem.user_message)
        else:
            messages.success(request, _("Your emergency contact is saved, and they have been told."))
            return redirect("emergency_contact")
    context = {"form": form, "contact": EmergencyContact.objects.filter(user=user).first()}
    return render(request, "account/emergency_contact.html", context, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The contact's own page, opened by their signed link: POST declines."""
    if refusal := ratelimit.consume_or_429(request, action="decline_contact"):
        return cast(HttpResponse, refusal)
    try:
        if request.method == "POST":
            emergency_contact.decline(token)
            return redirect(request.get_full_path())
        opened = emergency_contact.opened(token)
    except emergency_contact.LinkInvalid:
        return render(request, "account/decline_contact.html", {"contact": None}, status=404)
    return render(request, "account/decline_contact.html", {"contact": opened})
