"""The branches of a conversation as a small tree: the page, and the forms that name and delete one."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.interface.requests import SignedIn
from chat.conversation import branch_care, conversations


@login_required
@never_cache
@require_GET
def page(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    context = {
        "conversation": conversation,
        "lines": branch_care.lines(conversation),
        "name_max": branch_care.NAME_CHARACTERS,
    }
    return render(request, "chat/branches.html", context)


@login_required
@require_POST
def name(request: SignedIn, message_id: UUID) -> HttpResponse:
    message = branch_care.name(user=request.user, message_id=message_id, name=request.POST.get("name", ""))
    return redirect(f"{reverse('chat:branches', args=[message.conversation_id])}#branch-{message.pk}")


@login_required
@require_http_methods(["GET", "POST"])
def prune(request: SignedIn, message_id: UUID) -> HttpResponse:
    """GET asks; POST deletes."""
    message = conversations.get_message_for(request.user, message_id)
    if request.method == "GET":
        return render(request, "chat/prune.html", {"message": message, "count": branch_care.length(message)})
    try:
        branch_care.prune(user=request.user, message_id=message_id)
    except conversations.Refused as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("The branch is deleted."))
    return redirect("chat:branches", message.conversation_id)
