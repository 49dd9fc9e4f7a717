"""Pages of the account, and the owner's one-time link."""

from dataclasses import asdict
from typing import cast

from allauth.core import ratelimit
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.contacts import emergency_contact, guardians
from accounts.forms import BirthDateForm, CountryForm, EraseForm, LooksForm, OwnerForm
from accounts.interface import languages, looks
from accounts.interface.requests import SignedIn
from accounts.models import User
from accounts.personal_data import my_data, privacy
from accounts.sign_in import ages, first_run
from accounts.usage import quotas, sittings


@require_GET
@never_cache
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Signs the owner in, once per link."""
    if "prefetch" in request.headers.get("Sec-Purpose", ""):
        # A browser that loads the page before the click must not use up the link.
        return HttpResponse(status=204)
    try:
        user = first_run.redeem(token)
    except first_run.LinkInvalid:
        return render(request, "account/setup_link_invalid.html", status=410)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    UserSession.objects.create_from_request(request)  # so that the list has it, and `end_all` ends it
    return redirect("home")


@require_GET
def privacy_page(request: HttpRequest) -> HttpResponse:
    """What the site keeps, for what, how long, and who sees it, in the reader's language (GDPR art. 13)."""
    language = languages.current()
    context = {
        "rows": [row.texts[language] for row in privacy.rows()],
        "operator": settings.OPERATOR,
    }
    return render(request, f"account/privacy_{language}.html", context)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen language in a cookie, and with the account of a person who is signed in."""
    if isinstance(request.user, User):
        languages.keep(request.user, request.POST.get("language", ""))
    return i18n.set_language(request)


@login_required
@never_cache
def account(request: SignedIn) -> HttpResponse:
    """Shows role, quotas and country, and links to everything else about the account."""
    user = request.user
    form = CountryForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your country is saved."))
        return redirect("account")
    return _account_page(request, country_form=form)


@login_required
@require_POST
def claim(request: SignedIn) -> HttpResponse:
    """Sets the address and password of an owner who has none yet."""
    user = request.user
    if user.has_usable_password():
        return redirect("account")
    if refusal := ratelimit.consume_or_429(request, action="change_password"):
        return cast(HttpResponse, refusal)
    form = OwnerForm(request.POST, user=user)
    if not form.is_valid():
        return _account_page(request, owner_form=form, status=400)
    first_run.claim(owner=user, email=form.cleaned_data["email"], password=form.cleaned_data["password"])
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)
    messages.success(request, _("You can sign in with this address and password from now on."))
    return redirect("account")


@login_required
@require_POST
def export(request: SignedIn) -> HttpResponse:
    """Sends the person's data as a ZIP archive."""
    name = f"afterword-{timezone.now():%Y-%m-%d}.zip"
    return HttpResponse(
        my_data.export(request.user),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@never_cache
def erase(request: SignedIn) -> HttpResponse:
    """Asks for the password, then erases the account and everything that belongs to it."""
    user = request.user
    if refusal := ratelimit.consume_or_429(request, action="erase_account"):
        return cast(HttpResponse, refusal)
    form = EraseForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        my_data.erase(user)
        logout(request)
        messages.success(request, _("Your account and everything in it has been erased."))
        return redirect("account_login")
    return render(request, "account/erase.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def looks_page(request: HttpRequest) -> HttpResponse:
    """Lets a person, also a visitor, choose a theme and a text size."""
    form = LooksForm(request.POST or None, initial=asdict(looks.of(request)))
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/looks.html", {"form": form})
    response = redirect("looks")
    looks.keep(request, response, looks.Looks(**form.cleaned_data))
    messages.success(request, _("Pages look like this from now on."))
    return response


@login_required
@never_cache
def birth_date(request: SignedIn) -> HttpResponse:
    """Asks an account that has no date of birth for it, once. `accounts.sign_in.age_gate` sends people here."""
    if request.user.birth_date is not None:
        return redirect("home")
    form = BirthDateForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/birth_date.html", {"form": form, "next": _next(request)})
    ages.record(user=request.user, birth_date=form.cleaned_data["birth_date"])
    response = redirect(_next(request))
    if not ages.is_admitted(request.user):
        ages.begin_cool_off(request, response)
    return response


def _next(request: SignedIn) -> str:
    """The page of this site that the person wanted; the first page if there was none."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours else "/"


def _account_page(
    request: SignedIn,
    *,
    country_form: CountryForm | None = None,
    owner_form: OwnerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    if owner_form is None and not user.has_usable_password():
        owner_form = OwnerForm(user=user)
    context = {
        "meters": quotas.meters(user),
        "own_time": _own_time(user),
        "emergency_contact": emergency_contact.of(user),
        "is_minor": ages.is_minor(user),
        "guardian": guardians.of(user),
        "country_form": country_form or CountryForm(instance=user),
        "owner_form": owner_form,
    }
    return render(request, "account/account.html", context, status=status)


def _own_time(user: User) -> dict[str, str]:
    time = sittings.own_time(user)
    return {"today": sittings.in_words(time.today), "week": sittings.in_words(time.week)}
