"""Downloads of a persona for its owner: as a character card, and with all its material."""

import io
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse
from django.views.decorators.http import require_safe

from accounts.requests import SignedIn
from personas import card_export, creation
from personas.archive import writing


@login_required
@require_safe
def card_json(request: SignedIn, persona_id: UUID) -> FileResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    return _download(io.BytesIO(card_export.json_file(persona)), f"{persona.name}.json", "application/json")


@login_required
@require_safe
def card_png(request: SignedIn, persona_id: UUID) -> FileResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    return _download(io.BytesIO(card_export.png_file(persona)), f"{persona.name}.png", "image/png")


@login_required
@require_safe
def archive(request: SignedIn, persona_id: UUID) -> FileResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    return _download(writing.written(persona), f"{persona.name}.zip", "application/zip")


def _download(file: object, name: str, content_type: str) -> FileResponse:
    response = FileResponse(file, as_attachment=True, filename=name.replace("/", "-"), content_type=content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
