"""The queue and its cases, a person's own decisions, and the public pages on safety and rules."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import condition, require_GET, require_http_methods, require_POST

from moderation.crisis import help_pages
from moderation.desk import (
    appeals,
    cases,
    claims,
    contacting,
    evidence,
    notes,
    objections,
    quality,
    queries,
    queue_rules,
    refusal_reviews,
    restrictions,
    score_plot,
    second_person,
    sight,
    similar,
    strikes,
    wellbeing,
)
from moderation.models import Action, ActionState, Case, CaseStatus
from moderation.monitor.days import KEPT
from moderation.pages.forms import (
    AnswerForm,
    AppealForm,
    CountryForm,
    DecisionForm,
    GiveBackForm,
    LiftForm,
    NoteForm,
    QueueFilterForm,
    RevealForm,
    SecondForm,
)
from moderation.pages.guards import desk_only, person_of

_REVEALED = "moderation.revealed"
_REVEALED_CASES = 20
_SHOWN_REVIEWS = 5  # of the blind reviews that wait, so that the queue stays in sight


@desk_only
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    moderator = person_of(request)
    reviews = quality.waiting_for(moderator)
    context = {
        **_rows_context(request),
        "appeals": appeals.waiting_for(moderator),
        "objections": objections.waiting_for(moderator),
        "own_claim": claims.of(moderator),
        "seconds": second_person.waiting_for(moderator),
        "questions": notes.questions_for(moderator),
        "reviews": reviews[:_SHOWN_REVIEWS],
        "more_reviews": max(0, reviews.count() - _SHOWN_REVIEWS),
        "refusals_waiting": refusal_reviews.waiting_for(moderator).count(),
        "paused_until": wellbeing.paused_until(moderator),
        "break_until": wellbeing.break_until(moderator),
        "out_of_sight": queries.out_of_sight(moderator),
    }
    return render(request, "moderation/queue.html", context)


def _queue_state(request: HttpRequest) -> str:
    return f'"{queries.state(person_of(request))}"'


@desk_only
@require_GET
@condition(etag_func=_queue_state)
def rows(request: HttpRequest) -> HttpResponse:
    """The rows of the queue, for a page that is open. Answers 304 while nothing has changed."""
    return render(request, "moderation/queue.html#rows", _rows_context(request))


def _rows_context(request: HttpRequest) -> dict[str, Any]:
    form = QueueFilterForm(request.GET)
    form.is_valid()  # an unknown filter is left out, and the others still count
    filters = form.cleaned_data
    chosen = {name: filters.get(name) or "" for name in ("queue", "category")}
    status = filters.get("status") or CaseStatus.OPEN
    page = queries.page(
        person_of(request), status=status, after=filters.get("after"), before=filters.get("before"), **chosen
    )
    return {
        "form": form,
        "page": page,
        "filters": _filters(request),
        "status": status,
        "is_open_queue": status == CaseStatus.OPEN,
        "is_narrowed": any(chosen.values()),
    }


@desk_only
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    form = DecisionForm(request.POST or None)
    form.offer(queue_rules.offered(case.queue))
    form.put_first(case.categories)
    if request.method == "POST" and form.is_valid():
        try:
            action = cases.decide(case=case, moderator=moderator, **form.decision())
        except cases.DecisionRefused as refusal:
            form.add_error(None, refusal.user_message)
            case.refresh_from_db()
        except PermissionDenied as refusal:
            form.add_error("kind", str(refusal))
        else:
            messages.success(request, _decided(action))
            return next_case(request)
    cases.view(case=case, moderator=moderator)
    context = _case_context(request, case, form)
    return render(request, "moderation/case.html", context, status=400 if form.errors else 200)


@desk_only
@require_POST
def reveal(request: HttpRequest, case_id: UUID) -> HttpResponse:
    moderator = person_of(request)
    case = sight.get_case_for(moderator, case_id)
    form = RevealForm(request.POST)
    if form.is_valid():
        what = form.cleaned_data["what"]
        cases.reveal(case=case, moderator=moderator, what=what, reason=form.cleaned_data["reason"])
        _remember_revealed(request, case, what)
    else:
        messages.error(request, gettext("Choose a reason to see what is hidden."))
    return redirect(f"{address_of(case)}?{_filters(request)}#transcript")


@desk_only
@require_http_methods(["GET", "POST"])
def restriction(request: HttpRequest, restriction_id: UUID) -> HttpResponse:
    """A restriction at the desk: its statement, the objection to it, and the forms that lift it or answer."""
    moderator = person_of(request)
    restriction = get_object_or_404(queries.restrictions_visible_to(moderator), pk=restriction_id)
    appeal = appeals.waiting_for(moderator).filter(restriction=restriction).first()
    is_answer = "outcome" in request.POST or "answer" in request.POST
    lift_form = LiftForm(request.POST if request.POST and not is_answer else None)
    answer_form = AnswerForm(request.POST if is_answer else None)
    if is_answer and appeal is None:
        messages.error(request, gettext("This objection has been answered already, or you may not answer it."))
        return redirect(request.path)
    try:
        if appeal and is_answer and answer_form.is_valid():
            appeals.answer(appeal=appeal, moderator=moderator, **answer_form.cleaned_data)
            messages.success(request, gettext("The objection is answered."))
            return redirect("moderation:queue")
        if not is_answer and lift_form.is_valid():
            restrictions.lift(restriction=restriction, moderator=moderator, **lift_form.cleaned_data)
            messages.success(request, gettext("The restriction is lifted."))
            return redirect(request.path)
    except (restrictions.LiftRefused, appeals.AppealRefused) as refusal:
        (answer_form if is_answer else lift_form).add_error(None, refusal.user_message)
    context = {"restriction": restriction, "appeal": appeal, "lift_form": lift_form, "answer_form": answer_form}
    return render(request, "moderation/restriction.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def decision(request: HttpRequest, restriction_id: UUID) -> HttpResponse:
    """A decision about the person who reads it, and their objection."""
    person = person_of(request)
    restriction = restrictions.get_restriction_for(person, restriction_id)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            appeals.file(restriction=restriction, user=person, **form.cleaned_data)
        except appeals.AppealRefused as refusal:
            form.add_error(None, refusal.user_message)
        else:
            messages.success(request, gettext("Your objection has been filed. The answer will stand on this page."))
            return redirect(request.path)
    elif restriction.user_id == person.pk:
        restrictions.acknowledge(restriction=restriction, user=person)
    context = {"restriction": restriction, "form": form, "can_object": appeals.can_be_filed(restriction)}
    return render(request, "moderation/decision.html", context)


@require_GET
def protocol(request: HttpRequest) -> HttpResponse:
    """The crisis protocol: the site's answer to talk of suicide or self-harm (compliance CA4, K11)."""
    version, levels, follow_up = help_pages.protocol()
    return render(request, "moderation/protocol.html", {"version": version, "levels": levels, "follow_up": follow_up})


