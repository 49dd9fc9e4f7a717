"""The addresses of `personas.way_in.resumable`, in the words of tus 1.0.0."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from functools import wraps
from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.interface.requests import SignedIn
from personas.importers.base import ImportFailed
from personas.models import Draft, DraftFile
from personas.way_in import drafts, resumable
from personas.way_in.resumable import UploadRefused
from text import cleaning

_LONGEST_METADATA = 4_000
_MOST = 2**62


def _speaks_tus(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives the view its draft and checks the client's version. Turns refusals into answers."""

    @wraps(view)
    def answered(request: SignedIn, draft_id: UUID, **options: object) -> HttpResponse:
        draft = drafts.get_draft_for(request.user, draft_id)
        try:
            if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != resumable.VERSION:
                raise UploadRefused(412, f"This address speaks tus {resumable.VERSION}.")
            response = view(request, draft, **options)
        except UploadRefused as refusal:
            response = _plain(refusal.status, refusal.user_message)
        except ImportFailed as failure:
            response = _plain(413, failure.user_message)
        response["Tus-Resumable"] = response["Tus-Version"] = resumable.VERSION
        response["Cache-Control"] = "no-store"
        return response

    return answered


def _plain(status: int, sentence: str = "") -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")


@login_required
@require_http_methods(["OPTIONS", "POST"])
@_speaks_tus
def uploads(request: SignedIn, draft: Draft) -> HttpResponse:
    """POST announces a file by `Upload-Length` and `Upload-Metadata`, and answers with its address."""
    if request.method == "OPTIONS":
        response = _plain(204)
        response["Tus-Extension"] = resumable.EXTENSIONS
        response["Tus-Max-Size"] = str(settings.UPLOAD_BYTES)
        return response
    metadata = _metadata(request.headers.get("Upload-Metadata", ""))
    file = resumable.begin(
        draft,
        name=metadata.get("filename", ""),
        size=_number(request, "Upload-Length"),
        modified=metadata.get("modified", ""),
    )
    response = _plain(201)
    response["Location"] = reverse("personas:upload", args=[draft.pk, file.pk])
    response["Upload-Offset"] = str(file.received)
    return response


@login_required
@require_http_methods(["HEAD", "PATCH", "DELETE", "POST"])
@_speaks_tus
def upload(request: SignedIn, draft: Draft, file_id: int) -> HttpResponse:
    """HEAD tells how much has arrived, PATCH adds a piece, DELETE ends the upload and removes the file.

    POST names another method in `X-HTTP-Method-Override`, for clients that cannot send it.
    """
    file = resumable.get_upload_for(draft, file_id)
    match request.headers.get("X-HTTP-Method-Override", request.method):
        case "HEAD":
            response, received = _plain(200), file.received
        case "PATCH":
            response, received = _plain(204), _add_piece(request, file)
        case "DELETE":
            drafts.remove_file(draft, file.pk)
            return _plain(204)
        case _:
            raise UploadRefused(405, "An upload takes HEAD, PATCH and DELETE.")
    response["Upload-Offset"], response["Upload-Length"] = str(received), str(file.bytes)
    return response


def _add_piece(request: SignedIn, file: DraftFile) -> int:
    if request.content_type != "application/offset+octet-stream":
        raise UploadRefused(415, "A piece has the type application/offset+octet-stream.")
    return resumable.add_piece(
        file,
        offset=_number(request, "Upload-Offset"),
        length=_number(request, "Content-Length"),
        stream=cast(BinaryIO, request),
    )


def _number(request: SignedIn, name: str) -> int:
    number = cleaning.whole_number(request.headers.get(name, ""), most=_MOST)
    if number is None:
        raise UploadRefused(400, f"The header {name} must be a whole number.")
    return number


def _metadata(header: str) -> dict[str, str]:
    """The values of `Upload-Metadata`: keys, each with its value in Base64, separated by commas."""
    if len(header) > _LONGEST_METADATA:
        raise UploadRefused(400, f"Upload-Metadata has more than {_LONGEST_METADATA:,} characters.")
    pairs = [pair.strip().partition(" ") for pair in header.split(",") if pair.strip()]
    try:
        return {key: b64decode(value, validate=True).decode() for key, _, value in pairs}
    except (NotBase64, ValueError):
        raise UploadRefused(400, "The values of Upload-Metadata must be UTF-8 in Base64.") from None
