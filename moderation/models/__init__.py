"""The filter's policy and assessments (`text`), the monitor's numbers (`monitor`), and people's decisions (`case`)."""

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
from moderation.models.monitor import CountedTurns, DailyCue
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
    "CountedTurns",
    "DailyCue",
    "Direction",
    "Policy",
    "Restriction",
    "RestrictionKind",
    "Rule",
    "RuleAction",
]
