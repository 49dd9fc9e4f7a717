"""Conversations to files and back: the downloads, and the form that imports."""

import io
import zipfile
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.interface.requests import SignedIn
from chat.conversation import conversations
from chat.files import import_formats, importing
from chat.files.export_formats import FORMATS, Format
from chat.models import Conversation


@login_required
@never_cache
@require_GET
def export(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    """One conversation as a download, in the format that `format` names."""
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    chosen = _format(request)
    response = HttpResponse(chosen.write(conversation), content_type=f"{chosen.content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(conversation, chosen)}"'
    return response


@login_required
@never_cache
@require_GET
def export_all(request: SignedIn) -> FileResponse:
    """All conversations of the person as a ZIP archive with one file each."""
    chosen = _format(request)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for conversation in conversations.owned_by(request.user).order_by("created_at"):
            file.writestr(_name(conversation, chosen), chosen.write(conversation))
    archive.seek(0)
    return FileResponse(archive, as_attachment=True, filename="conversations.zip")


@login_required
@require_POST
def import_page(request: SignedIn) -> HttpResponse:
    """Stores the conversations of a file. A refused file stays with the person, with a sentence why."""
    upload = request.FILES.get("file")
    try:
        persona_id = UUID(request.POST.get("persona", ""))
        if upload is None:
            raise conversations.WrongState(_("Choose a file first."))
        content = upload.read(import_formats.MOST_BYTES + 1)
        imported = importing.import_file(user=request.user, persona_id=persona_id, content=content)
    except ValueError:
        raise Http404("That is not an id.") from None
    except conversations.Refused as refused:
        messages.error(request, refused.detail)
        return redirect("chat:list")
    if len(imported) == 1:
        return redirect("chat:conversation", imported[0].id)
    messages.success(request, _("{count} conversations are imported.").format(count=len(imported)))
    return redirect("chat:list")


def _format(request: SignedIn) -> Format:
    try:
        return FORMATS[request.GET.get("format", "")]
    except KeyError:
        raise Http404("There is no such format.") from None


def _name(conversation: Conversation, chosen: Format) -> str:
    """The title in ASCII where it has any, and the beginning of the id, so that no two names are the same."""
    title = slugify(conversation.title)[:40] or "conversation"
    return f"{title}-{str(conversation.id)[:8]}{chosen.ending}"
