"""The page on which a person reports a persona's reply (compliance DS2)."""

from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.interface.requests import SignedIn
from chat.conversation import transcripts
from chat.reply import inspection
from moderation.desk import reports
from moderation.plain_words import category_choices


class ReportForm(forms.Form):
    category = forms.ChoiceField(choices=category_choices, label=_("What is wrong with it"))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def report(request: SignedIn, conversation_id: UUID, reply_id: UUID) -> HttpResponse:
    """Opens a case for the moderators. They see the reply and up to ten turns on each side."""
    reply = inspection.get_for(request.user, conversation_id, reply_id)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        conversation = reply.message.conversation
        reports.file(
            reporter=request.user,
            conversation_id=conversation.id,
            persona_id=reply.message.persona.pk,
            persona_name=reply.message.persona.name,
            category=form.cleaned_data["category"],
            message_id=reply.message_id,
            turns=transcripts.turns(conversation, reply.message_id, withheld=True),
        )
        return redirect("moderation:my_reports")
    context = {"form": form, "reply": reply, "conversation": reply.message.conversation}
    return render(request, "chat/report.html", context, status=400 if form.errors else 200)