@require_GET
def help_lines(request: HttpRequest) -> HttpResponse:
    country = help_pages.country_of(request)
    context = {
        "form": CountryForm(initial={"country": country}),
        "resources": help_pages.resources(country),
        "lines": help_pages.all_lines(),
    }
    return render(request, "moderation/help.html", context)


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in plain words, made from the active policy (DSA art. 14)."""
    return render(request, "moderation/rules.html", {"policy": queries.policy_text(), "days_counted": KEPT})


def _decided(action: Action) -> str:
    kind = action.get_kind_display().lower()
    if action.state == ActionState.PENDING_SECOND:
        return gettext("Your decision waits for a second person: %(kind)s.") % {"kind": kind}
    return gettext("Decided: %(kind)s.") % {"kind": kind}


def address_of(case: Case) -> str:
    return reverse("moderation:case", args=[case.pk])


def _filters(request: HttpRequest) -> str:
    """The queue's filters as a query string, which carries them from page to page."""
    filters = {name: request.GET[name] for name in ("status", "queue", "category") if request.GET.get(name)}
    return urlencode(filters)


def next_case(request: HttpRequest) -> HttpResponse:
    """Claims the next case for the moderator and goes there; to the queue where no case is free."""
    chosen = {name: request.GET.get(name, "") for name in ("queue", "category")}
    claim = claims.take_next(moderator=person_of(request), **chosen)
    if claim is None:
        messages.info(request, gettext("No case is free for you now."))
        filters = _filters(request)
        return redirect(reverse("moderation:queue") + (f"?{filters}" if filters else ""))
    return redirect(f"{address_of(claim.case)}?{_filters(request)}")


def _case_context(request: HttpRequest, case: Case, form: DecisionForm) -> dict[str, Any]:
    moderator = person_of(request)
    asked_for = revealed(request, case)
    previous, following = queries.neighbours(
        case, moderator, queue=request.GET.get("queue", ""), category=request.GET.get("category", "")
    )
    claim = claims.live_on(case)
    is_mine = claim is not None and claim.moderator_id == moderator.pk
    return {
        "case": case,
        "turns": evidence.shown(case, revealed=asked_for),
        "is_masked": "personal" not in asked_for and evidence.has_personal_data(case),
        "claim": claim,
        "contact": contacting.of(case),
        "is_mine": is_mine,
        "may_decide": case.status == CaseStatus.OPEN and (claim is None or is_mine) and not moderator.is_auditor,
        "is_own_proposal": case.actions.filter(state=ActionState.PENDING_SECOND, moderator=moderator).exists(),
        "give_back": GiveBackForm(),
        "waiting": second_person.waiting_for(moderator).filter(case=case).first(),
        "second_form": SecondForm(),
        "notes": case.notes.select_related("author"),
        "note_form": NoteForm(),
        "strikes": strikes.of(case.user, at=timezone.now()),
        "reveal_form": RevealForm(),
        "objections": case.objections.all(),
        "form": form,
        "earlier": queries.earlier_decisions(case, moderator),
        "plot": score_plot.plot_of(case),
        "similar": similar.to(case, moderator),
        "review": quality.waiting_for(moderator).filter(action__case=case).first(),
        "actions": case.actions.exclude(pk__in=quality.hidden_from(moderator))
        .select_related("moderator", "second", "quality_review__reviewer")
        .prefetch_related("restrictions"),
        "policy": queries.policy_text(),
        "previous": previous,
        "following": following,
        "filters": _filters(request),
    }


def revealed(request: HttpRequest, case: Case) -> list[str]:
    """What of the case this reviewer asked to see."""
    asked_for: list[str] = request.session.get(_REVEALED, {}).get(str(case.pk), [])
    return asked_for


def _remember_revealed(request: HttpRequest, case: Case, what: str) -> None:
    """Kept in the session, for the newest cases only, so a reveal ends when the reviewer signs out."""
    kept = request.session.get(_REVEALED, {})
    earlier = kept.pop(str(case.pk), [])
    kept[str(case.pk)] = sorted({*earlier, what})
    request.session[_REVEALED] = dict(list(kept.items())[-_REVEALED_CASES:])
