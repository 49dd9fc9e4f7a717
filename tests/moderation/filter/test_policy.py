import pytest

from moderation.categories import Category
from moderation.filter import policy, policy_versions, rereading
from moderation.filter.policy import RuleSpec, Terms, TopicSpec, decide
from moderation.filter.policy_versions import BadRule
from moderation.models import Policy, Rule, RuleAction

pytestmark = pytest.mark.django_db

MINORS = tuple(RuleSpec("sexual/minors", direction, 0.7, "block") for direction in ("user", "persona"))


def action_for(rules: list[RuleSpec], **probabilities: float) -> RuleAction:
    scores = {Category(name.replace("_", "-")): value for name, value in probabilities.items()}
    return decide(Terms(tuple(rules)), scores, direction="user", has_spans=False).action


def test_the_default_policy_has_rules_for_every_category_and_both_directions() -> None:
    rules = policy.active().rules
    assert {rule.category for rule in rules} == set(Category)
    assert {rule.direction for rule in rules} == {"user", "persona"}


@pytest.mark.parametrize("direction", ["user", "persona"])
def test_eu9_no_operator_can_allow_material_about_the_sexual_use_of_children(direction: str) -> None:
    """Neither a version without the rule, which no door makes, nor one whose rule is in shadow or too mild."""
    scores = {Category.SEXUAL_MINORS: 0.6}
    mild = RuleSpec("sexual/minors", direction, 0.9, "block")
    for rules in ((), (mild,), (RuleSpec("sexual/minors", direction, 0.1, "block", is_shadow=True),)):
        decision = decide(Terms(rules), scores, direction=direction, has_spans=False)
        assert (decision.action, decision.category) == (RuleAction.BLOCK, "sexual/minors")
    with pytest.raises(BadRule):
        policy_versions.check(Terms((RuleSpec("hate", direction, 0.5, "block"),)))


def test_a_score_at_the_threshold_is_enough_and_below_it_is_not() -> None:
    rules = [RuleSpec("hate", "user", 0.8, "block")]
    assert action_for(rules, hate=0.8) == RuleAction.BLOCK
    assert action_for(rules, hate=0.7999) == RuleAction.ALLOW


def test_the_strongest_action_counts_and_a_crisis_is_never_a_bare_block() -> None:
    rules = [
        RuleSpec("hate", "user", 0.5, "flag"),
        RuleSpec("hate", "user", 0.9, "block"),
        RuleSpec("self-harm", "user", 0.9, "crisis"),
    ]
    assert action_for(rules, hate=0.6) == RuleAction.FLAG
    assert action_for(rules, hate=0.95) == RuleAction.BLOCK
    assert action_for(rules, hate=0.99, self_harm=0.91) == RuleAction.CRISIS


def test_a_shadow_rule_is_counted_and_never_applied() -> None:
    rules = [RuleSpec("hate", "user", 0.5, "block", is_shadow=True)]
    counter = policy.SHADOW.labels("user", "block", "hate")
    before = counter._value.get()
    assert action_for(rules, hate=0.9) == RuleAction.ALLOW
    assert counter._value.get() == before + 1


def test_a_rule_of_the_other_direction_does_not_apply() -> None:
    assert action_for([RuleSpec("hate", "persona", 0.5, "block")], hate=0.9) == RuleAction.ALLOW


def test_masking_needs_something_to_mask() -> None:
    rules = Terms((RuleSpec("pii", "persona", 0.9, "mask"),))
    scores = {Category.PII: 0.99}
    assert decide(rules, scores, direction="persona", has_spans=False).action == RuleAction.ALLOW
    assert decide(rules, scores, direction="persona", has_spans=True).action == RuleAction.MASK


