"""The versions of the policy: which were active when, and what each was made from."""

from django.db.models import QuerySet
from django.utils.translation import gettext

from moderation.models import PersonaRule, Policy
from moderation.policies.presets.registry import PRESETS


def versions() -> QuerySet[Policy]:
    """All versions and drafts, the newest first."""
    return Policy.objects.select_related("made_by").order_by("-pk")


def before_active() -> Policy | None:
    """The version that was active before the active one."""
    return Policy.objects.filter(is_active=False).exclude(activated_at=None).order_by("-activated_at").first()


def before(row: Policy) -> Policy | None:
    """The version that was active when `row` became active."""
    if row.activated_at is None:
        return None
    return Policy.objects.filter(activated_at__lt=row.activated_at).order_by("-activated_at").first()


def draft_on_trial() -> Policy | None:
    """The draft whose trial has begun and was not ended, also if its last day is over."""
    return Policy.objects.filter(is_active=False, activated_at=None).exclude(shadow_until=None).first()


def persona_rules() -> QuerySet[PersonaRule]:
    """The rules of single personas that are in force, the newest first."""
    return PersonaRule.objects.filter(ended_at=None).select_related("made_by").order_by("-pk")


def origin(row: Policy) -> str:
    """What a version was made from, in plain words; empty where it was written by hand."""
    kind, _, name = row.made_from.partition(":")
    if kind == "preset":
        return gettext("the preset “%(name)s”") % {"name": gettext(PRESETS[name].title) if name in PRESETS else name}
    return gettext("version %(name)s") % {"name": name} if kind == "version" else ""
