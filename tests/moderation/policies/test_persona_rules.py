from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from moderation import user_turns
from moderation.categories import Category
from moderation.filter import assessment, gate, policy
from moderation.filter.policy import RuleSpec
from moderation.filter.policy_versions import BadRule
from moderation.models import AuditEntry, PersonaRule
from moderation.policies import policy_changes
from tests import factories

pytestmark = pytest.mark.django_db

STRICTER = RuleSpec("violence", "user", 0.5, "block")


def add(rule: RuleSpec, owner: User, persona_id: Any) -> PersonaRule:
    row = policy_changes.add_persona_rule(persona_id=persona_id, rule=rule, owner=owner, reason="She asked for it.")
    policy.forget()
    return row


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (RuleSpec("violence", "user", 0.9, "block"), "“block” from 0.9 on. You entered “block” from 0.9 on"),
        (RuleSpec("violence", "user", 0.95, "block"), "a lower probability or a stronger action"),
        (RuleSpec("violence", "user", 0.7, "flag"), "“flag for a reviewer” from 0.7 on"),
        (RuleSpec("violence", "persona", 0.99, "flag"), "“block” from 0.85 on"),
        (RuleSpec("sexual", "user", 0.0, "allow"), "cannot let anything through"),
        (RuleSpec("rudeness", "user", 0.5, "block"), "no category"),
    ],
)
def test_a_persona_rule_that_is_not_stricter_is_refused(olga: User, rule: RuleSpec, message: str) -> None:
    with pytest.raises(BadRule, match=message):
        add(rule, olga, uuid4())
    assert not PersonaRule.objects.exists()
    assert not AuditEntry.objects.filter(action__startswith="policy.persona").exists()


def test_a_persona_rule_holds_for_its_persona_alone_until_it_ends(olga: User) -> None:
    persona_id = uuid4()
    row = add(STRICTER, olga, persona_id)
    assert STRICTER in policy.for_persona(persona_id).rules
    for other in (uuid4(), None):
        assert policy.for_persona(other) == policy.active()
    assert AuditEntry.objects.get(action="policy.persona_rule_added").data == {"rule": "violence user 0.5 block"}
    policy_changes.end_persona_rule(row=row, owner=olga, reason="No longer needed.")
    policy.forget()
    assert policy.for_persona(persona_id) == policy.active()
    row.refresh_from_db()
    assert (row.reason, row.end_reason) == ("She asked for it.", "No longer needed.")
    with pytest.raises(policy_changes.ChangeRefused, match="has ended already"):
        policy_changes.end_persona_rule(row=row, owner=olga, reason="Again.")


def test_another_threshold_for_the_same_action_replaces_the_rule(olga: User) -> None:
    persona_id = uuid4()
    add(STRICTER, olga, persona_id)
    add(RuleSpec("violence", "user", 0.4, "block"), olga, persona_id)
    assert list(PersonaRule.objects.filter(ended_at=None).values_list("threshold", flat=True)) == [0.4]
    assert PersonaRule.objects.count() == 2


def test_only_the_owner_makes_and_ends_persona_rules_and_says_why(mina: User, olga: User) -> None:
    row = add(STRICTER, olga, uuid4())
    with pytest.raises(PermissionDenied):
        add(RuleSpec("hate", "user", 0.1, "block"), mina, uuid4())
    with pytest.raises(PermissionDenied):
        policy_changes.end_persona_rule(row=row, owner=mina, reason="Mine.")
    with pytest.raises(policy_changes.ChangeRefused, match="needs a reason"):
        policy_changes.add_persona_rule(persona_id=uuid4(), rule=STRICTER, owner=olga, reason=" ")


def test_both_doors_of_the_filter_hold_a_persona_to_its_rules(
    alice: User, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {**dict.fromkeys(Category, 0.0), Category.VIOLENCE: 0.6}
    monkeypatch.setattr(assessment, "scores_of", lambda texts: [dict(scores) for _ in texts])
    persona, other = factories.make_persona(owner=alice), factories.make_persona(owner=alice)
    for direction in ("user", "persona"):
        add(RuleSpec("violence", direction, 0.5, "block"), olga, persona.id)
    answered = [
        user_turns.judge([user_turns.Turn("The knife was red.")], user=alice, addressee=one)[0].is_answered
        for one in (persona, other)
    ]
    assert answered == [False, True]
    assert list(gate.cleared(iter(["The knife was red."]), persona_id=other.id)) == ["The knife was red."]
    with pytest.raises(gate.Blocked):
        list(gate.cleared(iter(["The knife was red."]), persona_id=persona.id))
