"""Downloads of a persona for its owner: as a character card, and with all its material."""

import io
from collections.abc import Callable
from typing import BinaryIO
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.interface.requests import SignedIn
from personas import card_export, creation, refusals
from personas.archive import writing
from personas.models import Persona


@login_required
@require_safe
def card_json(request: SignedIn, persona_id: UUID) -> HttpResponseBase:
    return _handed_out(
        request, persona_id, "json", "application/json", lambda persona: io.BytesIO(card_export.json_file(persona))
    )


@login_required
@require_safe
def card_png(request: SignedIn, persona_id: UUID) -> HttpResponseBase:
    return _handed_out(
        request, persona_id, "png", "image/png", lambda persona: io.BytesIO(card_export.png_file(persona))
    )


@login_required
@require_safe
def archive(request: SignedIn, persona_id: UUID) -> HttpResponseBase:
    return _handed_out(request, persona_id, "zip", "application/zip", writing.written)


def _handed_out(
    request: SignedIn, persona_id: UUID, ending: str, content_type: str, written: Callable[[Persona], BinaryIO]
) -> HttpResponseBase:
    """The file, or the persona's page with the reason why nothing may be made of it now."""
    persona = creation.get_own_persona(request.user, persona_id)
    try:
        refusals.refuse_to_hand_out(persona)
    except refusals.CreationRefused as refusal:
        messages.error(request, refusal.user_message)
        return redirect("personas:detail", persona.pk)
    return _download(written(persona), f"{persona.name}.{ending}", content_type)


def _download(file: object, name: str, content_type: str) -> FileResponse:
    response = FileResponse(file, as_attachment=True, filename=name.replace("/", "-"), content_type=content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
