"""The page on which recognised words are corrected, beside the picture or the sound that they come from."""

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.interface.requests import SignedIn
from personas.importers.base import ImportFailed
from personas.importers.media import recognition
from personas.importers.media.recording import moment
from personas.models import Draft, Transcript
from personas.way_in import drafts

_TYPES = {"page": "image/webp", "sound": "audio/mpeg"}
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: SignedIn, draft_id: UUID, transcript_id: int) -> HttpResponse:
    draft = drafts.get_draft_for(request.user, draft_id)
    transcript = _transcript(draft, transcript_id)
    if request.method == "POST":
        try:
            drafts.correct_transcript(draft, transcript, request.POST.getlist("line"))
        except ImportFailed as refusal:
            messages.error(request, refusal.user_message)
            return redirect("personas:words", draft.pk, transcript.pk)
        following = _beside(transcript, 1)
        if following is not None and request.POST.get("then") == "next":
            return redirect("personas:words", draft.pk, following.pk)
        return redirect("personas:preview", draft.pk)
    return render(request, "personas/transcript.html", _page(draft, transcript))


@login_required
@require_safe
def media(request: SignedIn, draft_id: UUID, transcript_id: int) -> HttpResponseBase:
    """The page as WebP or the sound as MP3, also a part of it: a player asks for the part that it plays."""
    transcript = _transcript(drafts.get_draft_for(request.user, draft_id), transcript_id)
    response = _part(request.headers.get("Range", ""), transcript) or FileResponse(transcript.media.open("rb"))
    response.headers["Content-Type"] = _TYPES[transcript.medium]
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _part(header: str, transcript: Transcript) -> HttpResponse | None:
    """One range of bytes (RFC 9110, section 14); None where the header asks for none, or for something else."""
    match = _RANGE.fullmatch(header)
    if match is None:
        return None
    first = int(match[1])
    last = min(int(match[2] or transcript.bytes), transcript.bytes - 1)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{transcript.bytes}"})
    with transcript.media.open("rb") as file:
        file.seek(first)
        part = file.read(last - first + 1)
    return HttpResponse(part, status=206, headers={"Content-Range": f"bytes {first}-{last}/{transcript.bytes}"})


def _transcript(draft: Draft, transcript_id: int) -> Transcript:
    transcript = Transcript.objects.filter(file__draft=draft, pk=transcript_id).select_related("file").first()
    if transcript is None:
        raise Http404
    return transcript


def _beside(transcript: Transcript, step: int) -> Transcript | None:
    """The transcript of the same draft that follows (1) or goes before (-1)."""
    rows = list(Transcript.objects.filter(file__draft=transcript.file.draft_id))
    place = rows.index(transcript) + step
    return rows[place] if 0 <= place < len(rows) else None


def _page(draft: Draft, transcript: Transcript) -> dict[str, Any]:
    lines = [
        {
            **line,
            "moment": moment(line["start"]),
            "is_unsure": recognition.is_unsure(transcript.medium, line["confidence"]),
        }
        for line in transcript.lines
    ]
    return {
        "draft": draft,
        "transcript": transcript,
        "lines": lines,
        "unsure": sum(line["is_unsure"] for line in lines),
        "previous": _beside(transcript, -1),
        "next": _beside(transcript, 1),
    }
