"""The filter's policy and assessments (`text`), and the cases and decisions of people (`case`)."""

from moderation.models.case import (
    Action,
    ActionKind,
    Appeal,
    AppealOutcome,
    AuditEntry,
    Case,
    CaseStatus,
    Restriction,
    RestrictionKind,
)
from moderation.models.text import Assessment, Direction, Policy, Rule, RuleAction

__all__ = [
    "Action",
    "ActionKind",
    "Appeal",
    "AppealOutcome",
    "Assessment",
    "AuditEntry",
    "Case",
    "CaseStatus",
    "Direction",
    "Policy",
    "Restriction",
    "RestrictionKind",
    "Rule",
    "RuleAction",
]
