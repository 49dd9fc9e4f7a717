"""The stricter measure for a reply to a message of low mood (compliance K3).

Such a reply stays with what the person said. It does not joke, does not speak of food unless the person did, and does
not turn to the persona's own life. It shows none of the conduct that the monitor knows by its meaning: guilt, secrecy,
a call into death (`moderation.monitor.meaning`). Its scores of self-harm, violence and harassment must stay below half
of what the policy allows a persona. A sentence that does not fit is left out before the gate sees the reply. If none is
left, the persona says that it listens.

Covered: English and Chinese words of these subjects. Not covered: a joke without any of the words of joking.
"""

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

from moderation.categories import Category
from moderation.crisis import reading
from moderation.crisis.tokens import EARLIER
from moderation.filter import assessment, policy
from moderation.models import Direction, RuleAction
from moderation.monitor import meaning
from personas.prompting.phrases import phrases_for
from personas.prompting.prompt import Spoken
from personas.prompting.prompt_sheet import Sheet

_STRICTER = 0.5  # of the threshold at which the policy blocks a persona
_HARD = frozenset(
    {
        Category.SELF_HARM,
        Category.SELF_HARM_INTENT,
        Category.SELF_HARM_INSTRUCTIONS,
        Category.VIOLENCE,
        Category.VIOLENCE_GRAPHIC,
        Category.HARASSMENT,
        Category.HARASSMENT_THREATENING,
    }
)
_JOKING = re.compile(
    r"\b(?:ha ?ha\w*|he ?he ?he\w*|lol|lmao|jok(?:e[sd]?|ing)|kidding|funny|hilarious|laugh(?:s|ed|ing)?|silly|"
    r"cheer up|could be worse|look on the bright side|get over it|snap out of it)\b"
    r"|哈哈|呵呵|嘻嘻|笑话|玩笑|搞笑|逗你|想开点|[😀-😆😂😉😜🤣]",
    re.IGNORECASE,
)
_FOOD = re.compile(
    r"\b(?:eat(?:s|en|ing)?|ate|food|meals?|dinners?|suppers?|lunch\w*|breakfasts?|cook(?:s|ed|ing)?|bak(?:e[sd]?|ing)|"
    r"recipes?|cakes?|bread|soups?|pies?|puddings?|biscuits?|cookies?|sandwich\w*|potato\w*|cheese|meat|hungry|"
    r"delicious|tasty)\b|吃|饭|菜|粥|汤|面条|饺子|包子|蛋糕|点心|美味|饿",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:I|me|my|mine|myself)\b|我", re.IGNORECASE)
_YOURS = re.compile(r"\b(?:you|your|yours|yourself|we|us|our|together)\b|[你您妳]|我们|我們|咱", re.IGNORECASE)
# What a listener says of themselves.
_LISTENING = re.compile(
    r"\bI(?:'m| am|’m)?(?: \w+){0,2} (?:sorry|here|listening|hear|understand|see|know|wish|care)\b"
    r"|我.{0,4}(?:在这|在這|在呢|听|聽|懂|明白|知道|陪|理解|心疼|抱歉|难过|難過)",
    re.IGNORECASE,
)


def is_low(turns: Sequence[Spoken]) -> bool:
    """Whether the person's newest message is at the step *low*. Raises ClassifierUnavailable."""
    if not turns or turns[-1].speaker != "user":
        return False
    own = [turn.text for turn in turns if turn.speaker == "user"]
    return reading.read([own[-EARLIER - 1 :]])[0].step == "low"


def instruction(sheet: Sheet) -> str:
    """What is added to the scene for such a reply."""
    phrases = phrases_for(sheet.language)
    return phrases.low_mood.format(name=sheet.name, user=sheet.calls_user or phrases.friend)


def fits(sentence: str, scores: Mapping[str, float], message: str) -> bool:
    """Whether a reply to this message of low mood may hold the sentence, which has these scores.

    Raises ClassifierUnavailable.
    """
    if _JOKING.search(sentence) or (_FOOD.search(sentence) and not _FOOD.search(message)):
        return False
    is_about_itself = _OWN.search(sentence) and not _YOURS.search(sentence) and not _LISTENING.search(sentence)
    return not is_about_itself and not _is_hard(scores) and not meaning.shown("persona", sentence)


def _is_hard(scores: Mapping[str, float]) -> bool:
    return any(
        scores.get(rule.category, 0.0) >= _STRICTER * rule.threshold
        for rule in policy.active().rules
        if (rule.direction, rule.action, rule.is_shadow) == (Direction.PERSONA, RuleAction.BLOCK, False)
        and rule.category in _HARD
    )


def kept_gentle(message: str, language: str, *, has_begun: bool) -> Callable[[Iterable[str]], Generator[str]]:
    """A stage that leaves out the sentences that do not fit a reply to this message. It needs whole sentences.

    A reply that `has_begun` may end with nothing more. Raises ClassifierUnavailable.
    """

    def gentle(sentences: Iterable[str]) -> Generator[str]:
        has_spoken = has_begun
        for sentence in sentences:
            verdict = assessment.assess(sentence, direction=Direction.PERSONA)
            if fits(sentence, verdict.probabilities, message):
                has_spoken = True
                yield sentence
        if not has_spoken:
            yield phrases_for(language).listening

    return gentle
