"""Pages of personas: list, form, preview, one persona, its picture, and the progress of its import."""

from functools import partial
from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.interface.requests import SignedIn
from accounts.usage.quotas import QuotaExceeded
from personas import access, avatars, creation, refusals
from personas.audit import views as audit
from personas.finetuning import views as fine_tune
from personas.forgetting import DRAFTS_KEPT, discard
from personas.forms import PersonaForm, initial_of
from personas.importers.base import ImportFailed
from personas.importers.media import recognition
from personas.lorebook import book
from personas.models import Draft, DraftFileStatus, Persona, SourceStatus, TriedLineStatus
from personas.portrait import views as portrait
from personas.prompting.prompt_sheet import fill
from personas.reading import masking, reading_progress
from personas.rights import confirmation_views
from personas.way_in import drafts, speakers, trying
from text import cleaning

_HIGHEST_ID = 2**63 - 1
_SHOWN_SPEAKERS = 8  # of a draft; the page folds the others
_DETAILS = ("relation", "calls_user", "description", "scenario", "sayings", "examples", "opening_line")


@login_required
@require_safe
def persona_list(request: SignedIn) -> HttpResponse:
    personas = creation.visible_to(request.user)
    return render(
        request,
        "personas/list.html",
        {
            "own": personas.filter(owner=request.user),
            "shared": personas.filter(is_shared=True),
            "drafts": Draft.objects.filter(owner=request.user, persona=None)
            .annotate(kept_until=F("updated_at") + DRAFTS_KEPT)
            .order_by("-updated_at"),
        },
    )


# --- Making and changing ---------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedIn) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, PersonaForm(), draft=None)
    return _take(request, drafts.begin(request.user))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    if request.method != "POST":
        try:
            refusals.refuse_disabled(persona)  # tells the owner before anything is typed; saving checks again
        except refusals.CreationRefused as refusal:
            messages.error(request, refusal.user_message)
            return redirect("personas:detail", persona.pk)
        return _form_page(
            request, PersonaForm(initial=initial_of(persona), persona=persona), draft=None, persona=persona
        )
    return _take(request, drafts.begin(request.user, persona=persona))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: SignedIn, draft_id: UUID) -> HttpResponse:
    own_draft = drafts.get_draft_for(request.user, draft_id)
    if request.method == "POST":
        return _take(request, own_draft)
    if drafts.is_reading(own_draft):
        return _reading_page(request, own_draft)
    return _form_page(request, _unbound(own_draft), draft=own_draft, persona=own_draft.persona)


def _take(request: SignedIn, draft: Draft) -> HttpResponse:
    """Keeps the submitted form and files, then redirects to the preview or shows the form with its errors.

    While files are still being read, both pages show the progress of the reading.
    """
    # 1. Keep who is who before a new name changes the guess that the page showed. Keep the typed fields before the
    # files, since a card fills only blank fields.
    _take_roles(request, draft)
    drafts.keep_fields(draft, {name: request.POST.get(name, "") for name in PersonaForm.base_fields})
    # 2. Keep the files. Each can fail by itself.
    drafts.forget_failures(draft)
    problems = _take_files(request, draft)
    if file_id := request.POST.get("remove", ""):
        drafts.remove_file(draft, cleaning.whole_number(file_id, most=_HIGHEST_ID) or 0)
    # 3. Keep the choices about the words that are read.
    _take_choices(request, draft)
    then = request.POST.get("then")
    if then == "try" and not problems:
        problems = _try_line(request, draft)
        if not problems:
            return redirect(f"{reverse('personas:draft', args=[draft.pk])}#try")
    for problem in problems:
        messages.error(request, problem)
    # 4. Choose the next page. The form is not validated while a card is being read, since the card may fill it.
    draft.refresh_from_db()
    wants_preview = then == "preview" and not problems
    form = _bound(draft)
    if drafts.is_reading(draft) or (wants_preview and form.is_valid()):
        return redirect("personas:preview" if wants_preview else "personas:draft", draft.pk)
    if not problems and not wants_preview:
        return redirect("personas:draft", draft.pk)
    return _form_page(request, form, draft=draft, persona=draft.persona, status=422)


