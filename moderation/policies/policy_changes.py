"""The owner's doors to the policy. Each change is a version, has a reason, and is audited.

Only the owner passes them; anybody else gets PermissionDenied. The reason stays with the version. The audit trail holds
no free text, because it is never erased.

ChangeRefused           the change cannot be made now; carries what the owner reads
"""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from moderation import audit_trail
from moderation.filter import policy, policy_versions
from moderation.filter.policy import RuleSpec, Terms
from moderation.filter.policy_versions import BadRule
from moderation.models import Assessment, PersonaRule, Policy, RuleAction
from moderation.plain_words import action_in_words, category_in_words, speaker_in_words

LONGEST_SHADOW = 90  # days


class ChangeRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def activate(*, terms: Terms, owner: User, reason: str, made_from: str = "") -> Policy:
    """Makes `terms` the active version. Raises PermissionDenied, BadRule, ChangeRefused."""
    _check(owner, reason)
    with transaction.atomic():
        before = current()
        row = policy_versions.new_version(terms, made_by=owner, reason=reason, made_from=made_from)
        _record_activation(row, before, owner)
    return row


def activate_draft(*, draft: Policy, owner: User, reason: str) -> Policy:
    """Makes a draft the active version. Raises PermissionDenied, ChangeRefused."""
    _check(owner, reason)
    with transaction.atomic():
        draft = _locked_draft(draft)
        before = current()
        Policy.objects.filter(is_active=True).update(is_active=False)
        draft.is_active, draft.activated_at, draft.shadow_until = True, timezone.now(), None
        draft.made_by, draft.reason = owner, reason
        draft.save()
        _forget_shadow()
        _record_activation(draft, before, owner)
        transaction.on_commit(policy.forget)
    return draft


def try_in_shadow(*, terms: Terms, owner: User, reason: str, days: int, made_from: str = "") -> Policy:
    """Stores `terms` as a draft, which is decided beside the active version for so many days and changes nothing.

    There is one draft at a time: a new one ends the last. Raises PermissionDenied, BadRule, ChangeRefused.
    """
    _check(owner, reason)
    if not 1 <= days <= LONGEST_SHADOW:
        raise ChangeRefused(
            gettext("A draft is tried for 1 to %(longest_shadow)s days. You entered %(days)s.")
            % {"longest_shadow": LONGEST_SHADOW, "days": days}
        )
    now = timezone.now()
    with transaction.atomic():
        Policy.objects.exclude(shadow_until=None).update(shadow_until=None)
        _forget_shadow()
        row = policy_versions.new_version(
            terms,
            is_active=False,
            made_by=owner,
            reason=reason,
            made_from=made_from,
            shadow_since=now,
            shadow_until=now + timedelta(days=days),
        )
        _record("policy.draft_tried", f"policy:{row.version}", owner, {"days": days})
    return row


def end_shadow(*, draft: Policy, owner: User) -> None:
    """The draft is tried no longer, and the scores that were kept for it are deleted. It can still be activated.

    Raises PermissionDenied, ChangeRefused.
    """
    _check_owner(owner)
    with transaction.atomic():
        draft = _locked_draft(draft)
        draft.shadow_until = None
        draft.save(update_fields=["shadow_until"])
        _forget_shadow()
        _record("policy.draft_ended", f"policy:{draft.version}", owner, {})
        transaction.on_commit(policy.forget)


def add_persona_rule(*, persona_id: Any, rule: RuleSpec, owner: User, reason: str) -> PersonaRule:
    """Holds one persona to a rule that is stricter than the policy. Raises PermissionDenied, BadRule, ChangeRefused."""
    _check(owner, reason)
    active = policy.active()
    policy_versions.check_rule(rule, topics=active.topics)
    _refuse_milder(rule, active)
    columns = {name: value for name, value in vars(rule).items() if name != "is_shadow"}
    with transaction.atomic():
        same = {name: columns[name] for name in ("category", "direction", "action")}
        PersonaRule.objects.filter(persona_id=persona_id, ended_at=None, **same).update(
            ended_at=timezone.now(), end_reason="Replaced by another threshold."
        )
        row = PersonaRule.objects.create(persona_id=persona_id, made_by=owner, reason=reason, **columns)
        _record("policy.persona_rule_added", f"persona:{persona_id}", owner, {"rule": rule_key(rule)})
        transaction.on_commit(policy.forget)
    return row


