"""The deadline for a person to look at a finding, and whether it needs permission (compliance R5, R30, K9)."""

from datetime import timedelta

from moderation.categories import Category
from moderation.signs import Sign
from moderation.talk import Finding

IMMINENT_HARM = timedelta(minutes=15)
CHILD_SAFETY = timedelta(hours=1)
SUICIDAL_THOUGHTS = timedelta(hours=1)
VIOLENT_THREAT = timedelta(hours=4)
OTHER = timedelta(hours=24)

# A self-harm finding of IMMINENT_SEVERITY or more is at the level `imminent`, of ACTIVE_SEVERITY or more at `active`.
IMMINENT_SEVERITY = 95
ACTIVE_SEVERITY = 80

CHILD_SAFETY_CATEGORIES = frozenset({Category.SEXUAL_MINORS, Sign.GROOMING})
SELF_HARM = frozenset(
    {
        Category.SELF_HARM,
        Category.SELF_HARM_INTENT,
        Category.SELF_HARM_INSTRUCTIONS,
        Sign.PREPARATION,
        Sign.SUDDEN_CALM,
    }
)
THREATS = frozenset({Category.HARASSMENT_THREATENING, Category.HATE_THREATENING, Category.VIOLENCE})


def time_to_look(finding: Finding) -> timedelta:
    if finding.category in SELF_HARM and finding.severity >= IMMINENT_SEVERITY:
        return IMMINENT_HARM
    if finding.category in SELF_HARM and finding.severity >= ACTIVE_SEVERITY:
        return SUICIDAL_THOUGHTS
    if is_child_safety(finding.category):
        return CHILD_SAFETY
    if finding.category in THREATS:
        return VIOLENT_THREAT
    return OTHER


def is_child_safety(category: str) -> bool:
    return category in CHILD_SAFETY_CATEGORIES
