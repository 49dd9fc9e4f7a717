"""The pages on which an owner adds, changes and removes an entry of a lorebook."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.interface.requests import SignedIn
from personas import creation, persona_fields, refusals
from personas.lorebook import book, editing
from personas.lorebook.forms import EntryForm, initial_of
from personas.models import Persona


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_own_persona(request.user, persona_id)
    if len(book.source_entries(persona.card)) >= book.MOST_ENTRIES:
        messages.error(request, _("A lorebook has at most {most} entries.").format(most=book.MOST_ENTRIES))
        return redirect("personas:detail", persona.pk)
    form = EntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _saved(request, persona, form, editing.added(persona.card, form.written()))
    return _page(request, persona, form)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: SignedIn, persona_id: UUID, number: int) -> HttpResponse:
    """POST changes the entry, or removes it with `then` = "remove"."""
    persona = creation.get_own_persona(request.user, persona_id)
    try:
        now = editing.entry_at(persona.card, number)
        if request.method != "POST":
            return _page(request, persona, EntryForm(initial=initial_of(now)), mark=editing.mark(now))
        seen = request.POST.get("mark", "")
        form = EntryForm(request.POST)
        if request.POST.get("then") == "remove":
            return _saved(request, persona, form, editing.removed(persona.card, number, seen), mark=seen)
        if not form.is_valid():
            return _page(request, persona, form, mark=seen)
        return _saved(request, persona, form, editing.changed(persona.card, number, seen, form.written()), mark=seen)
    except editing.EntryGone:
        if request.method != "POST":
            raise Http404 from None
        messages.error(request, _("This entry was changed meanwhile. Look at it again."))
        return redirect("personas:detail", persona.pk)


def _saved(
    request: SignedIn, persona: Persona, form: EntryForm, card: dict[str, Any], *, mark: str = ""
) -> HttpResponse:
    """The filter judges the whole persona again. Refused words stay in the form."""
    fields = replace(persona_fields.PersonaFields(**persona_fields.fields_of(persona)), card=card)
    try:
        creation.update_persona(user=request.user, persona=persona, fields=fields)
    except refusals.CreationRefused as refusal:
        messages.error(request, refusal.user_message)
        return _page(request, persona, form, mark=mark, status=422)
    messages.success(request, _("The lorebook is saved."))
    return redirect("personas:detail", persona.pk)


def _page(request: SignedIn, persona: Persona, form: EntryForm, *, mark: str = "", status: int = 200) -> HttpResponse:
    context = {"persona": persona, "form": form, "mark": mark}
    return render(request, "personas/lorebook_entry.html", context, status=status)