def end_persona_rule(*, row: PersonaRule, owner: User, reason: str) -> None:
    """The policy alone holds for the persona again. Raises PermissionDenied, ChangeRefused."""
    _check(owner, reason)
    with transaction.atomic():
        ended = PersonaRule.objects.filter(pk=row.pk, ended_at=None).update(ended_at=timezone.now(), end_reason=reason)
        if not ended:
            raise ChangeRefused(gettext("This rule has ended already."))
        _record(
            "policy.persona_rule_ended", f"persona:{row.persona_id}", owner, {"rule": rule_key(policy.spec_of(row))}
        )
        transaction.on_commit(policy.forget)


def current() -> Terms | None:
    """The active version as the database has it now; None where no version is active."""
    row = Policy.objects.filter(is_active=True).first()
    return policy.terms_of(row) if row else None


def rule_key(spec: RuleSpec) -> str:
    """A rule in a line, as the audit trail has it."""
    return f"{spec.category} {spec.direction} {spec.threshold} {spec.action}{' shadow' if spec.is_shadow else ''}"


def _refuse_milder(rule: RuleSpec, active: Terms) -> None:
    """Raises BadRule where the policy is at least as strict already, so that the rule could only look milder."""
    if rule.action == RuleAction.ALLOW:
        raise BadRule(
            gettext("A persona's own rule can only be stricter than the policy, so it cannot let anything through.")
        )
    for other in active.rules:
        is_same = (other.category, other.direction) == (rule.category, rule.direction) and not other.is_shadow
        is_as_strong = policy.strength(other.action) >= policy.strength(rule.action)
        if is_same and is_as_strong and other.threshold <= rule.threshold:
            raise BadRule(
                gettext(
                    "A persona's own rule must be stricter than the policy. The active version already holds for "
                    "%(category)s %(speaker)s: “%(action)s” from %(threshold)s on. You entered “%(own_action)s” from "
                    "%(own_threshold)s on. Enter a lower probability or a stronger action."
                )
                % {
                    "category": category_in_words(rule.category),
                    "speaker": speaker_in_words(rule.direction),
                    "action": action_in_words(other.action),
                    "threshold": f"{other.threshold:g}",
                    "own_action": action_in_words(rule.action),
                    "own_threshold": f"{rule.threshold:g}",
                }
            )


def _check(owner: User, reason: str) -> None:
    _check_owner(owner)
    if not reason.strip():
        raise ChangeRefused(gettext("A change of the policy needs a reason. Say what it is for."))


def _check_owner(owner: User) -> None:
    if not owner.is_owner:
        raise PermissionDenied(gettext("Only the owner changes the rules."))


def _locked_draft(draft: Policy) -> Policy:
    row = Policy.objects.select_for_update().filter(pk=draft.pk).first()
    if row is None or not row.is_draft:
        raise ChangeRefused(
            gettext("Version %(version)s is no draft any more. Reload the page.") % {"version": draft.version}
        )
    return row


def _forget_shadow() -> None:
    """Deletes the scores of texts that passed unmarked. Only a draft in shadow had them stored."""
    Assessment.objects.filter(action=RuleAction.ALLOW, level__in=("", "grief"), trial_version="").delete()


def _record_activation(row: Policy, before: Terms | None, owner: User) -> None:
    after = policy.terms_of(row)
    old_rules = before.rules if before else ()
    data: dict[str, Any] = {
        "added": sorted(rule_key(spec) for spec in after.rules if spec not in old_rules),
        "removed": sorted(rule_key(spec) for spec in old_rules if spec not in after.rules),
        "made_from": row.made_from,
    }
    if before is None or before.requires_persona_approval != after.requires_persona_approval:
        data["requires_persona_approval"] = after.requires_persona_approval
    if before is None or before.break_notice_hours != after.break_notice_hours:
        data["break_notice_hours"] = after.break_notice_hours
    if before is None or before.shows_own_personal_data != after.shows_own_personal_data:
        data["shows_own_personal_data"] = after.shows_own_personal_data
    _record("policy.activated", f"policy:{row.version}", owner, data)


def _record(action: str, subject: str, owner: User, data: dict[str, Any]) -> None:
    audit_trail.record(action=action, subject=subject, actor=owner, data=data)
