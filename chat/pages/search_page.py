"""The page that searches a person's conversations, and the way from a match to its message."""

from datetime import date
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.interface.requests import SignedIn
from chat.conversation import branches, conversations, search, transcripts
from text import cleaning

_MOST_PAGES = 100


@login_required
@never_cache
@require_GET
def search_page(request: SignedIn) -> HttpResponse:
    query = cleaning.clean_line(request.GET.get("q", ""))[: search.LONGEST_QUERY].strip()
    number = request.GET.get("page", "")
    page = min(int(number), _MOST_PAGES) if number.isdecimal() and len(number) < 4 else 0
    matches = search.search(user=request.user, query=query, page=page) if query else []
    is_full = len(matches) == search.PER_PAGE and page < _MOST_PAGES
    older = page + 1 if is_full and search.has_page(user=request.user, query=query, page=page + 1) else None
    return render(request, "chat/search.html", {"query": query, "matches": matches, "older": older})


@login_required
@never_cache
@require_GET
def jump(request: SignedIn, message_id: UUID) -> HttpResponse:
    """Goes to the message in its conversation. If it is on another branch, a page offers to show that branch."""
    message = conversations.get_message_for(request.user, message_id)
    if message.id in branches.path(transcripts.tree_of(message.conversation), message.conversation.head_id):
        return redirect(address(message.conversation_id, message.id))
    return render(request, "chat/elsewhere.html", {"message": message})


@login_required
@never_cache
@require_GET
def jump_to_day(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    """Goes to the first message of a day, or of the next day that has one; otherwise to the end."""
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    day = _day(request.GET.get("day", ""))
    message_id = transcripts.first_since(conversation, day) if day else None
    if message_id is None:
        return redirect("chat:conversation", conversation.id)
    return redirect(address(conversation.id, message_id))


def address(conversation_id: UUID, message_id: UUID) -> str:
    """The address of a message in the part of its conversation that shows it."""
    return f"{reverse('chat:conversation', args=[conversation_id])}?at={message_id}#message-{message_id}"


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