def _take_files(request: SignedIn, draft: Draft) -> list[str]:
    problems = []
    if not cleaning.is_blank(words := request.POST.get("words", "")):
        try:
            drafts.add_words(draft, words)
        except ImportFailed as failure:
            problems.append(failure.user_message)
    for upload in request.FILES.getlist("files"):
        try:
            drafts.add_file(draft, name=upload.name or "", stream=cast(BinaryIO, upload.file))
        except ImportFailed as failure:
            problems.append(failure.user_message)
    picture = request.FILES.get("avatar")
    if picture:
        try:
            drafts.set_avatar(draft, cast(BinaryIO, picture.file), size=picture.size or 0)
        except (avatars.PictureRefused, ImportFailed) as refusal:
            problems.append(refusal.user_message)
    return problems


def _take_roles(request: SignedIn, draft: Draft) -> None:
    """Who is who, from fields named `who-<key>`."""
    roles = {name.removeprefix("who-"): str(role) for name, role in request.POST.items() if name.startswith("who-")}
    speakers.choose(draft, roles)


def _take_choices(request: SignedIn, draft: Draft) -> None:
    """What is not masked, and a sentence for the description, from the fields of their sections."""
    if "masking" in request.POST:
        drafts.choose_unmasked(draft, request.POST.getlist("unmasked"))
    if key := request.POST.get("accept", ""):
        drafts.accept_sentence(draft, key, name=str(draft.fields.get("name", "")) or trying.likely_name(draft))


def _try_line(request: SignedIn, draft: Draft) -> list[str]:
    try:
        trying.ask(user=request.user, draft=draft, text=request.POST.get("line", ""))
    except (refusals.CreationRefused, QuotaExceeded) as refusal:
        return [refusal.user_message]
    return []


@login_required
@require_safe
def tried_lines(request: SignedIn, draft_id: UUID) -> HttpResponse:
    """The tried lines' part of the page. The page polls it while an answer is written."""
    draft = drafts.get_draft_for(request.user, draft_id)
    return render(request, "personas/new.html#tried", {"draft": draft, **_tried(draft)})


def _tried(draft: Draft) -> dict[str, object]:
    lines = list(draft.tried_lines.all())
    return {
        "tried": lines,
        "is_trying": any(line.status == TriedLineStatus.QUEUED for line in lines),
        "tries_left": max(0, trying.TRIED - len(lines)),
        "longest_line": trying.LONGEST,
    }


def _reading_page(request: SignedIn, draft: Draft) -> HttpResponse:
    return render(request, "personas/reading.html", _reading(draft))


@login_required
@require_safe
def draft_progress(request: SignedIn, draft_id: UUID) -> HttpResponse:
    """The files' part of the page. The page polls it while a worker reads them."""
    return render(request, "personas/reading.html#files", _reading(drafts.get_draft_for(request.user, draft_id)))


def _reading(draft: Draft) -> dict[str, object]:
    files = list(draft.files.defer("beginning").exclude(status=DraftFileStatus.UPLOADING))
    unread = [file for file in files if file.status == DraftFileStatus.READING]
    percents = reading_progress.of(str(file.pk) for file in unread)
    rows = [(file, percents.get(str(file.pk), 0 if file in unread else 100)) for file in files]
    return {"draft": draft, "files": rows, "is_reading": bool(unread), "read": len(files) - len(unread)}


def _bound(draft: Draft) -> PersonaForm:
    has_files = bool(drafts.used_files(draft))
    return PersonaForm(draft.fields, persona=draft.persona, card=draft.card, has_files=has_files)


