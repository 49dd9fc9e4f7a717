"""Categories, directions and actions in plain words: for the rules page, the desk and the statements."""

from django.utils.translation import gettext, gettext_noop, ngettext

from moderation.categories import Category
from moderation.models import Direction, RuleAction
from moderation.signs import Sign

_CATEGORIES: dict[str, str] = {
    Category.HATE: gettext_noop("hatred of a group of people"),
    Category.HATE_THREATENING: gettext_noop("threats against a group of people"),
    Category.HARASSMENT: gettext_noop("harassment"),
    Category.HARASSMENT_THREATENING: gettext_noop("threats against a person"),
    Category.SELF_HARM: gettext_noop("talk of self-harm"),
    Category.SELF_HARM_INTENT: gettext_noop("a wish or plan to harm oneself"),
    Category.SELF_HARM_INSTRUCTIONS: gettext_noop("instructions for self-harm"),
    Category.SEXUAL: gettext_noop("sexual content"),
    Category.SEXUAL_MINORS: gettext_noop("sexual content about minors"),
    Category.VIOLENCE: gettext_noop("violence"),
    Category.VIOLENCE_GRAPHIC: gettext_noop("graphic violence"),
    Category.ILLICIT: gettext_noop("help with crimes"),
    Category.PII: gettext_noop("personal data"),
    Category.JAILBREAK: gettext_noop("attempts to switch the rules off"),
}
# The person may read these words of a case about their own conversation, so they blame nobody.
_SIGNS: dict[str, str] = {
    Sign.HOPELESSNESS: gettext_noop("less and less hope"),
    Sign.PREPARATION: gettext_noop("words of a plan or a farewell"),
    Sign.SUDDEN_CALM: gettext_noop("sudden calm after despair"),
    Sign.GIVING_AWAY: gettext_noop("treasured things given away"),
    Sign.DEPENDENCY: gettext_noop("much leaning on a persona alone"),
    Sign.ISOLATION: gettext_noop("distance from other people"),
    Sign.SLEEP: gettext_noop("lost sleep"),
    Sign.NIGHTS: gettext_noop("many nights spent in conversation"),
    Sign.ANNIVERSARY: gettext_noop("a hard time around an anniversary"),
    Sign.GROOMING: gettext_noop("steps that can win a child's trust for harm"),
    Sign.AGE: gettext_noop("an age below the one that this site is for"),
    Sign.PROBING: gettext_noop("repeated tries to get round the filter"),
    Sign.PERSONA_CONDUCT: gettext_noop("a persona that presses, isolates or frightens"),
}
_WORDS: dict[str, str] = {
    **_CATEGORIES,
    **_SIGNS,
    "rights_of_others": gettext_noop("the rights of the person depicted"),
}
_WHO: dict[str, str] = {
    Direction.USER: gettext_noop("In what you write"),
    Direction.PERSONA: gettext_noop("In what a persona says"),
}
# The names of the shipped topics (moderation/data/topics.toml).
_TOPICS = {
    gettext_noop("elections"),
    gettext_noop("medical advice"),
    gettext_noop("legal advice"),
    gettext_noop("gambling"),
    gettext_noop("money and investments"),
}
_SPEAKERS: dict[str, str] = {
    Direction.USER: gettext_noop("in what a person writes"),
    Direction.PERSONA: gettext_noop("in what a persona says"),
}
_ACTIONS: dict[str, str] = {
    RuleAction.ALLOW: gettext_noop("let through"),
    RuleAction.FLAG: gettext_noop("flag for a reviewer"),
    RuleAction.MASK: gettext_noop("mask"),
    RuleAction.BLOCK: gettext_noop("block"),
    RuleAction.CRISIS: gettext_noop("answer with the crisis notice"),
}
_CONSEQUENCES: dict[str, str] = {
    RuleAction.FLAG: gettext_noop("Let through, and a reviewer may look at it"),
    RuleAction.MASK: gettext_noop("Replaced before anybody sees it"),
    RuleAction.BLOCK: gettext_noop("Stopped, and a notice says so"),
    RuleAction.CRISIS: gettext_noop("Answered by the site, with help lines, instead of by the persona"),
}


def topic_in_words(name: str) -> str:
    """A topic that the site ships in the language of the interface, any other as its operator named it."""
    return gettext(name) if name in _TOPICS else name


def category_in_words(category: str) -> str:
    """The plain words of a category; for a category outside the taxonomies, its name."""
    if category.startswith("topic/"):
        return gettext("talk about %(topic)s") % {
            "topic": topic_in_words(category.removeprefix("topic/").replace("-", " "))
        }
    words = _WORDS.get(category)
    return gettext(words) if words else category.replace("_", " ").replace("/", ", ")


def who_in_words(direction: str) -> str:
    """Whose words a rule is about, to the person who writes."""
    return gettext(_WHO[direction])


def speaker_in_words(direction: str) -> str:
    """Whose words a rule is about, to a moderator."""
    return gettext(_SPEAKERS[direction])


def action_in_words(action: str) -> str:
    return gettext(_ACTIONS[action])


def consequence_in_words(action: str) -> str:
    return gettext(_CONSEQUENCES[action])


def approval_in_words(is_required: bool) -> str:
    if is_required:
        return gettext("A persona that a person made talks only after its audit and a reviewer’s approval.")
    return gettext("A persona that a person made talks without an approval.")


def breaks_in_words(hours: int) -> str:
    return ngettext(
        "A person is reminded of breaks and of the AI every hour of continuous use.",
        "A person is reminded of breaks and of the AI every %(hours)s hours of continuous use.",
        hours,
    ) % {"hours": hours}


def own_data_in_words(is_shown: bool) -> str:
    if is_shown:
        return gettext("A persona may say personal data that its owner’s own words hold, to its owner alone.")
    return gettext("Personal data is masked in what a persona says, also where its owner’s own words hold it.")


def category_choices() -> list[tuple[str, str]]:
    return [(str(category), category_in_words(category)) for category in Category]


def sign_choices() -> list[tuple[str, str]]:
    return [(str(sign), category_in_words(sign)) for sign in Sign]
