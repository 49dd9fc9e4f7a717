"""The pages of the policy. Moderators read them; only the owner passes the doors that change something."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from moderation.desk import queries
from moderation.filter import policy, topics
from moderation.filter.policy import Terms
from moderation.filter.policy_versions import BadRule
from moderation.models import PersonaRule, Policy
from moderation.pages.guards import desk_only, person_of
from moderation.pages.policy_forms import (
    ChangeForm,
    CompareForm,
    DaysForm,
    DemandsForm,
    PersonaRuleForm,
    ReasonForm,
    RuleFormSet,
    TopicForm,
    specs,
)
from moderation.policies import differences, editing, history, policy_changes
from moderation.policies.policy_changes import ChangeRefused
from moderation.policies.presets.registry import PRESETS
from moderation.policies.replay import Report, replay

_PAGE = 25
_DAYS = 7  # days that a report covers unless asked otherwise


@desk_only
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    terms = policy_changes.current()
    names = {topic.name for topic in terms.topics} if terms else set()
    context = {
        "policy": queries.policy_text(),
        "topics": terms.topics if terms else (),
        "offered": [name for name in topics.SHIPPED if name not in names],
        "presets": PRESETS.values(),
        "draft": history.draft_on_trial(),
        "previous": history.before_active(),
        "reason_form": ReasonForm(),
        "persona_rules": history.persona_rules().count(),
        "page": Paginator(history.versions(), _PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "moderation/policy/overview.html", context)


@desk_only
@require_http_methods(["GET", "POST"])
def preset(request: HttpRequest, preset_name: str) -> HttpResponse:
    if preset_name not in PRESETS:
        raise Http404
    chosen = PRESETS[preset_name]
    form = ChangeForm(request.POST or None)
    if done := _change(request, form, chosen.terms, made_from=f"preset:{preset_name}"):
        return done
    return _proposal(request, chosen.terms, form, preset=chosen)


@desk_only
@require_http_methods(["GET", "POST"])
def version(request: HttpRequest, version: str) -> HttpResponse:
    """A version or a draft: activated as it is, gone back to, or tried in shadow."""
    row = get_object_or_404(history.versions(), version=version)
    terms = policy.terms_of(row)
    form = ChangeForm(request.POST or None)
    if done := _change(request, form, terms, made_from=f"version:{version}", draft=row if row.is_draft else None):
        return done
    return _proposal(request, terms, form, row=row)


@desk_only
@require_POST
def end_shadow(request: HttpRequest, version: str) -> HttpResponse:
    row = get_object_or_404(history.versions(), version=version)
    try:
        policy_changes.end_shadow(draft=row, owner=person_of(request))
    except ChangeRefused as refusal:
        messages.error(request, refusal.user_message)
    else:
        messages.success(
            request,
            gettext("Draft %(version)s is tried no longer. The scores that were kept for it are deleted.")
            % {"version": row.version},
        )
    return redirect("moderation:policy")


@desk_only
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Every rule of the active version, to change by hand."""
    terms = _current()
    initial = [vars(spec) for spec in terms.rules]
    rules = RuleFormSet(request.POST or None, initial=initial, form_kwargs={"topics": terms.topics})
    demands = DemandsForm(request.POST or None, initial=vars(terms))
    form = ChangeForm(request.POST or None)
    if request.method == "POST" and rules.is_valid() and demands.is_valid():
        rule_specs = tuple(specs(rules))
        in_use = {rule.category for rule in rule_specs}
        kept = tuple(topic for topic in terms.topics if topic.category in in_use)
        changed = Terms(rules=rule_specs, topics=kept, **demands.cleaned_data)
        if done := _change(request, form, changed):
            return done
    return render(request, "moderation/policy/edit.html", {"rules": rules, "demands": demands, "form": form})


@desk_only
@require_http_methods(["GET", "POST"])
def topic(request: HttpRequest) -> HttpResponse:
    """One topic: a new one, one that is shipped, or one that the active version has (`?name=`)."""
    terms, name = _current(), request.GET.get("name", "")
    known = next((topic for topic in terms.topics if topic.name == name), None)
    form = ChangeForm(request.POST or None)
    topic_form = TopicForm(request.POST or None, initial=_topic_values(terms, name))
    if "remove" in request.POST and known:
        if done := _change(request, form, editing.without_topic(terms, name)):
            return done
    elif request.method == "POST" and topic_form.is_valid():
        replaces = known.name if known else ""
        changed = editing.with_topic(terms, topic_form.topic(), actions=topic_form.actions(), replaces=replaces)
        if done := _change(request, form, changed):
            return done
    context = {"known": known, "topic_form": topic_form, "form": form}
    return render(request, "moderation/policy/topic.html", context)


