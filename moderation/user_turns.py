"""What a person says to a persona, judged: whether the persona may answer it, and what the site says of it.

The one door for words that come in, whatever they come by: the page of a conversation has its newest message judged
here, and /v1/ every turn that is new to it. From a wish to be dead upward the persona does not answer that turn; the
site does (compliance K2). Nothing is written here: the caller keeps verdicts with `assessment.record`.

FilterDown              no classifier can judge, and no pattern sees a crisis; carries what the site says then
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from django.conf import settings

from accounts.models import User
from moderation import plain_words
from moderation.crisis import ladder, notices
from moderation.crisis.notices import CrisisNotice
from moderation.filter import assessment
from moderation.filter.assessment import Verdict
from moderation.filter.classifiers.base import ClassifierUnavailable
from moderation.models import Direction, RuleAction

_BLOCKED = (
    "{what} was held back, and {name} does not see it: the safety filter found {why}. "
    "You can write again at once. A person looks at what was held back; if the filter was wrong, nothing follows."
)
_NAMED = {
    "user": "This message",
    "instruction": "An instruction in this request",
    "persona": "A line that this history gives to {name}",
}

# What the person says; what a program tells the persona in the person's name; what it says that the persona has said.
Source = Literal["user", "instruction", "persona"]


class Addressee(Protocol):
    """Who is spoken to: a persona, or a model."""

    @property
    def name(self) -> str: ...

    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class Turn:
    """Words to be judged; `before` is what stood before them, of which they may be the continuation."""

    text: str
    before: str = ""
    source: Source = "user"


@dataclass(frozen=True)
class Ruling:
    verdict: Verdict
    is_answered: bool  # the persona may answer, and may be told these words later
    help: CrisisNotice | None  # what the site says where the person sounds low or worse
    refusal: str  # what the site says where the filter held the words back; "" where it did not


class FilterDown(Exception):
    """Nothing can be judged now, so nothing passes; the refusal comes with `help`."""

    def __init__(self, help: CrisisNotice) -> None:
        super().__init__("The filter cannot judge.")
        self.help = help


def judge(turns: Sequence[Turn], *, user: User, addressee: Addressee) -> list[Ruling]:
    """A ruling for each turn, in order. Raises FilterDown.

    While the classifiers are down, patterns alone still see a crisis (compliance K6).
    """
    try:
        verdicts = _verdicts(turns)
    except ClassifierUnavailable:
        verdicts = [assessment.by_patterns(turn.text) for turn in turns]
        rulings = _rulings(turns, verdicts, user, addressee)
        if all(ruling.is_answered for ruling in rulings):
            level = ladder.highest(verdict.level for verdict in verdicts)
            raise FilterDown(help_for(user, addressee, level)) from None
        return rulings
    return _rulings(turns, verdicts, user, addressee)


def _verdicts(turns: Sequence[Turn]) -> list[Verdict]:
    """What a persona is said to have said is judged as what it says; everything else, as what a person says."""
    verdicts: dict[int, Verdict] = {}
    for direction in Direction:
        indices = [index for index, turn in enumerate(turns) if _direction(turn) == direction]
        judged = assessment.assess_turns(
            [(turns[index].text, turns[index].before) for index in indices], direction=direction
        )
        verdicts |= zip(indices, judged, strict=True)
    return [verdicts[index] for index in range(len(turns))]


def _direction(turn: Turn) -> Direction:
    return Direction.PERSONA if turn.source == "persona" else Direction.USER


def _rulings(turns: Sequence[Turn], verdicts: Sequence[Verdict], user: User, addressee: Addressee) -> list[Ruling]:
    return [_ruling(turn, verdict, user, addressee) for turn, verdict in zip(turns, verdicts, strict=True)]


def _ruling(turn: Turn, verdict: Verdict, user: User, addressee: Addressee) -> Ruling:
    """A wish to be dead in an instruction is a story's, unless the filter itself answers it as a crisis."""
    is_own = turn.source == "user"
    is_answered = verdict.passes and not (is_own and ladder.is_for_the_site(verdict.level))
    needs_help = verdict.action == RuleAction.CRISIS or (is_own and ladder.is_at_least(verdict.level, "low"))
    is_blocked = verdict.action == RuleAction.BLOCK
    return Ruling(
        verdict=verdict,
        is_answered=is_answered,
        help=help_for(user, addressee, verdict.level) if needs_help else None,
        refusal=_refusal(turn, addressee, verdict) if is_blocked else "",
    )


def help_for(user: User, addressee: Addressee, level: str) -> CrisisNotice:
    """What the site says to this person at this crisis level, with the help lines of their country."""
    return notices.notice(country=user.country or settings.DEFAULT_COUNTRY, language=addressee.language, level=level)


def _refusal(turn: Turn, addressee: Addressee, verdict: Verdict) -> str:
    what = _NAMED[turn.source].format(name=addressee.name)
    return _BLOCKED.format(what=what, name=addressee.name, why=plain_words.category_in_words(verdict.category))