def _unbound(draft: Draft) -> PersonaForm:
    """The form with what was typed. A name that nobody typed is that under which the persona speaks in the files."""
    fields = dict(draft.fields)
    fields["name"] = fields.get("name") or trying.likely_name(draft)
    return PersonaForm(initial=fields, persona=draft.persona, card=draft.card)


def _form_page(
    request: SignedIn, form: PersonaForm, *, draft: Draft | None, persona: Persona | None = None, status: int = 200
) -> HttpResponse:
    return render(
        request,
        "personas/new.html",
        {
            "form": form,
            "draft": draft,
            "persona": persona,
            **(_words(draft) | _tried(draft) if draft else {}),
            "is_described": any(form[name].value() or form[name].errors for name in _DETAILS),
            "upload_bytes": settings.UPLOAD_BYTES,
            "piece_bytes": settings.UPLOAD_PIECE,
            "form_bytes": settings.UPLOAD_FORM,
            "upload_files": settings.UPLOAD_FILES,
            "missing": recognition.missing(),
            "advanced": [form[name] for name in form.advanced],
            "is_advanced_open": any(name in form.errors for name in form.advanced) if form.is_bound else False,
        },
        status=status,
    )


def _words(draft: Draft) -> dict[str, object]:
    """What the page shows of the files of a draft."""
    everybody = speakers.of(draft)
    return {
        "files": draft.files.defer("beginning"),
        "speakers": everybody[:_SHOWN_SPEAKERS],
        "more_speakers": everybody[_SHOWN_SPEAKERS:],
        "roles": speakers.Role.choices,
        "personal": drafts.personal_data(draft),
        "is_personal_cut": drafts.is_personal_cut(draft),
        "most_values": masking.MOST_VALUES,
        "is_partial": drafts.is_partial(draft),
        "candidates": drafts.description_candidates(draft),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: SignedIn, draft_id: UUID) -> HttpResponse:
    own_draft = drafts.get_draft_for(request.user, draft_id)
    if drafts.is_reading(own_draft):
        return _reading_page(request, own_draft)
    form = _bound(own_draft)
    if not form.is_valid():
        return _form_page(request, form, draft=own_draft, persona=own_draft.persona, status=422)
    if request.method == "POST":
        return _save(request, own_draft, form)
    return _preview_page(request, own_draft, form)


def _save(request: SignedIn, draft: Draft, form: PersonaForm) -> HttpResponse:
    try:
        persona = drafts.save(draft, form.persona_fields(), is_without_avatar=bool(form.cleaned_data["without_avatar"]))
    except (refusals.CreationRefused, QuotaExceeded) as refusal:
        messages.error(request, refusal.user_message)
        return redirect("personas:preview", draft.pk)
    messages.success(request, gettext("%(name)s is saved.") % {"name": persona.name})
    return redirect("personas:detail", persona.pk)


def _preview_page(request: SignedIn, draft: Draft, form: PersonaForm) -> HttpResponse:
    used = drafts.used_files(draft)
    left_out = draft.files.exclude(pk__in=[file.pk for file, _ in used]).defer("beginning")
    try:
        rehearsal = drafts.rehearse(draft, form.persona_fields())
    except refusals.CreationRefused as failure:
        messages.error(request, failure.user_message)
        return redirect("personas:draft", draft.pk)
    return render(
        request,
        "personas/preview.html",
        {
            "draft": draft,
            "fields": form.persona_fields(),
            "rehearsal": rehearsal,
            "left_out": left_out,
            "files": used,
        },
    )


@login_required
@require_POST
def remove_file(request: SignedIn, draft_id: UUID) -> HttpResponse:
    """Removes a file of a draft. If it is being read, the reading ends."""
    own_draft = drafts.get_draft_for(request.user, draft_id)
    drafts.remove_file(own_draft, cleaning.whole_number(request.POST.get("file", ""), most=_HIGHEST_ID) or 0)
    return redirect("personas:draft", own_draft.pk)


