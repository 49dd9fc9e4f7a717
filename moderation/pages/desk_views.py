"""The work on cases: claiming them and giving them back, notes, and the second person's answer."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from moderation.desk import claims, contacting, notes, queue_rules, reports, retention, second_person, sight
from moderation.desk.cases import DecisionRefused
from moderation.models import Action, ActionState, Case, CaseStatus, Queue, QueueRule
from moderation.pages.forms import GiveBackForm, NoteForm, QueueForm, SecondForm
from moderation.pages.guards import desk_only, person_of
from moderation.pages.views import address_of, next_case


@desk_only
@require_http_methods(["GET", "POST"])
def queues(request: HttpRequest) -> HttpResponse:
    """What each queue offers, and to whom. Reviewers read it; the owner changes it."""
    sent = next((queue for queue in Queue if queue == request.POST.get("queue")), None)
    changed = QueueForm(request.POST) if sent else None
    if sent and changed and changed.is_valid():
        queue_rules.change(queue=sent, owner=person_of(request), **changed.cleaned_data)
        messages.success(request, gettext("The queue “%(label)s” is changed.") % {"label": sent.label})
        return redirect("moderation:queues")
    shown = [(queue, changed if changed and queue == sent else _queue_form(queue)) for queue in Queue]
    return render(request, "moderation/queues.html", {"forms": shown}, status=400 if changed else 200)


def _queue_form(queue: Queue) -> QueueForm:
    rule = queue_rules.rule_of(queue)
    reviewers = rule.reviewers.all() if QueueRule.objects.filter(pk=queue).exists() else ()
    return QueueForm(initial={"hidden": rule.hidden_actions, "reviewers": reviewers}, auto_id=f"{queue}-%s")


@desk_only
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    return next_case(request)


@desk_only
@require_POST
def contact(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Writes to the emergency contact of the person, or decides that it is not needed."""
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    door = contacting.notify if request.POST.get("act") == "notify" else contacting.leave
    try:
        door(case=case, moderator=moderator, reason=request.POST.get("reason", "")[:4000])
    except contacting.ContactRefused as refusal:
        messages.error(request, refusal.user_message)
    return redirect(address_of(case))


@desk_only
@require_POST
def claim(request: HttpRequest, case_id: UUID) -> HttpResponse:
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    try:
        claims.claim(case=case, moderator=moderator)
    except claims.ClaimRefused as refusal:
        messages.error(request, refusal.user_message)
    return redirect(f"{address_of(case)}?{request.GET.urlencode()}")


@desk_only
@require_POST
def give_back(request: HttpRequest, case_id: UUID) -> HttpResponse:
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    form = GiveBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(message) for errors in form.errors.values() for message in errors))
        return redirect(address_of(case))
    try:
        match form.cleaned_data["act"]:
            case "release":
                claims.release(case=case, moderator=moderator)
            case "skip":
                claims.skip(case=case, moderator=moderator, reason=form.cleaned_data["reason"])
            case "move":
                claims.move(case=case, moderator=moderator, queue=form.cleaned_data["queue"])
    except claims.ClaimRefused as refusal:
        messages.error(request, refusal.user_message)
        return redirect(address_of(case))
    messages.success(request, gettext("The case is back in the queue."))
    return redirect("moderation:queue")


@desk_only
@require_POST
def note(request: HttpRequest, case_id: UUID) -> HttpResponse:
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        notes.write(case=case, author=moderator, **form.cleaned_data)
    else:
        messages.error(request, gettext("A note needs words, at most 4000 characters."))
    return redirect(f"{address_of(case)}#notes")


@desk_only
@require_POST
def second(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The second person's answer to the decision that waits on this case."""
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    form = SecondForm(request.POST)
    form.is_valid()  # a reason that is too long is missing, and the door says so
    try:
        action = _waiting(case, second_person.waiting_for(moderator).filter(case=case))
        if form.cleaned_data["is_confirmed"]:
            second_person.confirm(action=action, moderator=moderator)
            messages.success(request, gettext("You confirmed the decision. It is in force now."))
        else:
            second_person.refuse(action=action, moderator=moderator, reason=form.cleaned_data.get("reason", ""))
            messages.success(request, gettext("The case is open again, and your reason stands in its notes."))
    except (second_person.SecondRefused, PermissionDenied) as refusal:
        messages.error(request, str(refusal))
    return redirect(address_of(case))


@desk_only
@require_POST
def take_back(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The first person takes back the decision that waits on this case."""
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    try:
        action = _waiting(case, case.actions.filter(moderator=moderator, state=ActionState.PENDING_SECOND))
        second_person.take_back(action=action, moderator=moderator)
        messages.success(request, gettext("You took your decision back. The case is open again."))
    except second_person.SecondRefused as refusal:
        messages.error(request, str(refusal))
    return redirect(address_of(case))


def _waiting(case: Case, actions: QuerySet[Action]) -> Action:
    """The proposal among these. Raises SecondRefused where somebody was faster, and Http404 where it is another's."""
    if (action := actions.first()) is None:
        if case.status == CaseStatus.PENDING_SECOND:
            raise Http404
        raise second_person.SecondRefused(gettext("This decision no longer waits for a second person."))
    return action


@desk_only
@require_POST
def hold(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Keeps the case beyond its time, or ends that."""
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    retention.hold(case=case, moderator=moderator, is_held="hold" in request.POST)
    return redirect(address_of(case))


@desk_only
@require_POST
def void(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Proposes to set aside all pending reports of the person who reported this case."""
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    try:
        number = reports.void_flood(moderator=moderator, reporter=case.user, reason=request.POST.get("reason", ""))
    except (DecisionRefused, PermissionDenied) as refusal:
        messages.error(request, str(refusal))
        return redirect(address_of(case))
    messages.success(
        request,
        ngettext(
            "Your proposal to dismiss %(number)s reported case waits for a second person.",
            "Your proposal to dismiss %(number)s reported cases waits for a second person.",
            number,
        )
        % {"number": number},
    )
    return redirect("moderation:queue")
