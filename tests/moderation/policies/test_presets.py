import pytest

from accounts.models import User
from moderation.filter import policy_versions
from moderation.filter.policy import RuleSpec, Terms, decide
from moderation.models import AuditEntry, Policy
from moderation.policies import history, policy_changes
from moderation.policies.presets import standard
from moderation.policies.presets.base import Preset
from moderation.policies.presets.registry import PRESETS

pytestmark = pytest.mark.django_db


def action(terms: Terms, category: str, score: float, direction: str) -> str:
    scores = {category: score}
    return str(decide(terms, scores, direction=direction, has_spans=True, is_counted=False).action)


def test_the_standard_rules_are_those_of_a_fresh_site() -> None:
    fresh = policy_changes.current()
    assert fresh is not None
    assert set(fresh.rules) == set(standard.RULES)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_is_applied_by_one_act_with_a_reason(preset: Preset, olga: User) -> None:
    row = policy_changes.activate(
        terms=preset.terms, owner=olga, reason="The site is for one family.", made_from=f"preset:{preset.name}"
    )
    stored = policy_changes.current()
    assert stored is not None
    assert (set(stored.rules), set(stored.topics)) == (set(preset.terms.rules), set(preset.terms.topics))
    assert (row.is_active, row.reason, row.made_by) == (True, "The site is for one family.", olga)
    assert history.origin(row) == f"the preset “{preset.title}”"
    entry = AuditEntry.objects.get(action="policy.activated")
    assert (entry.subject, entry.data["made_from"]) == (f"policy:{row.version}", f"preset:{preset.name}")
    assert "family" not in str(entry.data)


def test_t1_t2_the_three_conditions_ask_for_an_approval_and_act_on_each_topic() -> None:
    terms = PRESETS["three-conditions-2021"].terms
    assert terms.requires_persona_approval
    for category in ("topic/elections", "topic/medical-advice", "topic/legal-advice", "sexual", "violence"):
        for direction in ("user", "persona"):
            assert action(terms, category, 0.95, direction) == "block"
    assert action(terms, "self-harm/intent", 0.95, "user") == "crisis"
    assert action(terms, "self-harm", 0.85, "persona") == "block"
    assert action(terms, "pii", 0.99, "persona") == "mask"


def test_cn8_ny3_the_reminder_of_breaks_follows_the_law_of_the_preset() -> None:
    assert {name: preset.terms.break_notice_hours for name, preset in PRESETS.items()} == {
        "three-conditions-2021": 2,
        "companion-law": 3,
        "china": 2,
        "private-one-adult": 3,
    }
    assert PRESETS["china"].terms.requires_persona_approval
    assert not PRESETS["companion-law"].terms.requires_persona_approval
    assert action(PRESETS["china"].terms, "topic/gambling", 0.6, "user") == "block"


def test_a_private_site_lets_adult_talk_pass_and_keeps_what_protects() -> None:
    terms = PRESETS["private-one-adult"].terms
    assert action(terms, "sexual", 0.99, "user") == action(terms, "sexual", 0.99, "persona") == "allow"
    assert action(terms, "sexual/minors", 0.3, "persona") == "block"
    assert action(terms, "self-harm/intent", 0.8, "user") == "crisis"
    assert action(terms, "self-harm/instructions", 0.7, "persona") == "block"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_no_preset_is_milder_on_self_harm_and_minors_than_a_fresh_site(preset: Preset) -> None:
    policy_versions.check(preset.terms)
    fresh = Terms(standard.RULES)
    for spec in standard.RULES:
        if spec.category.startswith(("self-harm", "sexual/minors")):
            assert action(preset.terms, spec.category, spec.threshold, spec.direction) == action(
                fresh, spec.category, spec.threshold, spec.direction
            )


def test_changed_rules_replace_those_of_their_category_and_direction_alone() -> None:
    rules = standard.changed(RuleSpec("violence", "user", 0.5, "block"), without=(("sexual", "user"),))
    of_violence = [rule for rule in rules if (rule.category, rule.direction) == ("violence", "user")]
    assert of_violence == [RuleSpec("violence", "user", 0.5, "block")]
    assert not [rule for rule in rules if (rule.category, rule.direction) == ("sexual", "user")]
    assert len(rules) == len(standard.RULES) - 2


def test_the_version_before_is_the_one_that_was_active_before(olga: User) -> None:
    first = Policy.objects.get(is_active=True)
    policy_changes.activate(terms=PRESETS["china"].terms, owner=olga, reason="We move.")
    assert history.before_active() == first
