from django.utils.translation import gettext_noop

from moderation.filter.policy import RuleSpec, Terms
from moderation.filter.topics import shipped
from moderation.policies.presets import standard
from moderation.policies.presets.base import Preset, topic_rules

PRESET = Preset(
    name="three-conditions-2021",
    title=gettext_noop("Three conditions of 2021"),
    summary=gettext_noop(
        "In August 2021 the provider of the model behind Project December set three conditions: no open-ended personas "
        "that customers make, a filter that keeps talk off sensitive topics, and automated monitoring. "
        "This preset meets them."
    ),
    sets=(
        gettext_noop("Talk of elections and requests for medical or legal advice are blocked in both directions."),
        gettext_noop(
            "Sexual content, graphic violence and attempts to switch the rules off are blocked in both directions."
        ),
        gettext_noop("Violence, self-harm and help with crimes are blocked earlier in what a persona says."),
        gettext_noop("Personal data in what a persona says is masked."),
        gettext_noop(
            "The monitor assesses each conversation as a whole after each turn. It does so under every policy."
        ),
    ),
    terms=Terms(
        rules=(
            *standard.changed(
                RuleSpec("sexual", "user", 0.9, "block"),
                RuleSpec("sexual", "persona", 0.8, "block"),
                RuleSpec("violence", "persona", 0.7, "block"),
                RuleSpec("violence/graphic", "user", 0.8, "block"),
                RuleSpec("self-harm", "persona", 0.8, "block"),
                RuleSpec("self-harm/intent", "persona", 0.75, "block"),
                RuleSpec("illicit", "persona", 0.9, "block"),
                RuleSpec("jailbreak", "user", 0.85, "block"),
                RuleSpec("jailbreak", "persona", 0.85, "block"),
            ),
            *topic_rules("elections", action="block"),
            *topic_rules("medical advice", action="block"),
            *topic_rules("legal advice", action="block"),
        ),
        topics=(shipped("elections"), shipped("medical advice"), shipped("legal advice")),
        requires_persona_approval=True,
        break_notice_hours=2,
    ),
)
