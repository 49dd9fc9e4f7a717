"""The page on which a living person says whether a persona may depict them, and its owner's button for the link."""

from typing import cast
from uuid import UUID

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.interface import languages
from accounts.interface.requests import SignedIn
from personas import access, creation
from personas.models import Confirmation, Depicts, Persona
from personas.rights import confirming
from personas.rights.confirmation_texts import TEXTS


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the question and the present answer; POST with `agrees` answers. No account is needed."""
    if refusal := ratelimit.consume_or_429(request, action="confirm_persona"):
        return cast(HttpResponse, refusal)
    try:
        confirmation = confirming.opened(token)
        is_owner = confirmation.persona.owner_id == request.user.pk
        if request.method == "POST":
            if is_owner:
                raise PermissionDenied
            agrees = request.POST.get("agrees") == "yes"
            confirming.answer(token=token, agrees=agrees, language=languages.current())
            return redirect(request.get_full_path())
    except confirming.LinkInvalid:
        return render(request, "personas/confirmation_invalid.html", status=404)
    return render(request, "personas/confirmation.html", _context(confirmation, is_owner))


def _context(confirmation: Confirmation, is_owner: bool) -> dict[str, object]:
    texts = TEXTS[languages.current()]
    return {
        "confirmation": confirmation,
        "texts": texts,
        "sentences": texts.read(confirmation.name),
        "owner_text": texts.owner.format(name=confirmation.name),
        "is_owner": is_owner,
    }


def shown(persona: Persona) -> dict[str, object]:
    """The part of a persona's page: whether the living person whom it depicts has agreed, and the link for them."""
    confirmation = Confirmation.objects.filter(persona=persona).first()
    refusal = access.unconfirmed(persona)
    return {
        "confirmation": confirmation,
        "confirmation_link": confirming.address(confirmation) if confirmation else "",
        "may_make_link": refusal is not None and not (confirmation and confirmation.is_refused),
        "needs_confirmation": persona.depicts == Depicts.LIVING or refusal is not None,
        "unconfirmed": refusal.user_message if refusal else "",
    }


@login_required
@require_POST
def make_link(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    try:
        confirming.new_link(user=request.user, persona=persona)
    except confirming.ConfirmationRefused as refusal:
        messages.error(request, refusal.user_message)
    return redirect("personas:detail", persona.pk)
