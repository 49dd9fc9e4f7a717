"""The filter's policy and assessments (`text`), the monitor's numbers (`monitor`), and cases with their work."""

from moderation.models.case import (
    Action,
    ActionKind,
    ActionState,
    Appeal,
    AppealOutcome,
    AuditEntry,
    Case,
    CaseStatus,
    Queue,
    Restriction,
    RestrictionKind,
    Source,
)
from moderation.models.monitor import CountedTurns, DailyCue
from moderation.models.text import Assessment, Direction, PersonaRule, Policy, Rule, RuleAction, Topic
from moderation.models.work import CaseVector, Claim, ClaimEnd, Note, QualityReview, ReferralCount, Report, Reviewer

__all__ = [
    "Action",
    "ActionKind",
    "ActionState",
    "Appeal",
    "AppealOutcome",
    "Assessment",
    "AuditEntry",
    "Case",
    "CaseStatus",
    "CaseVector",
    "Claim",
    "ClaimEnd",
    "CountedTurns",
    "DailyCue",
    "Direction",
    "Note",
    "PersonaRule",
    "Policy",
    "QualityReview",
    "Queue",
    "ReferralCount",
    "Report",
    "Restriction",
    "RestrictionKind",
    "Reviewer",
    "Rule",
    "RuleAction",
    "Source",
    "Topic",
]
