"""Pages of stories. Everything works as plain forms; a continuation that is being written is polled."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.interface.form_fields import one_line_end
from accounts.interface.requests import SignedIn, is_seen
from chat.conversation import conversations
from chat.models import NoticeKind
from moderation.desk import reports, restrictions
from personas import creation
from stories import continuations, epub, monitoring, notices, pressing, prose, queueing, telling, writing
from stories.forms import ChapterForm, DialForm, PassageForm, ReportForm, StoryForm
from stories.models import Continuation, ContinuationStatus, Dial, Story
from text import cleaning

P = ParamSpec("P")
_PER_PAGE = 30


def _action(view: Callable[Concatenate[SignedIn, UUID, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST on a story. The refusal of a door becomes a message on the story's page, with what was typed."""

    @wraps(view)
    def guarded(request: SignedIn, story_id: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return pressing.once(view)(request, story_id, *args, **kwargs)
        except conversations.Refused as refused:
            _tell(request, refused)
            story = writing.get_story_for(request.user, story_id)
            return render(request, "stories/story.html", _page(request, story), status=refused.status)

    return login_required(require_POST(guarded))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@pressing.once
def stories_page(request: SignedIn) -> HttpResponse:
    """GET lists the person's stories; POST with `persona` begins one."""
    form, status = StoryForm(request.POST or None), 200
    if request.method == "POST":
        try:
            if form.is_valid():
                persona_id = _uuid(request.POST.get("persona", ""))
                return redirect(
                    "stories:story",
                    writing.begin(
                        user=request.user,
                        persona_id=persona_id,
                        title=cleaning.clean_line(form.cleaned_data["title"]),
                        premise=form.cleaned_data["premise"],
                    ).pk,
                )
            status = 400
        except conversations.Refused as refused:
            _tell(request, refused)
            status = refused.status
    context = {
        "page": Paginator(writing.owned_by(request.user), _PER_PAGE).get_page(request.GET.get("page")),
        "personas": creation.visible_to(request.user),
        "chosen": request.POST.get("persona", ""),
        "form": form,
    }
    return render(request, "stories/list.html", context, status=status)


@login_required
@never_cache
@require_GET
def story(request: SignedIn, story_id: UUID) -> HttpResponse:
    story = writing.get_story_for(request.user, story_id)
    if is_seen(request):
        for warning in restrictions.unread_warnings(request.user):
            messages.warning(request, warning.statement)
            restrictions.acknowledge(restriction=warning, user=request.user)
    return render(request, "stories/story.html", _page(request, story))


@_action
def describe(request: SignedIn, story_id: UUID) -> HttpResponse:
    form = StoryForm(request.POST)
    if not form.is_valid():
        raise conversations.WrongState(_first_error(form))
    title = cleaning.clean_line(form.cleaned_data["title"])
    writing.describe(user=request.user, story_id=story_id, title=title, premise=form.cleaned_data["premise"])
    messages.success(request, _("It is saved."))
    return redirect("stories:story", story_id)


@_action
def draw(request: SignedIn, story_id: UUID) -> HttpResponse:
    form = DialForm(request.POST)
    dial = Dial(form.cleaned_data["dial"]) if form.is_valid() else Dial.LIVELY
    writing.draw(user=request.user, story_id=story_id, dial=dial)
    return _at_the_end(story_id)


@_action
def write(request: SignedIn, story_id: UUID) -> HttpResponse:
    """Adds the words of the box, takes a continuation, or puts words of the continuations into the box."""
    if taken := request.POST.get("take"):
        writing.take(user=request.user, continuation_id=_uuid(taken))
        return _at_the_end(story_id)
    if "mix" in request.POST or "edit" in request.POST:
        story = writing.get_story_for(request.user, story_id)
        return render(request, "stories/story.html", _page(request, story) | {"draft": _draft(request, story)})
    form = PassageForm(request.POST)
    if not form.is_valid():
        raise conversations.WrongState(_first_error(form))
    passage = writing.write(user=request.user, story_id=story_id, text=form.cleaned_data["text"])
    if "go_on" in request.POST and not passage.is_withheld:
        story = passage.scene.story
        writing.draw(user=request.user, story_id=story_id, dial=Dial(story.dial))
    # The help lines come before a refusal.
    notice = min(passage.notices.all(), key=lambda each: each.kind != NoticeKind.CRISIS, default=None)
    return _at(story_id, f"notice-{notice.pk}") if notice else _at_the_end(story_id)


@_action
def divide(request: SignedIn, story_id: UUID) -> HttpResponse:
    form = ChapterForm(request.POST)
    if not form.is_valid():
        raise conversations.WrongState(_first_error(form))
    title = cleaning.clean_line(form.cleaned_data["title"])
    writing.divide(user=request.user, story_id=story_id, chapter=title if "chapter" in request.POST else None)
    return _at_the_end(story_id)


@login_required
@require_POST
@pressing.once
def describe_chapter(request: SignedIn, scene_id: int) -> HttpResponse:
    form = ChapterForm(request.POST, auto_id=f"id_scene_{scene_id}_%s")
    scene = writing.get_scene_for(request.user, scene_id)
    try:
        if not form.is_valid():
            raise conversations.WrongState(_first_error(form))
        writing.describe_chapter(
            user=request.user,
            scene_id=scene_id,
            title=cleaning.clean_line(form.cleaned_data["title"]),
            summary=form.cleaned_data["summary"],
        )
    except conversations.Refused as refused:
        _tell(request, refused)
        page = _page(request, scene.story)
        page["chapters"] = [replace(each, form=form) if each.beginning == scene else each for each in page["chapters"]]
        return render(request, "stories/story.html", page, status=refused.status)
    messages.success(request, _("It is saved."))
    return redirect("stories:story", scene.story_id)


@_action
def undo(request: SignedIn, story_id: UUID) -> HttpResponse:
    writing.undo(user=request.user, story_id=story_id)
    return _at_the_end(story_id)


@login_required
@require_http_methods(["GET", "POST"])
@pressing.once
def delete(request: SignedIn, story_id: UUID) -> HttpResponse:
    """GET asks; POST deletes."""
    story = writing.get_story_for(request.user, story_id)
    if request.method == "GET":
        return render(request, "stories/delete.html", {"story": story})
    writing.delete(user=request.user, story_id=story_id)
    messages.success(request, _("The story is deleted."))
    return redirect("stories:list")


@login_required
@never_cache
@require_GET
def book(request: SignedIn, story_id: UUID) -> HttpResponse:
    """The story as an e-book."""
    story = writing.get_story_for(request.user, story_id)
    response = HttpResponse(epub.write(telling.book(story)), content_type=epub.MIME_TYPE)
    name = slugify(story.title, allow_unicode=False) or f"story-{story.pk}"
    response["Content-Disposition"] = f'attachment; filename="{name}.epub"'
    return response


@login_required
@never_cache
@require_GET
def continuation(request: SignedIn, continuation_id: UUID) -> HttpResponse:
    """One continuation. The page polls it while it is being written."""
    continuation = writing.get_continuation_for(request.user, continuation_id)
    return render(request, "stories/story.html#continuation", {"offer": _offer(continuation), "may_write": True})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@pressing.once
def report(request: SignedIn, story_id: UUID) -> HttpResponse:
    """Opens a case about words of the narrator. Moderators see them and up to ten passages on each side."""
    story = writing.get_story_for(request.user, story_id)
    words = monitoring.reportable(story)
    form = ReportForm(request.POST or None, words=words)
    if request.method == "POST" and form.is_valid():
        reported = words[UUID(form.cleaned_data["words"])]
        reports.file(
            reporter=request.user,
            conversation_id=story.pk,
            persona_id=story.persona_id,
            persona_name=monitoring.name_of(story.persona),
            category=form.cleaned_data["category"],
            message_id=reported.message_id,
            turns=monitoring.turns_around(story, reported),
        )
        return redirect("moderation:my_reports")
    context = {"form": form, "story": story, "has_words": bool(words)}
    return render(request, "stories/report.html", context, status=400 if form.errors else 200)


def _page(request: SignedIn, story: Story) -> dict[str, Any]:
    if is_seen(request):
        notices.shown_at_visit(story, timezone.now())
    active = restrictions.active_for(user=story.owner, conversation_id=story.pk, persona_id=story.persona_id)
    silence = _silence(story)
    return {
        "story": story,
        "disclosure": notices.disclosed(story),
        "chapters": telling.pages(story),
        "breaks": notices.breaks(story, timezone.now()),
        "offers": [_offer(each) for each in story.continuations.all()],
        "form": StoryForm(request.POST if "premise" in request.POST else model_to_dict(story, ["title", "premise"])),
        "dials": Dial.choices,
        "draft": request.POST.get("text", ""),
        "messages_max": settings.MESSAGE_CHARACTERS,
        "restriction": active[0] if active else None,
        "silence": silence,
        "may_write": not silence,
    }


def _silence(story: Story) -> str:
    """Why its narrator says nothing for now; empty if it may."""
    try:
        conversations.refuse_silent(story.owner, story.persona, conversation_id=story.pk)
    except conversations.Refused as refused:
        return refused.detail
    return ""


def _offer(continuation: Continuation) -> dict[str, Any]:
    """A continuation as the page shows it."""
    place = queueing.place_of(continuation) if continuation.status == ContinuationStatus.QUEUED else None
    return {"row": continuation, "ahead": place.position if place else 0, "reason": continuations.reason(continuation)}


def _draft(request: SignedIn, story: Story) -> str:
    """The text for the box: a whole continuation, or the chosen sentences after what stands in the box."""
    offers = {str(each.pk): each for each in story.continuations.filter(status=ContinuationStatus.WRITTEN)}
    if offer := offers.get(request.POST.get("edit", "")):
        return offer.text
    chosen = [one_line_end(request.POST.get("text", "")).strip()]
    for value in request.POST.getlist("sentence"):
        offer_id, _colon, number = value.partition(":")
        index = cleaning.whole_number(number, most=1_000)
        if offer_id in offers and index is not None:
            chosen += offers[offer_id].sentences[index : index + 1]
    return prose.mixed([each for each in chosen if each])


def _at_the_end(story_id: UUID) -> HttpResponse:
    return _at(story_id, "next")


def _at(story_id: UUID, place: str) -> HttpResponse:
    return redirect(f"{reverse('stories:story', args=[story_id])}#{place}")


def _tell(request: HttpRequest, refused: conversations.Refused) -> None:
    messages.error(request, refused.detail)
    help_lines = getattr(refused, "help", None)
    for resource in help_lines.resources if help_lines else ():
        messages.info(request, f"{resource['name']}: {resource['contact']}")


def _first_error(form: forms.Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise Http404("That is not an id.") from None
