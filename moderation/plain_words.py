"""Categories, directions and actions in plain words: for the rules page, the desk and the statements."""

from collections.abc import Sequence

from moderation.filter.classifiers.base import Category
from moderation.models import Direction, RuleAction
from moderation.monitor.signs import Sign

_CATEGORIES: dict[str, str] = {
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
# The person may read these words of a case about their own conversation, so they blame nobody.
_SIGNS: dict[str, str] = {
    Sign.HOPELESSNESS: "less and less hope",
    Sign.PREPARATION: "words of a plan or a farewell",
    Sign.SUDDEN_CALM: "sudden calm after despair",
    Sign.GIVING_AWAY: "treasured things given away",
    Sign.DEPENDENCY: "much leaning on a persona alone",
    Sign.ISOLATION: "distance from other people",
    Sign.SLEEP: "lost sleep",
    Sign.NIGHTS: "many nights spent in conversation",
    Sign.ANNIVERSARY: "a hard time around an anniversary",
    Sign.GROOMING: "steps that can win a child's trust for harm",
    Sign.AGE: "an age below the one that this site is for",
    Sign.PROBING: "repeated tries to get round the filter",
    Sign.PERSONA_CONDUCT: "a persona that presses, isolates or frightens",
}
_WORDS: dict[str, str] = {**_CATEGORIES, **_SIGNS, "rights_of_others": "the rights of the person depicted"}
WHO: dict[str, str] = {
    Direction.USER: "In what you write",
    Direction.PERSONA: "In what a persona says",
}
SPEAKERS: dict[str, str] = {
    Direction.USER: "in what a person writes",
    Direction.PERSONA: "in what a persona says",
}
ACTIONS: dict[str, str] = {
    RuleAction.ALLOW: "let through",
    RuleAction.FLAG: "flag for a reviewer",
    RuleAction.MASK: "mask",
    RuleAction.BLOCK: "block",
    RuleAction.CRISIS: "answer with the crisis notice",
}
CONSEQUENCES: dict[str, str] = {
    RuleAction.FLAG: "Let through, and a reviewer may look at it",
    RuleAction.MASK: "Replaced before anybody sees it",
    RuleAction.BLOCK: "Stopped, and a notice says so",
    RuleAction.CRISIS: "Answered by the site, with help lines, instead of by the persona",
}


def category_in_words(category: str) -> str:
    """The plain words of a category; for a category outside the taxonomies, its name."""
    if category.startswith("topic/"):
        return f"talk about {category.removeprefix('topic/').replace('-', ' ')}"
    return _WORDS.get(category) or category.replace("_", " ").replace("/", ", ")


def approval_in_words(is_required: bool) -> str:
    if is_required:
        return "A persona that a person made talks only after its audit and a reviewer’s approval."
    return "A persona that a person made talks without an approval."


def breaks_in_words(hours: int) -> str:
    interval = "hour" if hours == 1 else f"{hours} hours"
    return f"A person is reminded of breaks and of the AI every {interval} of continuous use."


def own_data_in_words(is_shown: bool) -> str:
    if is_shown:
        return "A persona may say personal data that its owner’s own words hold, to its owner alone."
    return "Personal data is masked in what a persona says, also where its owner’s own words hold it."


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


CATEGORY_CHOICES = [(str(category), category_in_words(category)) for category in Category]
SIGN_CHOICES = [(str(sign), category_in_words(sign)) for sign in Sign]
