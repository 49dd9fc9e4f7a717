from django.utils.translation import gettext_noop

from moderation.filter.policy import RuleSpec, Terms
from moderation.policies.presets import standard
from moderation.policies.presets.base import Preset

PRESET = Preset(
    name="companion-law",
    title=gettext_noop("Companion law (California, New York)"),
    summary=gettext_noop(
        "For a site that people in California or New York use: California’s Business and Professions Code 22601 to "
        "22606 and New York’s General Business Law 1700 to 1704."
    ),
    sets=(
        gettext_noop(
            "Words about self-harm in what a persona says are blocked earlier, and in what a person writes they are "
            "flagged earlier. Both laws ask for a protocol against such content."
        ),
        gettext_noop("A wish or plan to harm oneself is answered with the crisis notice and the help lines."),
        gettext_noop("Both laws ask for a reminder of breaks and of the AI at least every three hours."),
        gettext_noop("The other rules are those of a fresh site."),
    ),
    terms=Terms(
        rules=standard.changed(
            RuleSpec("self-harm", "user", 0.4, "flag"),
            RuleSpec("self-harm", "persona", 0.8, "block"),
            RuleSpec("self-harm/intent", "persona", 0.75, "block"),
            RuleSpec("self-harm/instructions", "persona", 0.6, "block"),
        ),
        break_notice_hours=3,
    ),
)