def test_a_new_version_becomes_active_and_the_old_one_stays_readable(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    assert policy.active().version == "1"
    with django_capture_on_commit_callbacks(execute=True):
        version = policy_versions.new_version(Terms((*MINORS, RuleSpec("hate", "user", 0.5, "block"))))
    assert version.version == "2"
    assert policy.active().version == "2"
    assert Policy.objects.get(is_active=True) == version
    assert Rule.objects.filter(policy__version="1").exists()


def test_a_version_is_read_as_it_was_stored() -> None:
    terms = Terms(
        rules=(*MINORS, RuleSpec("topic/small-boats", "user", 0.5, "flag")),
        topics=(TopicSpec("Small boats", ("We row.", "We sail.", "我们划船。")),),
        requires_persona_approval=True,
        break_notice_hours=3,
    )
    policy_versions.new_version(terms)
    policy.forget()
    stored = policy.active()
    assert (stored.topics, stored.requires_persona_approval, stored.break_notice_hours) == (terms.topics, True, 3)
    assert set(stored.rules) == set(terms.rules)


def test_a_fresh_policy_asks_for_breaks_after_two_hours_and_for_no_approval() -> None:
    assert (policy.active().requires_persona_approval, policy.active().break_notice_hours) == (False, 2)


def test_another_process_sees_a_new_version_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(rereading.time, "monotonic", lambda: now[0])
    assert policy.active().version == "1"
    Policy.objects.filter(is_active=True).update(is_active=False)
    Policy.objects.create(version="other", is_active=True)
    assert policy.active().version == "1"
    now[0] += rereading.REFRESH
    assert policy.active().version == "other"


def test_without_an_active_version_nothing_may_pass() -> None:
    Policy.objects.update(is_active=False)
    with pytest.raises(policy.PolicyMissing):
        policy.active()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (RuleSpec("rudeness", "user", 0.5, "block"), "no category"),
        (RuleSpec("hate", "sideways", 0.5, "block"), "no direction"),
        (RuleSpec("hate", "user", 0.5, "explode"), "no action"),
        (RuleSpec("hate", "user", 1.5, "block"), "between 0 and 1"),
        (RuleSpec("hate", "user", 0.5, "mask"), "Only pii"),
        (RuleSpec("self-harm", "persona", 0.5, "crisis"), "direction is user"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_nothing_changes(rule: RuleSpec, message: str) -> None:
    with pytest.raises(BadRule, match=message):
        policy_versions.new_version(Terms((*MINORS, rule)))
    assert Policy.objects.count() == 1


def test_no_version_can_let_sexual_talk_of_minors_pass() -> None:
    with pytest.raises(BadRule, match="sexual/minors"):
        policy_versions.new_version(Terms((RuleSpec("hate", "user", 0.5, "block"),)))


EXAMPLES = ("We row.", "We sail.", "我们划船。")
ON_BOATS = RuleSpec("topic/boats", "user", 0.5, "flag")


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (Terms((*MINORS, MINORS[0])), "Two rules give sexual/minors the action block"),
        (Terms(MINORS, break_notice_hours=4), "after 1 to 3 hours. You entered 4"),
        (Terms(MINORS, break_notice_hours=0), "after 1 to 3 hours. You entered 0"),
        (Terms(MINORS, topics=(TopicSpec("boats", EXAMPLES),)), "'boats' has no action"),
        (Terms((*MINORS, ON_BOATS)), "no category 'topic/boats'"),
        (Terms((*MINORS, ON_BOATS), topics=(TopicSpec("boats", EXAMPLES[:2]),)), "3 to 60 example sentences"),
        (Terms((*MINORS, ON_BOATS), topics=(TopicSpec("boats", (*EXAMPLES, "x" * 301)),)), "has 301. Shorten it"),
        (Terms((*MINORS, ON_BOATS), topics=(TopicSpec("b" * 25, EXAMPLES),)), "at most 24 characters"),
        (Terms((*MINORS, ON_BOATS), topics=(TopicSpec("\ufdfa" * 3, EXAMPLES),)), "at most 24 characters"),
        (Terms((*MINORS, ON_BOATS), topics=(TopicSpec("!?", EXAMPLES),)), "needs a letter"),
        (
            Terms((*MINORS, ON_BOATS), topics=(TopicSpec("boats", EXAMPLES), TopicSpec("Boats!", EXAMPLES))),
            "Two topics have the name 'boats'",
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused_and_nothing_changes(terms: Terms, message: str) -> None:
    with pytest.raises(BadRule, match=message):
        policy_versions.new_version(terms)
    assert Policy.objects.count() == 1
