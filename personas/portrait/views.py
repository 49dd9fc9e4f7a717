"""The portrait on a persona's page, and the page of one of its statements."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.interface.form_fields import Words
from accounts.interface.requests import SignedIn
from personas import creation
from personas.models import Persona, SourceStatus
from personas.portrait import computing, drawings, statements
from personas.portrait.models import Portrait, Section, Statement

# Shown as a word and its count, so that a page with many of them stays short.
_SHORT = {Section.WORDS, Section.RARE_WORDS, Section.EMOJI}


class CorrectionForm(forms.Form):
    text = Words(
        max_length=statements.MOST_CORRECTION,
        required=False,
        label=gettext_lazy("What it should say"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Leave it empty to bring the computed sentence back."),
    )


def shown(persona: Persona, *, is_own: bool) -> dict[str, Any]:
    """The portrait for the page of a persona. Other people see neither hidden statements nor the lines."""
    is_importing = persona.sources.filter(status=SourceStatus.IMPORTING).exists()
    is_owed = is_importing or computing.is_owed(persona.pk)
    row = Portrait.objects.filter(persona=persona).first()
    if row is None and not is_owed:
        return {}
    rows = Statement.objects.filter(persona=persona).exclude(text="", correction="")
    sections: dict[str, list[Statement]] = defaultdict(list)
    for statement in rows.filter(is_hidden=False):
        sections[statement.section].append(statement)
    return {
        "portrait": {
            "row": row,
            "is_owed": is_owed,
            "sections": [
                {"title": title, "statements": sections[name], "is_short": name in _SHORT}
                for name, title in Section.choices
                if sections[name]
            ],
            "hidden": list(rows.filter(is_hidden=True)) if is_own else [],
            **(_plots(row) if row else {}),
        }
    }


def _plots(row: Portrait) -> dict[str, Any]:
    figures = row.figures
    unit = figures.get("length unit", [["words", 0]])[0][0]
    return {
        "time": drawings.columns(figures.get("time", []), unit=gettext("lines")),
        "hours": drawings.columns(figures.get("hours", []), unit=gettext("lines")),
        "length": drawings.columns(figures.get("length", []), unit=gettext("lines")),
        "length_unit": unit,
        "words": drawings.shifts(figures.get("words", [])),
    }


@login_required
@require_safe
def progress(request: SignedIn, persona_id: UUID) -> HttpResponse:
    """The portrait's part of the page. The page polls it while a worker computes it."""
    persona = creation.get_own_persona(request.user, persona_id)
    context = {"persona": persona, "is_own": True, **shown(persona, is_own=True)}
    return render(request, "personas/_portrait.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: SignedIn, persona_id: UUID, statement_id: UUID) -> HttpResponse:
    """The lines of a statement, and the forms to correct or hide it."""
    own = statements.get_for(request.user, persona_id, statement_id)
    form = CorrectionForm(request.POST or None, initial={"text": own.correction or own.text})
    if request.method == "POST":
        match request.POST.get("then"):
            case "hide" | "show" as choice:
                statements.hide(own, is_hidden=choice == "hide")
                messages.success(
                    request, gettext("It is hidden now.") if choice == "hide" else gettext("It is shown again.")
                )
                return _back(own, "hidden-statements" if choice == "hide" else f"statement-{own.pk}")
            case _ if form.is_valid():
                statements.correct(own, form.cleaned_data["text"])
                messages.success(request, gettext("The portrait is corrected."))
                return _back(own, "hidden-statements" if own.is_hidden else f"statement-{own.pk}")
    return render(
        request,
        "personas/statement.html",
        {"persona": own.persona, "statement": own, "form": form, "lines": statements.lines_of(own)},
        status=422 if request.method == "POST" else 200,
    )


def _back(statement: Statement, place: str) -> HttpResponse:
    """To the place in the portrait where the statement stands now."""
    return redirect(f"{reverse('personas:detail', args=[statement.persona_id])}#{place}")
