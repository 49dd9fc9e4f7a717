"""The pages of conversations with several personas: how one begins, and who takes part."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.interface.requests import SignedIn
from chat.conversation import conversations, groups
from chat.pages.views import form_action
from personas import creation


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def group(request: SignedIn) -> HttpResponse:
    """GET offers the personas; POST with two to six of them starts a conversation. A refused choice stays chosen."""
    chosen = list(map(_uuid, request.POST.getlist("persona")))
    refusal = ""
    if request.method == "POST":
        try:
            return redirect("chat:conversation", groups.start(user=request.user, persona_ids=chosen).id)
        except conversations.Refused as refused:
            refusal = refused.detail
    context: dict[str, Any] = {
        "personas": creation.visible_to(request.user),
        "chosen": chosen,
        "refusal": refusal,
        "fewest": groups.FEWEST,
        "most": groups.MOST,
    }
    return render(request, "chat/group.html", context, status=409 if refusal else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def members(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    """GET lists who takes part; POST with `persona` adds one."""
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    if request.method == "POST":
        return _add(request, conversation_id)
    participants = groups.participants(conversation)
    silences = {one.silence for one in participants}
    others = creation.visible_to(request.user).exclude(pk__in=[persona.pk for persona in conversation.personas])
    context = {
        "conversation": conversation,
        "participants": participants,
        "silence": silences.pop() if len(silences) == 1 else "",  # of all of them; said once
        "others": others,
        "has_room": len(conversation.personas) < groups.MOST,
        "most": groups.MOST,
    }
    return render(request, "chat/members.html", context)


@form_action
def _add(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    persona_id = _uuid(request.POST.get("persona", ""))
    groups.add(user=request.user, conversation_id=conversation_id, persona_id=persona_id)
    return _at(conversation_id, persona_id)


@form_action
def mute(request: SignedIn, conversation_id: UUID, persona_id: UUID) -> HttpResponse:
    is_muted = bool(request.POST.get("is_muted"))
    groups.mute(user=request.user, conversation_id=conversation_id, persona_id=persona_id, is_muted=is_muted)
    return _at(conversation_id, persona_id)


@form_action
def remove(request: SignedIn, conversation_id: UUID, persona_id: UUID) -> HttpResponse:
    groups.remove(user=request.user, conversation_id=conversation_id, persona_id=persona_id)
    messages.success(request, _("What it said stays in the conversation."))
    return redirect("chat:members", conversation_id)


def _at(conversation_id: UUID, persona_id: UUID) -> HttpResponse:
    """The page of who takes part, at the row of this persona."""
    return redirect(f"{reverse('chat:members', args=[conversation_id])}#participant-{persona_id}")


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise Http404("That is not an id.") from None
