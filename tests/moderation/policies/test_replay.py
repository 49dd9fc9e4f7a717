from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from moderation.categories import Category
from moderation.filter import assessment, policy
from moderation.filter.policy import RuleSpec, Terms
from moderation.models import Assessment, AuditEntry, Case, Policy
from moderation.policies import policy_changes
from moderation.policies.presets import standard
from moderation.policies.presets.registry import PRESETS
from moderation.policies.replay import replay

pytestmark = pytest.mark.django_db

FRESH = Terms(standard.RULES)


def stored(
    action: str, *, days_ago: float = 0, direction: str = "user", set_aside: tuple[str, ...] = (), **scores: Any
) -> Assessment:
    """An assessment with these scores, as the filter stores them."""
    row = Assessment.objects.create(
        direction=direction,
        action=action,
        probabilities={name.replace("__", "/"): score for name, score in scores.items()},
        set_aside=list(set_aside),
    )
    Assessment.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    return row


def with_rule(*rules: RuleSpec) -> Terms:
    return Terms(standard.changed(*rules))


def test_r22_a_replay_says_what_would_have_changed_by_kind_and_day_with_samples() -> None:
    flagged = [stored("flag", days_ago=day, violence=0.8) for day in (0.1, 2, 2)]
    stored("flag", days_ago=9, violence=0.8)  # before the days that are asked for
    stored("block", days_ago=1, violence=0.95)
    report = replay(with_rule(RuleSpec("violence", "user", 0.75, "block")), active=FRESH, days=7)
    (change,) = report.changes
    assert (change.category, change.direction, change.before, change.after) == ("violence", "user", "flag", "block")
    assert change.is_stricter
    assert (report.texts, change.texts, report.changed_texts) == (4, 3, 3)
    assert set(change.samples) == {row.id for row in flagged}
    assert change.samples[0] == flagged[0].id
    assert [(day.stricter, day.milder) for day in report.by_day] == [(2, 0), (1, 0)]
    assert report.by_day[0].day < report.by_day[1].day


def test_r22_a_milder_policy_is_named_so_and_by_the_category_that_acted() -> None:
    stored("block", direction="persona", sexual=0.97)
    (change,) = replay(PRESETS["private-one-adult"].terms, active=FRESH, days=1).changes
    assert (change.category, change.before, change.after, change.is_stricter) == ("sexual", "block", "allow", False)


def test_r22_the_same_rules_change_nothing() -> None:
    for action, scores in (
        ("flag", {"hate": 0.8}),
        ("crisis", {"self-harm/intent": 0.9}),
        ("block", {"violence": 0.99}),
    ):
        stored(action, **scores)
    stored("mask", direction="persona", pii=assessment.SPAN_PROBABILITY)
    report = replay(FRESH, active=FRESH, days=7)
    assert (report.texts, report.changes, report.by_day) == (4, (), ())


def test_r22_scores_that_were_set_aside_do_not_count_in_a_replay() -> None:
    """A survivor's sentence scores high for self-harm, and the filter knows that it is none."""
    stored("allow", set_aside=("self-harm",), **{"self-harm": 0.9})
    assert not replay(with_rule(RuleSpec("self-harm", "user", 0.3, "crisis")), active=FRESH, days=1).changes


def test_r22_a_replay_writes_nothing() -> None:
    stored("flag", violence=0.8)
    before = (Assessment.objects.count(), Case.objects.count(), AuditEntry.objects.count(), Policy.objects.count())
    counter = policy.DECISIONS.labels("user", "block", "violence")
    counted = counter._value.get()
    assert replay(with_rule(RuleSpec("violence", "user", 0.5, "block")), active=FRESH, days=1).changed_texts == 1
    after = (Assessment.objects.count(), Case.objects.count(), AuditEntry.objects.count(), Policy.objects.count())
    assert (after, counter._value.get()) == (before, counted)


def judged(text: str, scores: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> assessment.Verdict:
    of_all = {**dict.fromkeys(map(str, Category), 0.0), **scores}
    monkeypatch.setattr(assessment, "scores_of", lambda texts: [dict(of_all) for _ in texts])
    return assessment.assess(text, direction="persona")


def test_r22_a_draft_in_shadow_keeps_scores_that_it_would_act_on_and_decides_nothing(
    olga: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    texts = [("The knife was red.", {"violence": 0.6}), ("The sea was calm.", {"violence": 0.1})]
    for text, scores in texts:
        assert (
            assessment.record(judged(text, scores, monkeypatch), user=olga, conversation_id=None, message_id=None)
            is None
        )
    terms = with_rule(RuleSpec("violence", "persona", 0.5, "block"))
    with django_capture_on_commit_callbacks(execute=True):
        draft = policy_changes.try_in_shadow(terms=terms, owner=olga, reason="Too much blood.", days=7)
    verdicts = [judged(text, scores, monkeypatch) for text, scores in texts]
    assert [str(verdict.action) for verdict in verdicts] == ["allow", "allow"]
    assert {verdict.policy_version for verdict in verdicts} == {policy.active().version} != {draft.version}
    rows = [assessment.record(verdict, user=olga, conversation_id=None, message_id=None) for verdict in verdicts]
    assert [row is not None for row in rows] == [True, False]
    (change,) = replay(terms, active=policy.active(), days=1).changes
    assert (change.before, change.after, change.texts) == ("allow", "block", 1)
    with django_capture_on_commit_callbacks(execute=True):
        policy_changes.end_shadow(draft=draft, owner=olga)
    assert not Assessment.objects.exists()
    assert policy.in_shadow() is None
    again = judged(*texts[0], monkeypatch)
    assert assessment.record(again, user=olga, conversation_id=None, message_id=None) is None


def test_r22_a_draft_is_in_shadow_for_its_days_and_one_at_a_time(
    olga: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = policy_changes.try_in_shadow(terms=FRESH, owner=olga, reason="One.", days=3)
        second = policy_changes.try_in_shadow(
            terms=replace(FRESH, break_notice_hours=1), owner=olga, reason="Two.", days=3
        )
    draft = policy.in_shadow()
    assert draft is not None
    assert draft.version == second.version != first.version
    Policy.objects.filter(pk=second.pk).update(shadow_until=timezone.now() - timedelta(seconds=1))
    policy.forget()
    assert policy.in_shadow() is None


@pytest.mark.parametrize("days", [0, 91])
def test_a_trial_has_1_to_90_days(olga: User, days: int) -> None:
    with pytest.raises(policy_changes.ChangeRefused, match=f"1 to 90 days. You entered {days}"):
        policy_changes.try_in_shadow(terms=FRESH, owner=olga, reason="One.", days=days)
    assert Policy.objects.count() == 1


def test_a_draft_becomes_the_active_version_as_it_was_tried(
    olga: User, django_capture_on_commit_callbacks: Any
) -> None:
    terms = with_rule(RuleSpec("violence", "persona", 0.5, "block"))
    with django_capture_on_commit_callbacks(execute=True):
        draft = policy_changes.try_in_shadow(terms=terms, owner=olga, reason="Tried.", days=7)
        row = policy_changes.activate_draft(draft=draft, owner=olga, reason="It changed 3 texts.")
    assert (row.version, row.reason, row.is_draft) == (draft.version, "It changed 3 texts.", False)
    assert set(policy.active().rules) == set(terms.rules)
    assert policy.in_shadow() is None
    entry = AuditEntry.objects.get(action="policy.activated")
    assert entry.data["added"] == ["violence persona 0.5 block"]
    with pytest.raises(policy_changes.ChangeRefused, match="is no draft any more"):
        policy_changes.activate_draft(draft=draft, owner=olga, reason="Again.")
