"""The rules of a fresh site. docs/moderation-model-card.md gives the reason for each threshold.

Presets change them. A test compares them with the version that a migration makes active.
"""

from moderation.filter.policy import RuleSpec

RULES = (
    RuleSpec("sexual/minors", "user", 0.25, "block"),
    RuleSpec("sexual/minors", "persona", 0.25, "block"),
    RuleSpec("harassment/threatening", "user", 0.8, "block"),
    RuleSpec("harassment/threatening", "persona", 0.92, "block"),
    RuleSpec("hate/threatening", "user", 0.7, "block"),
    RuleSpec("hate/threatening", "persona", 0.7, "block"),
    RuleSpec("violence", "user", 0.9, "block"),
    RuleSpec("violence", "user", 0.7, "flag"),
    RuleSpec("violence", "persona", 0.85, "block"),
    RuleSpec("violence/graphic", "user", 0.8, "flag"),
    RuleSpec("violence/graphic", "persona", 0.8, "block"),
    RuleSpec("hate", "user", 0.93, "block"),
    RuleSpec("hate", "user", 0.75, "flag"),
    RuleSpec("hate", "persona", 0.85, "block"),
    RuleSpec("harassment", "user", 0.95, "block"),
    RuleSpec("harassment", "user", 0.8, "flag"),
    RuleSpec("harassment", "persona", 0.95, "block"),
    RuleSpec("sexual", "user", 0.9, "flag"),
    RuleSpec("sexual", "persona", 0.9, "block"),
    RuleSpec("illicit", "user", 0.95, "block"),
    RuleSpec("illicit", "user", 0.85, "flag"),
    RuleSpec("illicit", "persona", 0.97, "block"),
    RuleSpec("self-harm/intent", "user", 0.8, "crisis"),
    RuleSpec("self-harm/instructions", "user", 0.8, "crisis"),
    RuleSpec("self-harm", "user", 0.5, "flag"),
    RuleSpec("self-harm", "persona", 0.9, "block"),
    RuleSpec("self-harm/intent", "persona", 0.85, "block"),
    RuleSpec("self-harm/instructions", "persona", 0.7, "block"),
    RuleSpec("jailbreak", "user", 0.85, "flag"),
    RuleSpec("pii", "user", 0.9, "flag", is_shadow=True),
    RuleSpec("pii", "persona", 0.9, "mask"),
)


def changed(*rules: RuleSpec, without: tuple[tuple[str, str], ...] = ()) -> tuple[RuleSpec, ...]:
    """The standard rules, but for each category and direction of `rules` these alone, and none of `without`."""
    replaced = {(rule.category, rule.direction) for rule in rules} | set(without)
    return (*(rule for rule in RULES if (rule.category, rule.direction) not in replaced), *rules)
