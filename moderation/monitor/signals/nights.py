"""Nights: sleeplessness, sessions that last through a night, and nights in a row (compliance K7).

The hour of a turn is an hour of the site's TIME_ZONE.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.monitor.days import spelled
from moderation.monitor.signals.base import Watch, any_of, finding
from moderation.signs import Sign
from moderation.talk import Finding

HOURS = {23: "hour_23", 0: "hour_00", 1: "hour_01", 2: "hour_02", 3: "hour_03", 4: "hour_04"}
_SMALL_HOURS = ("hour_01", "hour_02", "hour_03", "hour_04")
_SLEEPLESS = "sleepless"
_HOURS_OF_A_LONG_NIGHT = 4
# Nights count beside one of these. A person who works at night shows none of them.
_HARD_TIMES = ("low", "grief", _SLEEPLESS, "dependency", "isolation")

CUES = {
    _SLEEPLESS: any_of(
        r"\b(?:can'?t|couldn'?t|can not|could not|can never|cannot) (?:\w+ )?(?:sleep|fall asleep|get to sleep|drop off)\b|\b(?:haven'?t|hardly|barely|didn'?t|not|never) (?:slept|sleep)\b(?! (?:in|over|with))",
        r"\b(?:sleepless|insomnia|no sleep|still awake|wide awake|lying awake|lie awake|awake (?:all night|since|again|until|till)|up all night|woke (?:up )?(?:again )?at (?:two|three|four|[234]))\b",
        r"\bslept (?:for )?(?:maybe |only |just |about |barely )*(?:an hour|one|two|three|[123]) ?(?:hours?)?\b|\b(?:another|a third|a fourth|a fifth) night (?:without|awake|of)\b",
        r"\b(?:not a wink|no wink|a wink of sleep|all night long|the whole night|till (?:dawn|morning|sunrise|the birds))\b|\b(?:one|two|three|four) hours(?:,? (?:in pieces|of sleep|that was|at most))\b|\bcouldn'?t drop off\b",
        r"(?:到|躺到|看到|坐到)(?:凌晨|[一二两三四五]点|[1-5]点|天亮)[^。!?\n]{0,4}(?:还|才|没|醒|睡)?|没合眼|没睡着|睡着不到|辗转|睡不着|失眠|一夜(?:没|未)|(?:整夜|整晚)[^。!?\n]{0,4}(?:没|睡|醒)|没(?:怎么|法)?睡|又(?:是)?(?:凌晨|半夜)|通宵|熬(?:了一)?夜|睁着眼|只睡了?[一二两三123]个?(?:多)?小时",
    ),
}


def sleeplessness(watch: Watch) -> Iterable[Finding]:
    """The person tells of lost sleep on three days of ten."""
    scored = watch.newest(_SLEEPLESS)
    days = watch.person.days(_SLEEPLESS, within=10)
    if scored and len(days) >= 3:
        detail = format_lazy(_("Lost sleep told on {count} days of ten: {days}."), count=len(days), days=spelled(days))
        turns = watch.person.turns(_SLEEPLESS, within=10)
        yield finding(watch, scored, "sleeplessness", Sign.SLEEP, 35, float(len(days)), 3.0, detail, turns)


def night_long(watch: Watch) -> Iterable[Finding]:
    """Messages in four of the six hours from 23 to 5 o'clock, on two nights of seven, beside a hard time."""
    scored = watch.newest(*HOURS.values())
    if scored is None or not _is_hard(watch):
        return
    nights = [
        day for day in watch.person.days(*HOURS.values(), within=7) if _hours(watch, day) >= _HOURS_OF_A_LONG_NIGHT
    ]
    if len(nights) >= 2 and nights[-1] == watch.person.today:
        detail = format_lazy(
            _("Messages through {count} nights of seven: {nights}."), count=len(nights), nights=spelled(nights)
        )
        yield finding(watch, scored, "night_long", Sign.NIGHTS, 40, float(len(nights)), 2.0, detail)


def nights_in_a_row(watch: Watch) -> Iterable[Finding]:
    """Messages between one and five o'clock in five nights in a row, beside a hard time."""
    scored = watch.newest(*_SMALL_HOURS)
    nights = watch.person.days(*_SMALL_HOURS, within=14)
    length = _run(nights)
    if scored and length >= 5 and _is_hard(watch):
        detail = format_lazy(
            _("Messages between one and five o’clock in {count} nights in a row: {nights}."),
            count=length,
            nights=spelled(nights[-length:]),
        )
        yield finding(watch, scored, "nights_in_a_row", Sign.NIGHTS, 40, float(length), 5.0, detail)


def _is_hard(watch: Watch) -> bool:
    """On two days at least: one line that reads like grief is found in anybody's fortnight."""
    return len(watch.person.days(*_HARD_TIMES, within=14)) > 1


def _hours(watch: Watch, day: date) -> int:
    return sum(day in watch.person.seen.get(cue, {}) for cue in HOURS.values())


def _run(days: Sequence[date]) -> int:
    """How many of the newest days follow one another."""
    newest = days[-1] if days else None
    return (
        next((n for n, day in enumerate(reversed(days)) if day != newest - timedelta(days=n)), len(days))
        if newest
        else 0
    )
