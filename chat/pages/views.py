"""Pages of conversations. Each action works as a plain form; the websocket calls the same doors."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any, Concatenate, ParamSpec
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import urlize
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.interface.form_fields import one_line_end
from accounts.interface.requests import SignedIn, is_seen
from accounts.models import User
from chat.conversation import (
    conversations,
    disclosure,
    follow_up,
    groups,
    message_care,
    offline_copies,
    partings,
    reading,
)
from chat.conversation import messages as doors
from chat.files.export_formats import FORMATS
from chat.models import Conversation, ConversationState, Member
from chat.pages import inspection_page, search_page
from chat.pages import thread as threads
from chat.reply import inspection
from moderation.desk import restrictions
from personas import creation
from personas.models import Persona
from text import cleaning

P = ParamSpec("P")
_PER_PAGE = 30


def form_action(view: Callable[Concatenate[SignedIn, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST of a signed-in person. The refusal of a door becomes a message on the next page."""

    @wraps(view)
    def guarded(request: SignedIn, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except conversations.Refused as refused:
            _tell(request, refused)
            return redirect(_page_before(request))

    return login_required(require_POST(guarded))


@login_required
@require_http_methods(["GET", "POST"])
def conversations_page(request: SignedIn) -> HttpResponse:
    """GET lists the person's conversations; POST with `persona` starts one."""
    if request.method == "POST":
        return _start(request)
    is_archive = "archive" in request.GET
    shown = partings.archived(request.user) if is_archive else partings.listed(request.user)
    members = Member.objects.filter(conversation__in=shown).values("persona")
    personas = Persona.objects.filter(Q(conversations__in=shown) | Q(pk__in=members)).distinct().order_by("name")
    persona = personas.filter(pk=_uuid(request.GET["persona"])).first() if request.GET.get("persona") else None
    folders = reading.folders(shown)
    folder = request.GET["folder"] if request.GET.get("folder") in folders else ""
    chosen = shown.filter(Q(persona=persona) | Q(members__persona=persona)).distinct() if persona else shown
    chosen = chosen.filter(folder=folder) if folder else chosen
    context = {
        "is_narrowed": persona is not None or bool(folder),
        "page": Paginator(reading.with_unread(chosen), _PER_PAGE).get_page(request.GET.get("page")),
        "folders": folders,
        "folder": folder,
        "is_archive": is_archive,
        "talked_with": personas,
        "persona": persona,
        "has_archive": partings.archived(request.user).exists(),
        "personas": creation.visible_to(request.user),
        "formats": FORMATS,
    }
    return render(request, "chat/list.html", context)


@form_action
def _start(request: SignedIn) -> HttpResponse:
    try:
        conversation = conversations.start(user=request.user, persona_id=_uuid(request.POST.get("persona")))
    except conversations.AtRest as rest:
        messages.info(request, rest.detail)
        return redirect("chat:conversation", rest.conversation_id)
    return redirect("chat:conversation", conversation.id)


@login_required
@never_cache
@require_GET
def conversation(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    if is_seen(request):  # and no copy to read offline
        disclosure.shown_at_start(conversation, timezone.now())
        follow_up.shown_at_next_visit(conversation, timezone.now())
        reading.mark_seen(user=request.user, conversation_id=conversation.id)
        for warning in restrictions.unread_warnings(request.user):
            messages.warning(request, urlize(warning.statement))
            restrictions.acknowledge(restriction=warning, user=request.user)
    return render(request, "chat/conversation.html", _page(conversation, _asked_part(request, conversation)))


@never_cache
@require_GET
def marks(request: HttpRequest) -> HttpResponse:
    """Answers a browser that keeps copies: the marks of the conversations in `id`, or 401 if the session has ended."""
    if not isinstance(request.user, User):
        return HttpResponse(status=401)
    return JsonResponse(offline_copies.marks(request.user, map(_uuid, request.GET.getlist("id"))))


@login_required
@never_cache
@require_GET
def thread(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    """The thread alone, for a page that must show another branch or earlier messages."""
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    return render(request, "chat/conversation.html#thread", _page(conversation, _asked_part(request, conversation)))


@login_required
@require_POST
def send(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    """Sends the composer's text without JavaScript. A refused text stays in the box."""
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    text = one_line_end(request.POST.get("text", "")).strip()
    try:
        _check_length(text)
        client_id = _uuid(request.POST.get("client_id") or str(uuid4()))
        doors.send_message(user=conversation.owner, conversation_id=conversation.id, client_id=client_id, text=text)
    except conversations.Refused as refused:
        return _page_with_draft(request, refused, conversation, text)
    return redirect("chat:conversation", conversation.id)


@form_action
def describe(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    title, folder = request.POST.get("title", ""), request.POST.get("folder", "")
    conversations.describe(user=request.user, conversation_id=conversation_id, title=title, folder=folder)
    messages.success(request, _("It is saved."))
    return redirect("chat:conversation", conversation_id)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    """GET asks; POST deletes."""
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    if request.method == "GET":
        return render(request, "chat/delete.html", {"conversation": conversation})
    conversations.delete(user=request.user, conversation_id=conversation_id)
    messages.success(request, _("The conversation is deleted."))
    return redirect("chat:list")


_PARTED = {
    ConversationState.RESTING: gettext_lazy("The conversation rests. You can take it up again whenever you like."),
    ConversationState.ARCHIVED: gettext_lazy("The conversation is in your archive."),
}


@login_required
@require_http_methods(["GET", "POST"])
def goodbye(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    """GET shows the ways out; POST lets the conversation rest or archives it."""
    conversation = conversations.get_conversation_for(request.user, conversation_id)
    state = request.POST.get("state", "")
    if state not in _PARTED:
        is_own = conversation.persona.owner_id == request.user.pk
        return render(request, "chat/goodbye.html", {"conversation": conversation, "is_own": is_own})
    partings.part(user=request.user, conversation_id=conversation_id, state=ConversationState(state))
    messages.success(request, str(_PARTED[ConversationState(state)]))
    return redirect("chat:list")


@form_action
def begin_farewell(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    partings.begin_farewell(user=request.user, conversation_id=conversation_id)
    return redirect("chat:conversation", conversation_id)


@form_action
def end_farewell(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    partings.end_farewell(user=request.user, conversation_id=conversation_id)
    return redirect("chat:conversation", conversation_id)


@form_action
def take_up(request: SignedIn, conversation_id: UUID) -> HttpResponse:
    partings.take_up(user=request.user, conversation_id=conversation_id)
    return redirect("chat:conversation", conversation_id)


@form_action
def stop(request: SignedIn, reply_id: UUID) -> HttpResponse:
    reply = conversations.get_reply_for(request.user, reply_id)
    doors.stop(user=request.user, reply_id=reply_id)
    return redirect("chat:conversation", reply.message.conversation_id)


@form_action
def regenerate(request: SignedIn, reply_id: UUID) -> HttpResponse:
    reply = doors.regenerate(user=request.user, reply_id=reply_id)
    return redirect("chat:conversation", reply.message.conversation_id)


@form_action
def speak(request: SignedIn, conversation_id: UUID, persona_id: UUID) -> HttpResponse:
    doors.let_speak(user=request.user, conversation_id=conversation_id, persona_id=persona_id)
    return redirect("chat:conversation", conversation_id)


@form_action
def continue_reply(request: SignedIn, reply_id: UUID) -> HttpResponse:
    reply = doors.continue_reply(user=request.user, reply_id=reply_id)
    return redirect("chat:conversation", reply.message.conversation_id)


@login_required
@require_POST
def edit(request: SignedIn, message_id: UUID) -> HttpResponse:
    """Changes a message. A refused text is put into the composer."""
    message = conversations.get_message_for(request.user, message_id)
    text = one_line_end(request.POST.get("text", "")).strip()
    try:
        _check_length(text)
        doors.edit(user=request.user, message_id=message_id, text=text)
    except conversations.Refused as refused:
        return _page_with_draft(request, refused, message.conversation, text)
    return redirect("chat:conversation", message.conversation_id)


@form_action
def select(request: SignedIn, message_id: UUID) -> HttpResponse:
    conversation = conversations.select_branch(user=request.user, message_id=message_id)
    return redirect(search_page.address(conversation.id, message_id))


@form_action
def pin(request: SignedIn, message_id: UUID) -> HttpResponse:
    message = message_care.pin(user=request.user, message_id=message_id, is_pinned=bool(request.POST.get("is_pinned")))
    return redirect(search_page.address(message.conversation_id, message.id))


@login_required
@require_http_methods(["GET", "POST"])
def delete_message(request: SignedIn, message_id: UUID) -> HttpResponse:
    """GET asks; POST deletes."""
    message = conversations.get_message_for(request.user, message_id)
    if request.method == "POST":
        try:
            message_care.delete(user=request.user, message_id=message_id)
        except conversations.Refused as refused:
            _tell(request, refused)
        else:
            if message.parent_id:
                return redirect(search_page.address(message.conversation_id, message.parent_id))
        return redirect("chat:conversation", message.conversation_id)
    return render(request, "chat/delete_message.html", {"message": message})


def _page_with_draft(
    request: SignedIn, refused: conversations.Refused, conversation: Conversation, text: str
) -> HttpResponse:
    """The page with the reason, and with the typed text in the box."""
    _tell(request, refused)
    page = render(
        request,
        "chat/conversation.html",
        _page(conversation, threads.newest(conversation)) | {"draft": text},
        status=refused.status,
    )
    if refused.retry_after:
        page["Retry-After"] = str(ceil(refused.retry_after.total_seconds()))
    return page


@login_required
@never_cache
@require_GET
def inspection_of(request: SignedIn, conversation_id: UUID, reply_id: UUID) -> HttpResponse:
    """The inspection of a reply. Opening it requests the probabilities, and the page adds them when they are ready."""
    reply = inspection.get_for(request.user, conversation_id, reply_id)
    return render(request, "chat/inspection.html", inspection_page.page(reply, inspection.look(reply)))


@login_required
@never_cache
@require_GET
def inspection_words(request: SignedIn, conversation_id: UUID, reply_id: UUID) -> HttpResponse:
    """The part of the inspection that waits for the probabilities."""
    reply = inspection.get_for(request.user, conversation_id, reply_id)
    return render(request, "chat/inspection.html#words", inspection_page.page(reply, inspection.look(reply)))


@form_action
def pick(request: SignedIn, conversation_id: UUID, reply_id: UUID) -> HttpResponse:
    choice = request.POST.get("choice", "")
    inspection.pick(user=request.user, conversation_id=conversation_id, reply_id=reply_id, choice=choice)
    return redirect("chat:conversation", conversation_id)


@form_action
def take(request: SignedIn, conversation_id: UUID, reply_id: UUID) -> HttpResponse:
    choice = request.POST.get("choice", "")
    inspection.take(user=request.user, conversation_id=conversation_id, reply_id=reply_id, choice=choice)
    return redirect("chat:conversation", conversation_id)


def _page_before(request: HttpRequest) -> str:
    """The page of this site that the form was on, by its Referer; the list of conversations without one."""
    referer = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}) and referer.startswith(
        "http"
    )
    return referer if is_ours else reverse("chat:list")


def _tell(request: HttpRequest, refused: conversations.Refused) -> None:
    messages.error(request, refused.detail)
    if isinstance(refused, conversations.ModerationDown):
        for resource in refused.help.resources:
            messages.info(request, f"{resource['name']}: {resource['contact']}")


def _check_length(text: str) -> None:
    limit = settings.MESSAGE_CHARACTERS
    if cleaning.is_blank(text):
        raise conversations.WrongState(_("There is nothing to send yet. Write something first."))
    if len(text) > limit:
        raise conversations.WrongState(
            _("This message has {count} characters; the limit is {limit}. Send it in parts.").format(
                count=f"{len(text):,}", limit=f"{limit:,}"
            )
        )


def _asked_part(request: HttpRequest, conversation: Conversation) -> threads.Part:
    """Around the message `at`, from the message `since` on, or before the message `until`; else the newest part."""
    for name, part in (("at", threads.around), ("since", threads.since), ("until", threads.until)):
        if message_id := request.GET.get(name):
            return part(conversation, _uuid(message_id))
    return threads.newest(conversation)


def _page(conversation: Conversation, part: threads.Part) -> dict[str, Any]:
    offset = threads.offset(conversation)
    active_restrictions = restrictions.active_for(
        user=conversation.owner,
        conversation_id=conversation.id,
        persona_id=None if conversation.is_group else conversation.persona_id,
    )
    participants = groups.participants(conversation)
    silence = participants[0].silence if all(one.silence for one in participants) else ""
    return {
        "participants": participants,
        "conversation": conversation,
        "mark": offline_copies.mark(conversation),
        "first_notices": [] if part.before else threads.first_notices(conversation),
        "part": part,
        "thread": threads.items(conversation, part.ids),
        "offset": offset,
        "disclosure": disclosure.text(conversation),
        "messages_max": settings.MESSAGE_CHARACTERS,
        "client_id": uuid4(),
        "pinned": message_care.pinned(conversation),
        "formats": FORMATS,
        "first_day": threads.first_day(conversation),
        "conversations": reading.with_unread(partings.listed(conversation.owner))[:_PER_PAGE],
        "folders": reading.folders(conversations.owned_by(conversation.owner)),
        "restriction": active_restrictions[0] if active_restrictions else None,
        "silence": silence,
        "is_under_way": conversations.is_under_way(conversation),
        "may_write": not active_restrictions and not silence and conversations.is_under_way(conversation),
    }


def _uuid(value: str | None) -> UUID:
    try:
        return UUID(value or "")
    except ValueError:
        raise Http404("That is not an id.") from None
