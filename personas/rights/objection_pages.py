"""The public form to object to a persona, and the desk's list of objections without a case (compliance GD7).

The form answers the same whether a persona exists or not.
"""

import re
from typing import cast
from uuid import UUID

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.interface.form_fields import Words
from moderation.desk import objections
from moderation.desk.objections import Target
from moderation.models import Objector
from moderation.pages.guards import desk_only, person_of
from personas.models import Persona

_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)

# A moderator chooses among at most so many personas of the same name.
_MOST_TARGETS = 20


class ObjectionForm(forms.Form):
    subject = Words(
        max_length=300,
        label=gettext_lazy("The persona"),
        help_text=gettext_lazy("Its address, if you have it, such as https://…/personas/…. Otherwise its name."),
    )
    objector = forms.ChoiceField(choices=Objector.choices, widget=forms.RadioSelect, label=gettext_lazy("Who you are"))
    reason = Words(
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4000,
        label=gettext_lazy("Why you object"),
        help_text=gettext_lazy("Say whom it depicts and what should not be so. Only moderators read this."),
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy("The decision goes there. The persona’s owner does not see it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


def targets_of(subject: str) -> list[Target]:
    """The personas that an address or a name may mean. Personas that ship with the site have no owner and are none."""
    owned = Persona.objects.filter(owner__isnull=False).select_related("owner")
    match = _ID.search(subject)
    meant = owned.filter(pk=UUID(match[0])) if match else owned.filter(name__iexact=subject.strip())
    return [
        Target(persona.pk, persona.name, persona.owner)
        for persona in meant.order_by("created_at")[:_MOST_TARGETS]
        if persona.owner is not None
    ]


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The public form. POST opens a case or a place on the desk's list; the answer tells nothing about a persona."""
    form = ObjectionForm(request.POST or None)
    is_filed = False
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if refusal := ratelimit.consume_or_429(request, action="object_to_persona", key=values["email"].lower()):
            return cast(HttpResponse, refusal)
        objections.file(**values, targets=targets_of(values["subject"]))
        is_filed = True
    context = {"form": form, "is_filed": is_filed}
    return render(request, "personas/object.html", context, status=400 if form.errors else 200)


@desk_only
@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Objections without a case. POST with `persona` opens one, with `reason` ends it, with `told` notes the mail."""
    moderator = person_of(request)
    waiting = objections.waiting_for(moderator)
    if request.method == "POST":
        try:
            objection = waiting.filter(pk=UUID(request.POST.get("objection", ""))).first()
            if objection is None:
                raise objections.ObjectionRefused(gettext("Somebody has worked on this objection in the meantime."))
            if chosen := request.POST.get("persona"):
                target = next((each for each in targets_of(chosen) if str(each.persona_id) == chosen), None)
                if target is None:
                    raise objections.ObjectionRefused(gettext("No persona of a person has this address or name."))
                objections.open_case(objection=objection, moderator=moderator, target=target)
            elif "told" in request.POST:
                objections.mark_told(objection=objection, moderator=moderator)
            else:
                reason, targets = request.POST.get("reason", ""), targets_of(objection.subject)
                objections.close(objection=objection, moderator=moderator, reason=reason, targets=targets)
        except ValueError:
            raise Http404 from None
        except (objections.ObjectionRefused, PermissionDenied) as refusal:
            messages.error(request, str(refusal))
        return redirect("object_to_persona_desk")
    rows = [(objection, [] if objection.closed_at else targets_of(objection.subject)) for objection in waiting]
    return render(request, "personas/objections.html", {"rows": rows})