@desk_only
@require_http_methods(["GET", "POST"])
def persona_rules(request: HttpRequest) -> HttpResponse:
    """The rules of single personas, which are stricter than the policy."""
    form = PersonaRuleForm(
        request.POST or None, topics=_current().topics, initial={"persona_id": request.GET.get("persona", "")}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = _done(
            form,
            lambda: policy_changes.add_persona_rule(
                persona_id=data["persona_id"], rule=form.spec(), owner=person_of(request), reason=data["reason"]
            ),
        )
        if made:
            messages.success(request, gettext("The persona is held to this rule from now on."))
            return redirect("moderation:policy_personas")
    context = {"form": form, "rules": history.persona_rules(), "reason_form": ReasonForm()}
    return render(request, "moderation/policy/persona_rules.html", context)


@desk_only
@require_POST
def end_persona_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    row = get_object_or_404(PersonaRule, pk=rule_id)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        policy_changes.end_persona_rule(row=row, owner=person_of(request), reason=reason)
    except ChangeRefused as refusal:
        messages.error(request, refusal.user_message)
    else:
        messages.success(request, gettext("The rule has ended. The policy alone holds for this persona."))
    return redirect("moderation:policy_personas")


def _change(
    request: HttpRequest, form: ChangeForm, terms: Terms, *, made_from: str = "", draft: Policy | None = None
) -> HttpResponse | None:
    """Activates the terms or tries them in shadow, as the pressed button says; None where nothing was done."""
    if request.method != "POST" or not form.is_valid():
        return None
    owner, reason, days = person_of(request), form.cleaned_data["reason"], form.cleaned_data["days"]

    def act() -> Policy:
        if "shadow" in request.POST:
            return policy_changes.try_in_shadow(terms=terms, owner=owner, reason=reason, days=days, made_from=made_from)
        if draft:
            return policy_changes.activate_draft(draft=draft, owner=owner, reason=reason)
        return policy_changes.activate(terms=terms, owner=owner, reason=reason, made_from=made_from)

    row = _done(form, act)
    if row is None:
        return None
    if row.is_active:
        messages.success(request, gettext("Version %(version)s of the policy is active.") % {"version": row.version})
        return redirect("moderation:policy")
    messages.success(
        request,
        gettext("Draft %(version)s is tried in shadow. It changes nothing until you activate it.")
        % {"version": row.version},
    )
    return redirect("moderation:policy_version", row.version)


def _done(form: Any, act: Callable[[], Any]) -> Any:
    """The result, or None with the refusal in the form."""
    try:
        return act()
    except BadRule as bad:
        form.add_error(None, str(bad))
    except ChangeRefused as refusal:
        form.add_error(None, refusal.user_message)
    return None


def _proposal(request: HttpRequest, terms: Terms, form: ChangeForm, **context: Any) -> HttpResponse:
    """A policy beside the active one: in plain words, the differences, and what it would have changed."""
    active, row = _current(), context.get("row")
    report = _report(request, terms, active, row)
    return render(
        request,
        "moderation/policy/proposal.html",
        {
            **context,
            **(_comparison(request, terms, row) if row else {}),
            "form": form,
            "policy": queries.in_words(terms),
            "topics": terms.topics,
            "origin": history.origin(row) if row else "",
            "differences": differences.between(active, terms),
            "report": report,
            "days_form": DaysForm(initial={"days": report.days}),
        },
    )


def _comparison(request: HttpRequest, terms: Terms, row: Policy) -> dict[str, Any]:
    """What a version changed: its differences from the version before it, or from one that is asked for."""
    form = CompareForm(request.GET)
    other = form.cleaned_data["against"] if form.is_valid() else history.before(row)
    if other is None:
        return {}
    return {
        "compare_form": CompareForm(initial={"against": other.version}),
        "compared": differences.between(policy.terms_of(other), terms),
    }


def _report(request: HttpRequest, terms: Terms, active: Terms, row: Policy | None) -> Report:
    """Over the days that are asked for; of a draft, from the beginning of its trial."""
    asked = DaysForm(request.GET)
    days = _DAYS
    if asked.is_valid():
        days = asked.cleaned_data["days"]
    elif row and row.is_draft and row.shadow_since:
        days = min((timezone.now() - row.shadow_since).days + 1, policy_changes.LONGEST_SHADOW)
    return replay(terms, active=active, days=days)


def _topic_values(terms: Terms, name: str) -> dict[str, Any]:
    """What the form of a topic begins with."""
    known = next((topic for topic in terms.topics if topic.name == name), None)
    if known:
        actions = {rule.direction: rule.action for rule in terms.rules if rule.category == known.category}
        return {"name": name, "examples": "\n".join(known.examples), "user": "allow", "persona": "allow"} | actions
    examples = "\n".join(topics.shipped(name).examples) if name in topics.SHIPPED else ""
    return {"name": name if examples else "", "examples": examples, "user": "flag", "persona": "block"}


def _current() -> Terms:
    """The active version. Without one, the pages begin with no rules, and the door asks for those that must be."""
    return policy_changes.current() or Terms(rules=())
