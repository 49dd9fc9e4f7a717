"""The page of what a persona remembers of the person who reads it: read, correct, pin, forget, export, choose."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.interface.requests import SignedIn
from accounts.models import User
from personas import creation
from personas.memory import choices, corrections, episodes, export, forgetting, told
from personas.memory.models import Kind, Memory
from personas.models import Persona
from text import cleaning

_PER_PAGE = 100  # lines


@login_required
@never_cache
@require_safe
def page(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_persona_for(request.user, persona_id)
    return render(request, "personas/memory.html", _page(request, persona))


def _page(request: SignedIn, persona: Persona) -> dict[str, Any]:
    remembered = _remembered(request.user, persona)
    lines = Paginator(remembered, _PER_PAGE).get_page(request.GET.get("page"))
    facts = remembered.exclude(kind="").order_by("-said_at")
    return {
        "persona": persona,
        "choice": choices.choice_of(request.user, persona),
        "pinned": remembered.filter(is_pinned=True),
        "facts": [(kind.label, rows) for kind in Kind if (rows := [row for row in facts if row.kind == kind])],
        "page": lines,
        "on_page": f"?page={lines.number}" if lines.number > 1 else "",
        "episodes": episodes.of(lines),
        "longest": corrections.LONGEST,
    }


def _remembered(user: User, persona: Persona) -> QuerySet[Memory]:
    """The lines of the page, the newest first."""
    lines = told.current(Memory.objects.filter(owner=user, persona=persona).exclude(text=""))
    return lines.order_by("-said_at", "-position")


@login_required
@require_POST
def correct(request: SignedIn, persona_id: UUID, memory_id: int) -> HttpResponse:
    """Puts other words in place of a memory. Refused words stay in the form."""
    persona = creation.get_persona_for(request.user, persona_id)
    memory = corrections.get_memory_for(request.user, persona, memory_id)
    text = cleaning.clean_line(request.POST.get("text", ""))
    try:
        corrected = corrections.correct(memory, text)
    except corrections.CorrectionRefused as refusal:
        # Beside the help lines, a person in danger reads no alarm about a form.
        messages.add_message(request, messages.INFO if refusal.help else messages.ERROR, refusal.user_message)
        context = _page(request, persona) | {"refused": memory, "draft": text, "help": refusal.help}
        return render(request, "personas/memory.html", context, status=422)
    messages.success(request, gettext("The memory is corrected. The old words are forgotten."))
    if corrected == memory:
        return _back(request, persona, f"#memory-{memory.pk}")
    # The new words are the newest line, which is on the first page.
    return redirect(reverse("personas:memory", args=[persona.pk]) + f"#memory-{corrected.pk}")


@login_required
@require_POST
def pin(request: SignedIn, persona_id: UUID, memory_id: int) -> HttpResponse:
    persona = creation.get_persona_for(request.user, persona_id)
    memory = corrections.get_memory_for(request.user, persona, memory_id)
    corrections.pin(memory, is_pinned=not memory.is_pinned)
    return _back(request, persona, f"#memory-{memory.pk}")


@login_required
@require_POST
def forget(request: SignedIn, persona_id: UUID, memory_id: int) -> HttpResponse:
    persona = creation.get_persona_for(request.user, persona_id)
    memory = corrections.get_memory_for(request.user, persona, memory_id)
    forgetting.forget(memory)
    others = _remembered(request.user, persona)
    beside = others.filter(said_at__lte=memory.said_at).first() or others.last()
    messages.success(request, gettext("It is forgotten, and it is gone from the prompts that were stored."))
    return _back(request, persona, f"#memory-{beside.pk}" if beside else "")


@login_required
@require_http_methods(["GET", "POST"])
def forget_all(request: SignedIn, persona_id: UUID) -> HttpResponse:
    """GET asks; POST forgets."""
    persona = creation.get_persona_for(request.user, persona_id)
    if request.method == "GET":
        return render(request, "personas/forget_all.html", {"persona": persona})
    forgetting.forget_all(request.user, persona)
    messages.success(request, gettext("%(name)s remembers nothing of what you said.") % {"name": persona.name})
    return _back(request, persona)


@login_required
@require_POST
def choose(request: SignedIn, persona_id: UUID) -> HttpResponse:
    persona = creation.get_persona_for(request.user, persona_id)
    choice = choices.Choice(is_on="is_on" in request.POST, is_across="is_across" in request.POST)
    choices.choose(user=request.user, persona=persona, choice=choice)
    messages.success(request, gettext("Your choice is stored. It holds from the next reply on."))
    return _back(request, persona)


@login_required
@require_safe
def download(request: SignedIn, persona_id: UUID) -> JsonResponse:
    persona = creation.get_persona_for(request.user, persona_id)
    rows = export.memories_of(request.user, persona)
    answer = JsonResponse({"persona": persona.name, "memories": rows}, json_dumps_params={"ensure_ascii": False})
    answer.headers["Content-Disposition"] = 'attachment; filename="memories.json"'
    return answer


def _back(request: SignedIn, persona: Persona, anchor: str = "") -> HttpResponse:
    """To the page of the list on which the form was."""
    number = cleaning.whole_number(request.GET.get("page", ""), most=10**6)
    query = f"?page={number}" if number else ""
    return redirect(reverse("personas:memory", args=[persona.pk]) + query + anchor)
