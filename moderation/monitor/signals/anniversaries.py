"""Anniversaries of the death: the persona's date where it states one, or the person's own words (compliance K7).

Such a day is hard for many and no sign of danger by itself. It is told beside low mood or a lost night.
"""

from collections.abc import Iterable
from datetime import date

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.monitor import cue_words
from moderation.monitor.signals.base import Watch, any_of, finding
from moderation.signs import Sign
from moderation.talk import Finding

_WORDS = "anniversary"
_AROUND = 3  # days before and after
_HARD = ("low", "sleepless", "isolation")

_NUMBER = r"(?:a|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2})"
CUES = {
    _WORDS: any_of(
        r"\banniversary of (?:your|his|her|their|the|my \w+'s|\w+'s) (?:death|passing|funeral|accident)\b|\b(?:death|first|second|third) anniversary\b",
        rf"\b{_NUMBER} years? (?:ago )?(?:today|tomorrow|tonight|this (?:week|month)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
        rf"\b(?:today|tomorrow|tonight|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)[^.!?\n]{{0,24}}\b{_NUMBER} years?\b[^.!?\n]{{0,24}}\b(?:since|ago|that)\b[^.!?\n]{{0,16}}\b(?:died|passed|left|went|lost|gone)\b",
        rf"\bit(?:'s| is|'ll be| will be) {_NUMBER} years? (?:since|today|tomorrow)\b|\bthe day (?:you|he|she) died\b",
        r"\b(?:you|he|she) would (?:have|be) (?:been|turned|turning|turn)? ?\d{0,3} ?(?:today|tomorrow|this week)\b|\b(?:your|his|her) first birthday (?:since|without)\b",
        r"忌日|头七|周年|祭日|冥寿|(?:一|两|二|三|四|五|六|七|八|九|十)年前的(?:今天|明天)|(?:今天|明天|后天)[^。!?\n]{0,8}(?:走|去世|离开)了?[^。!?\n]{0,4}(?:整)?[一两二三四五六七八九十]年|生忌",
    ),
}


def anniversary(watch: Watch) -> Iterable[Finding]:
    """Low mood, a lost night or withdrawal within three days of an anniversary of the death."""
    hard = watch.newest(*_HARD, _WORDS)
    around = [day for day in watch.dates_of_death if _is_near(watch.person.today, *day)]
    told = watch.person.days(_WORDS, within=_AROUND + 1)
    signs = [cue for cue in _HARD if watch.person.days(cue, within=_AROUND + 1)]
    if hard is None or not signs or not (around or told):
        return
    words = cue_words.listed([cue_words.of(cue) for cue in signs])
    if around:
        month, day = around[0]
        detail = format_lazy(
            _("The persona states a death on day {day} of month {month}. Within {within} days of it: {signs}."),
            day=day,
            month=month,
            within=_AROUND,
            signs=words,
        )
    else:
        detail = format_lazy(
            _("An anniversary was told of on {day}. Within {within} days of it: {signs}."),
            day=told[-1],
            within=_AROUND,
            signs=words,
        )
    turns = watch.person.turns(*_HARD, _WORDS, within=_AROUND + 1)
    yield finding(watch, hard, "anniversary", Sign.ANNIVERSARY, 45, float(len(signs)), 1.0, detail, turns)


def _is_near(today: date, month: int, day: int) -> bool:
    """Whether this day of the year is at most _AROUND days from today. 29 February is 1 March in other years."""
    years = (today.year - 1, today.year, today.year + 1)
    return any(abs((_day_in(year, month, day) - today).days) <= _AROUND for year in years)


def _day_in(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 3, 1)
