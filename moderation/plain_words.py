"""Categories, directions and actions in plain words: for the rules page, the desk and the statements."""

from collections.abc import Sequence

from moderation.filter.classifiers.base import Category
from moderation.models import Direction, RuleAction

_CATEGORIES = {
    Category.HATE: "hatred of a group of people",
    Category.HATE_THREATENING: "threats against a group of people",
    Category.HARASSMENT: "harassment",
    Category.HARASSMENT_THREATENING: "threats against a person",
    Category.SELF_HARM: "talk of self-harm",
    Category.SELF_HARM_INTENT: "a wish or plan to harm oneself",
    Category.SELF_HARM_INSTRUCTIONS: "instructions for self-harm",
    Category.SEXUAL: "sexual content",
    Category.SEXUAL_MINORS: "sexual content about minors",
    Category.VIOLENCE: "violence",
    Category.VIOLENCE_GRAPHIC: "graphic violence",
    Category.ILLICIT: "help with crimes",
    Category.PII: "personal data",
    Category.JAILBREAK: "attempts to switch the rules off",
}
WHO = {
    Direction.USER: "In what you write",
    Direction.PERSONA: "In what a persona says",
}
CONSEQUENCES = {
    RuleAction.FLAG: "Let through, and a reviewer may look at it",
    RuleAction.MASK: "Replaced before anybody sees it",
    RuleAction.BLOCK: "Stopped, and a notice says so",
    RuleAction.CRISIS: "Answered by the site, with help lines, instead of by the persona",
}


def category_in_words(category: str) -> str:
    """The plain words of a category; for a category outside the taxonomy, its name."""
    try:
        return _CATEGORIES[Category(category)]
    except ValueError:
        return category.replace("_", " ").replace("/", ", ")


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


CATEGORY_CHOICES = [(str(category), category_in_words(category)) for category in Category]
