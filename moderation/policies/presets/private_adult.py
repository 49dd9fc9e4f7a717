from django.utils.translation import gettext_noop

from moderation.filter.policy import RuleSpec, Terms
from moderation.policies.presets import standard
from moderation.policies.presets.base import Preset

PRESET = Preset(
    name="private-one-adult",
    title=gettext_noop("Private, one adult"),
    summary=gettext_noop("For one adult who runs the site at home and lets nobody else sign in."),
    sets=(
        gettext_noop(
            "Sexual content between adults, rough words and attempts to switch the rules off pass without a mark."
        ),
        gettext_noop(
            "Talk of violence and of crimes is flagged in what you write, and passes. In what a persona says, only the "
            "plainest is blocked."
        ),
        gettext_noop("Sexual content about minors, threats and threats against groups are blocked as on a fresh site."),
        gettext_noop("A persona may say personal data that your own words hold, to you alone."),
        gettext_noop(
            "A wish or plan to harm yourself is answered with the crisis notice as on a fresh site, and words that "
            "encourage it are blocked."
        ),
    ),
    terms=Terms(
        rules=standard.changed(
            RuleSpec("violence", "user", 0.9, "flag"),
            RuleSpec("violence", "persona", 0.95, "block"),
            RuleSpec("violence/graphic", "persona", 0.95, "block"),
            RuleSpec("hate", "user", 0.93, "flag"),
            RuleSpec("hate", "persona", 0.93, "block"),
            RuleSpec("illicit", "user", 0.95, "flag"),
            without=(
                ("sexual", "user"),
                ("sexual", "persona"),
                ("violence/graphic", "user"),
                ("harassment", "user"),
                ("harassment", "persona"),
                ("jailbreak", "user"),
            ),
        ),
        break_notice_hours=3,
        shows_own_personal_data=True,
    ),
)
