"""The review desk, a person's own decisions, and the public pages on safety and rules.

Only moderators who are active and not suspended reach the desk. Everybody else gets 404.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from moderation.crisis import help_pages
from moderation.desk import appeals, cases, evidence, queries, restrictions
from moderation.forms import AnswerForm, AppealForm, CountryForm, DecisionForm, LiftForm, QueueFilterForm, RevealForm
from moderation.models import Case
from moderation.monitor.days import KEPT

View: TypeAlias = Callable[..., HttpResponse]

PAGE = 25
_REVEALED = "moderation.revealed"
_REVEALED_CASES = 20


def moderators_only(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not restrictions.may_review(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(guarded)


@moderators_only
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    moderator = _person(request)
    form = QueueFilterForm(request.GET)
    filters = form.cleaned_data if form.is_valid() else {}
    listing = queries.queue(moderator, status=filters.get("status") or "open", category=filters.get("category") or "")
    context = {
        "form": form,
        "page": Paginator(listing, PAGE).get_page(request.GET.get("page")),
        "appeals": appeals.waiting_for(moderator),
        "out_of_sight": queries.out_of_sight(moderator),
        "filters": _filters(request),
        "is_open_queue": filters.get("status") != "decided",
    }
    return render(request, "moderation/queue.html", context)


@moderators_only
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    moderator = _person(request)
    case = cases.get_case_for(moderator, case_id)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            action = cases.decide(case=case, moderator=moderator, **form.decision())
        except cases.DecisionRefused as refusal:
            form.add_error(None, refusal.user_message)
            case.refresh_from_db()
        except PermissionDenied as refusal:
            form.add_error("kind", str(refusal))
        else:
            messages.success(request, f"Decided: {action.get_kind_display().lower()}.")
            return _next_case(request, moderator)
    else:
        cases.view(case=case, moderator=moderator)
    return render(request, "moderation/case.html", _case_context(request, case, form))


@moderators_only
@require_POST
def reveal(request: HttpRequest, case_id: UUID) -> HttpResponse:
    moderator = _person(request)
    case = cases.get_case_for(moderator, case_id)
    form = RevealForm(request.POST)
    if form.is_valid():
        what = form.cleaned_data["what"]
        cases.reveal(case=case, moderator=moderator, what=what, reason=form.cleaned_data["reason"])
        _remember_revealed(request, case, what)
    else:
        messages.error(request, "Choose a reason to see what is hidden.")
    return redirect(f"{_address(case)}?{_filters(request)}#transcript")


@moderators_only
@require_http_methods(["GET", "POST"])
def restriction(request: HttpRequest, restriction_id: UUID) -> HttpResponse:
    """A restriction at the desk: its statement, the objection to it, and the forms that lift it or answer."""
    moderator = _person(request)
    restriction = get_object_or_404(queries.restrictions_visible_to(moderator), pk=restriction_id)
    appeal = appeals.waiting_for(moderator).filter(restriction=restriction).first()
    is_answer = "outcome" in request.POST or "answer" in request.POST
    lift_form = LiftForm(request.POST if request.POST and not is_answer else None)
    answer_form = AnswerForm(request.POST if is_answer else None)
    try:
        if appeal and is_answer and answer_form.is_valid():
            appeals.answer(appeal=appeal, moderator=moderator, **answer_form.cleaned_data)
            messages.success(request, "The objection is answered.")
            return redirect("moderation:queue")
        if not is_answer and lift_form.is_valid():
            restrictions.lift(restriction=restriction, moderator=moderator, **lift_form.cleaned_data)
            messages.success(request, "The restriction is lifted.")
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
    person = _person(request)
    restriction = restrictions.get_restriction_for(person, restriction_id)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            appeals.file(restriction=restriction, user=person, **form.cleaned_data)
        except appeals.AppealRefused as refusal:
            form.add_error(None, refusal.user_message)
        else:
            messages.success(request, "Your objection has been filed. The answer will stand on this page.")
            return redirect(request.path)
    elif restriction.user_id == person.pk:
        restrictions.acknowledge(restriction=restriction, user=person)
    context = {"restriction": restriction, "form": form, "can_object": appeals.can_be_filed(restriction)}
    return render(request, "moderation/decision.html", context)


@require_GET
def protocol(request: HttpRequest) -> HttpResponse:
    """The crisis protocol: the site's answer to talk of suicide or self-harm (compliance CA4, K11)."""
    version, levels = help_pages.protocol()
    return render(request, "moderation/protocol.html", {"version": version, "levels": levels})


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


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _address(case: Case) -> str:
    return reverse("moderation:case", args=[case.pk])


def _filters(request: HttpRequest) -> str:
    """The queue's filters as a query string, which carries them from page to page."""
    filters = {name: request.GET[name] for name in ("status", "category") if request.GET.get(name)}
    return urlencode(filters)


def _next_case(request: HttpRequest, moderator: User) -> HttpResponse:
    following = queries.queue(moderator, status="open", category=request.GET.get("category", "")).first()
    if following is None:
        return redirect("moderation:queue")
    return redirect(f"{_address(following)}?{_filters(request)}")


def _case_context(request: HttpRequest, case: Case, form: DecisionForm) -> dict[str, Any]:
    moderator = _person(request)
    revealed = request.session.get(_REVEALED, {}).get(str(case.pk), [])
    previous, following = queries.neighbours(case, moderator, category=request.GET.get("category", ""))
    return {
        "case": case,
        "turns": evidence.shown(case, revealed=revealed),
        "is_masked": "personal" not in revealed and evidence.has_personal_data(case),
        "reveal_form": RevealForm(),
        "form": form,
        "earlier": queries.earlier_decisions(case),
        "actions": case.actions.select_related("moderator").prefetch_related("restrictions"),
        "policy": queries.policy_text(),
        "previous": previous,
        "following": following,
        "filters": _filters(request),
    }


def _remember_revealed(request: HttpRequest, case: Case, what: str) -> None:
    """Kept in the session, for the newest cases only, so a reveal ends when the reviewer signs out."""
    revealed = request.session.get(_REVEALED, {})
    earlier = revealed.pop(str(case.pk), [])
    revealed[str(case.pk)] = sorted({*earlier, what})
    request.session[_REVEALED] = dict(list(revealed.items())[-_REVEALED_CASES:])