@login_required
@require_POST
def discard_draft(request: SignedIn, draft_id: UUID) -> HttpResponse:
    discard(drafts.get_draft_for(request.user, draft_id))
    return redirect("personas:list")


@login_required
@require_safe
def draft_avatar(request: SignedIn, draft_id: UUID) -> FileResponse:
    return _picture(drafts.get_draft_for(request.user, draft_id).avatar)


# --- One persona -------------------------------------------------------------------------------------


@login_required
@require_safe
def detail(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_persona_for(request.user, persona_id)
    return render(request, "personas/detail.html", _detail(request, persona))


@login_required
@require_safe
def progress(request: SignedIn, persona_id: UUID) -> HttpResponse:
    """The sources' part of the page. The page polls it while a file is being read."""
    persona = creation.get_own_persona(request.user, persona_id)
    return render(request, "personas/detail.html#sources", _detail(request, persona))


def _detail(request: SignedIn, persona: Persona) -> dict[str, object]:
    is_own = persona.owner_id == request.user.pk
    sources = list(persona.sources.all()) if is_own else []
    percents = reading_progress.of(str(source.pk) for source in sources if source.status == SourceStatus.IMPORTING)
    refusal = access.refusal(request.user, persona)
    return {
        "persona": persona,
        "is_own": is_own,
        "silence": refusal.user_message if refusal else "",
        "kept_back": refusals.reason_against_handing_out(persona) if is_own else "",
        "sources": [(source, percents.get(str(source.pk))) for source in sources],
        "is_importing": any(source.status == SourceStatus.IMPORTING for source in sources),
        "passages": persona.passages.count(),
        "lorebook": book.read(persona.card, fill=partial(fill, persona)).entries if is_own else (),
        **portrait.shown(persona, is_own=is_own),
        **(fine_tune.shown(persona) | confirmation_views.shown(persona) | audit.shown(persona) if is_own else {}),
    }


@login_required
@require_safe
def avatar(request: SignedIn, persona_id: UUID) -> FileResponse:
    return _picture(creation.get_persona_for(request.user, persona_id).avatar)


def _picture(file: object) -> FileResponse:
    if not file:
        raise Http404
    response = FileResponse(file.open("rb"), content_type="image/webp")  # type: ignore[attr-defined]
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_POST
def ground(request: SignedIn, persona_id: UUID) -> HttpResponse:
    """Switches grounded answers on or off."""
    persona = creation.get_own_persona(request.user, persona_id)
    try:
        creation.ground(user=request.user, persona=persona, is_grounded="is_grounded" in request.POST)
    except refusals.CreationRefused as refusal:
        messages.error(request, refusal.user_message)
    else:
        messages.success(request, gettext("It is saved. It holds from the next reply on."))
    return redirect("personas:detail", persona.pk)


@login_required
@require_POST
def duplicate(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_persona_for(request.user, persona_id)
    try:
        copy = creation.duplicate_persona(user=request.user, persona=persona)
    except (refusals.CreationRefused, QuotaExceeded, ImportFailed) as refusal:
        messages.error(request, refusal.user_message)
        return redirect("personas:detail", persona.pk)
    return redirect("personas:detail", copy.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    if request.method == "POST":
        creation.delete_persona(user=request.user, persona=persona)
        messages.success(
            request, gettext("%(name)s and everything that came with it is deleted.") % {"name": persona.name}
        )
        return redirect("personas:list")
    return render(request, "personas/delete.html", {"persona": persona, "passages": persona.passages.count()})


@login_required
@require_POST
def withdraw_import(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    creation.withdraw_import(user=request.user, persona=persona)
    messages.success(request, gettext("The words of all files are deleted, with what was made of them."))
    return redirect("personas:detail", persona.pk)


@login_required
@require_POST
def remove_source(request: SignedIn, persona_id: UUID, source_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    creation.remove_source(user=request.user, persona=persona, source_id=source_id)
    return redirect("personas:detail", persona.pk)
