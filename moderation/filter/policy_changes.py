"""The door for the owner to change the rules. Each change is a new version and is audited."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from moderation import audit_trail
from moderation.filter import policy
from moderation.filter.policy import RuleSpec
from moderation.models import Policy


def activate(*, rules: Iterable[RuleSpec], owner: User) -> Policy:
    """Makes `rules` the active version. Raises PermissionDenied to anybody but the owner, policy.BadRule."""
    if not owner.is_owner:
        raise PermissionDenied("Only the owner changes the rules.")
    specs = list(rules)
    with transaction.atomic():
        before = current_rules()
        new_policy = policy.new_version(specs)
        audit_trail.record(
            action="policy.activated",
            subject=f"policy:{new_policy.version}",
            actor=owner,
            data={
                "added": sorted(_rule_words(spec) for spec in specs if spec not in before),
                "removed": sorted(_rule_words(spec) for spec in before if spec not in specs),
            },
        )
    return new_policy


def current_rules() -> list[RuleSpec]:
    """The rules of the active version, by category and direction; none where no version is active."""
    active = Policy.objects.filter(is_active=True).first()
    if active is None:
        return []
    return [
        RuleSpec(rule.category, rule.direction, rule.threshold, rule.action, rule.is_shadow)
        for rule in active.rules.order_by("category", "direction", "-threshold")
    ]


def _rule_words(spec: RuleSpec) -> str:
    return f"{spec.category} {spec.direction} {spec.threshold} {spec.action}{' shadow' if spec.is_shadow else ''}"
