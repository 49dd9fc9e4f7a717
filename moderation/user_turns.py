"""Judges a person's turns: whether the persona may answer them, and the site's own answer.

This is the one door for incoming words. The page of a conversation has its newest message judged here, and /v1/ has
every turn judged that is new to it. From a wish to be dead upward, the site answers the turn instead of the persona
(compliance K2). Nothing is written here: the caller keeps verdicts with `assessment.record`.

FilterDown              nothing can judge, and no pattern sees a crisis; carries the site's notice
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext, gettext_noop
from redis import RedisError

from accounts.interface import languages
from accounts.models import User
from accounts.sign_in import ages
from moderation import plain_words
from moderation.categories import ClassifierUnavailable
from moderation.crisis import goodbyes, ladder, notices, reading, self_check
from moderation.crisis.notices import CrisisNotice
from moderation.crisis.tokens import EARLIER
from moderation.filter import assessment
from moderation.filter.assessment import Verdict
from moderation.models import Direction, RuleAction
from text import scripts

__all__ = ["EARLIER", "Addressee", "FilterDown", "Ruling", "Source", "Turn", "help_for", "judge"]

logger = logging.getLogger(__name__)

_BLOCKED = gettext_noop(
    "{subject} was held back, and {name} does not see it: the safety filter found {why}. "
    "You can write again at once. A person looks at what was held back; if the filter was wrong, nothing follows."
)
_SUBJECTS = {
    "user": gettext_noop("This message"),
    "instruction": gettext_noop("An instruction in this request"),
    "persona": gettext_noop("A line that this history gives to {name}"),
}

# The person's own message; a program's instruction in the person's name; a line that a program ascribes to the persona.
Source = Literal["user", "instruction", "persona"]


class Addressee(Protocol):
    """The persona or the model that the person writes to."""

    @property
    def id(self) -> UUID: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Turn:
    """A text to be judged.

    `before` is the text before it, whoever wrote it, which it may continue. `earlier` are the person's messages before
    it, the newest last: a step of the crisis ladder may show only in the last turns together.
    """

    text: str
    before: str = ""
    earlier: tuple[str, ...] = ()
    source: Source = "user"
    is_farewell: bool = False  # the person has begun a farewell: a goodbye alone is no sign of danger


@dataclass(frozen=True)
class Ruling:
    verdict: Verdict
    is_answered: bool  # the persona may answer, and later prompts may contain these words
    help: CrisisNotice | None  # the site's notice where the crisis level is low or higher
    refusal: str  # the site's explanation where the filter withheld the words; "" where it did not
    is_judged: bool = True  # False: the filter is down, and no pattern sees a crisis in these words

    @property
    def is_crisis(self) -> bool:
        """Whether the site answers in place of the persona because the person may be in danger."""
        return self.help is not None and ladder.is_for_the_site(self.verdict.level)


class FilterDown(Exception):
    """No text can be judged now, so none passes. `help` is shown with the refusal."""

    def __init__(self, help: CrisisNotice) -> None:
        super().__init__("The filter cannot judge.")
        self.help = help


def judge(turns: Sequence[Turn], *, user: User, addressee: Addressee) -> list[Ruling]:
    """A ruling for each turn, in order. Raises FilterDown.

    While the classifiers are down, the patterns alone detect a crisis (compliance K6). Turns beside it are then not
    answered and not judged, because the patterns see nothing else (compliance T2). A fault in judging is an outage too.
    Redis and the database raise their own errors.
    """
    try:
        self_check.require()
        judged = _verdicts(turns, addressee.id, is_minor=ages.is_minor(user))
        verdicts = [_of_farewell(turn, verdict, addressee) for turn, verdict in zip(turns, judged, strict=True)]
    except ClassifierUnavailable:
        return _rulings_by_patterns(turns, user, addressee)
    except (RedisError, DatabaseError):
        raise
    except Exception:
        logger.exception("moderation.broken")
        return _rulings_by_patterns(turns, user, addressee)
    return _rulings(turns, verdicts, user, addressee)


def _rulings_by_patterns(turns: Sequence[Turn], user: User, addressee: Addressee) -> list[Ruling]:
    """Raises FilterDown where the patterns see no crisis."""
    verdicts = [assessment.by_patterns(turn.text) for turn in turns]
    rulings = _rulings(turns, verdicts, user, addressee)
    if all(ruling.is_answered for ruling in rulings):
        level = ladder.highest(verdict.level for verdict in verdicts)
        newest = next((turn.text for turn in reversed(turns) if turn.source == "user"), "")
        raise FilterDown(help_for(user, level, answering=newest))
    return [replace(each, is_answered=False, is_judged=False) if each.is_answered else each for each in rulings]


def _verdicts(turns: Sequence[Turn], persona_id: UUID, *, is_minor: bool) -> list[Verdict]:
    """Lines ascribed to the persona are judged by the persona's rules, all other turns by the person's."""
    verdicts: dict[int, Verdict] = {}
    for direction in Direction:
        indices = [index for index, turn in enumerate(turns) if _direction(turn) == direction]
        texts = [(turns[index].text, turns[index].before) for index in indices]
        earlier = [turns[index].earlier for index in indices]
        judged = assessment.assess_turns(
            texts, direction=direction, earlier=earlier, is_minor=is_minor, persona_id=persona_id
        )
        verdicts |= zip(indices, judged, strict=True)
    return [verdicts[index] for index in range(len(turns))]


def _of_farewell(turn: Turn, verdict: Verdict, addressee: Addressee) -> Verdict:
    """In a farewell, the model reads what is left without the goodbyes. The patterns count as ever."""
    if not turn.is_farewell or not ladder.is_for_the_site(verdict.level):
        return verdict
    *earlier, rest = goodbyes.without([*turn.earlier, turn.text], addressee.name)
    steps = [reading.read([[*filter(None, earlier), rest]])[0].step] if rest.strip() else []
    return replace(verdict, level=ladder.highest([ladder.level(turn.text), *steps]))


def _direction(turn: Turn) -> Direction:
    return Direction.PERSONA if turn.source == "persona" else Direction.USER


def _rulings(turns: Sequence[Turn], verdicts: Sequence[Verdict], user: User, addressee: Addressee) -> list[Ruling]:
    return [_ruling(turn, verdict, user, addressee) for turn, verdict in zip(turns, verdicts, strict=True)]


def _ruling(turn: Turn, verdict: Verdict, user: User, addressee: Addressee) -> Ruling:
    """A wish to be dead in an instruction counts as fiction, unless a rule of the policy treats it as a crisis."""
    is_own = turn.source == "user"
    is_answered = verdict.passes and not (is_own and ladder.is_for_the_site(verdict.level))
    needs_help = verdict.action == RuleAction.CRISIS or (is_own and ladder.is_at_least(verdict.level, "low"))
    is_blocked = verdict.action == RuleAction.BLOCK
    return Ruling(
        verdict=verdict,
        is_answered=is_answered,
        help=help_for(user, verdict.level, answering=turn.text) if needs_help else None,
        refusal=_refusal(turn, addressee, verdict) if is_blocked else "",
    )


def help_for(user: User, level: str, *, answering: str = "") -> CrisisNotice:
    """The site's notice to this person at this crisis level, with the help lines of their country.

    It speaks the language of the interface. Words in Chinese are answered in Chinese on every page, because their
    writer may read nothing else. Japanese words without kana count as Chinese. Latin letters show no language: they may
    be pinyin.
    """
    language = "zh" if scripts.is_mostly_han(answering) else languages.current()
    return notices.notice(country=user.country or settings.DEFAULT_COUNTRY, language=language, level=level)


def _refusal(turn: Turn, addressee: Addressee, verdict: Verdict) -> str:
    subject = gettext(_SUBJECTS[turn.source]).format(name=addressee.name)
    return gettext(_BLOCKED).format(
        subject=subject, name=addressee.name, why=plain_words.category_in_words(verdict.category)
    )
