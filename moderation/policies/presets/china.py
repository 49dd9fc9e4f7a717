from django.utils.translation import gettext_noop

from moderation.filter.policy import RuleSpec, Terms
from moderation.filter.topics import shipped
from moderation.policies.presets import standard
from moderation.policies.presets.base import Preset, topic_rules

PRESET = Preset(
    name="china",
    title=gettext_noop("China"),
    summary=gettext_noop(
        "For a site that the public in mainland China uses: the Interim Measures on anthropomorphic AI interaction "
        "services, in force since July 2026."
    ),
    sets=(
        gettext_noop("Obscene content, graphic violence and gambling are blocked in both directions."),
        gettext_noop(
            "Violence, help with crimes and words about self-harm are blocked earlier in what a persona says."
        ),
        gettext_noop(
            "Advice about money and investments is blocked in what a persona says, because a persona must not lead a "
            "person to unreasonable decisions. In what a person writes it is flagged."
        ),
        gettext_noop(
            "The preset holds no list of what concerns state security. Add it as a topic in the words that your "
            "authority gives you."
        ),
    ),
    terms=Terms(
        rules=(
            *standard.changed(
                RuleSpec("sexual", "user", 0.8, "block"),
                RuleSpec("sexual", "persona", 0.8, "block"),
                RuleSpec("violence", "persona", 0.7, "block"),
                RuleSpec("violence/graphic", "user", 0.8, "block"),
                RuleSpec("illicit", "persona", 0.9, "block"),
                RuleSpec("self-harm", "user", 0.4, "flag"),
                RuleSpec("self-harm", "persona", 0.8, "block"),
                RuleSpec("self-harm/intent", "persona", 0.75, "block"),
                RuleSpec("self-harm/instructions", "persona", 0.6, "block"),
            ),
            *topic_rules("gambling", action="block"),
            RuleSpec("topic/money-and-investments", "user", 0.5, "flag"),
            RuleSpec("topic/money-and-investments", "persona", 0.5, "block"),
        ),
        topics=(shipped("gambling"), shipped("money and investments")),
        requires_persona_approval=True,
        break_notice_hours=2,
    ),
)
