"""Times as exports write them for people: "Thursday, June 15, 2023 at 8:41:07 PM UTC", "15.06.2023, 21:41".

Dates such as 6/5/2023 have two readings. They are read in the order that the other dates of their file tell (`order`).
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache

from personas.importers.encodings.folding import fold
from personas.importers.times import month_words
from personas.importers.times.clock import PERIOD, hour_of
from personas.importers.times.date_order import DateOrder, SampleDate, in_order

_TIME = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})(?:[:.]|\s?h\s?|[시時时]\s?)(?P<minute>\d{2})(?:(?:[:.]|[분分]\s?)(?P<second>\d{1,2}))?(?!\d)"
)
_BEFORE = re.compile(rf"(?:(?<![^\W\d_])|(?=[\u3040-\u9fff\uac00-\ud7af]))(?P<period>{PERIOD})\s?\Z", re.IGNORECASE)
_SECONDS = re.compile(r"\s?(?:초|秒|ч\.)?\s?")  # the word behind the seconds or the hour
_AFTER = re.compile(rf"(?P<period>{PERIOD}|[ap]\.? ?m)(?![^\W\d_])", re.IGNORECASE)
_HALF = re.compile(r"[ap]\.? ?m", re.IGNORECASE)
_YEAR_FIRST = re.compile(
    r"(?<![\d:.])(?P<year>\d{4})\s?[-/.年년]\s?(?P<month>\d{1,2})\s?[-/.月월]\s?(?P<day>\d{1,2})(?!\d)[日일]?"
)
_YEAR_LAST = re.compile(r"(?<![\d:.])(?P<a>\d{1,2})(?P<separator>[-/.])\s?(?P<b>\d{1,2})[-/.]\s?(?P<c>\d{4})(?!\d)")
_NUMBERED_MONTH = [
    re.compile(r"(?P<day>\d{1,2}) (?:tháng|thg) (?P<month>\d{1,2}),? (?P<year>\d{4})", re.IGNORECASE),
    re.compile(r"(?:tháng|thg) (?P<month>\d{1,2}) (?P<day>\d{1,2}),? (?P<year>\d{4})", re.IGNORECASE),
    re.compile(r"(?P<month>\d{1,2})[月월] (?P<day>\d{1,2}),? (?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2}) (?P<month>\d{1,2})[月월],? (?P<year>\d{4})"),
]
_TWO_WORDS = re.compile(r"(تشرين|كانون) (?=الأول|الاول|الثاني)")  # 10 and 11, 12 and 1 in Syria and Lebanon
_WORD = re.compile(r"[^\s\d,:;/()\[\]-]{2,20}")
_BUDDHIST = 2400  # years after this are counted from 543 BC
_YEAR = re.compile(r"(?<!\d)((?:19|20|25)\d\d)(?!\d)")
_DAY = re.compile(r"(?<![\d:.])(\d{1,2})(?!\d|:\d)")
_DOTTED_YEAR = re.compile(r"\d{4}\.")
_LONGEST = 120


@lru_cache(maxsize=4096)
def moment(text: str, order: str = "") -> datetime | None:
    """The wall-clock time that a text gives, or None. `order` is that of dates with two readings, if it is known."""
    if len(text) > _LONGEST:
        return None
    text, _ = fold(text)
    numbers = _YEAR_FIRST.search(text) or _YEAR_LAST.search(text)
    if numbers is not None:
        text = f"{text[: numbers.start()]} {text[numbers.end() :]}"
    clock = _TIME.search(text)
    if numbers is not None:
        day = _numbered(numbers, order)
    else:
        day = _worded(f"{text[: clock.start()]} {text[clock.end() :]}" if clock else text)
    time = _time(text, clock) if clock else (0, 0, 0)
    try:
        return datetime(day.year, day.month, day.day, *time, tzinfo=UTC) if day and time else None
    except ValueError:
        return None


def order(texts: Iterable[str]) -> tuple[str, bool]:
    """In what order the dates with two readings stand by the evidence of all, and whether it had to be guessed."""
    matches = [match for text in texts if (match := _YEAR_LAST.search(fold(text[:_LONGEST])[0]))]
    matches = [match for match in matches if match["separator"] != "."]
    if not matches:
        return "", False
    ways = [DateOrder(), DateOrder()]  # some pages begin with the newest
    for seen, way in zip(ways, (matches, matches[::-1]), strict=True):
        for match in way:
            seen.see(_fields(match))
    forward = min(ways, key=lambda seen: min(seen.backwards.values(), default=0))
    return forward.decide(SampleDate(matches[0]["separator"], False, True, False))


def _fields(match: re.Match[str]) -> tuple[int, int, int]:
    return int(match["a"]), int(match["b"]), int(match["c"])


def _numbered(match: re.Match[str], order: str) -> date | None:
    if match.re is _YEAR_FIRST:
        return in_order((int(match["year"]), int(match["month"]), int(match["day"])), "year, month, day")
    if match["separator"] == ".":
        order = "day, month, year"
    orders = [order] if order else ["day, month, year", "month, day, year"]
    days = {day for order in orders if (day := in_order(_fields(match), order))}
    return days.pop() if len(days) == 1 else None


def _worded(text: str) -> date | None:
    if numbers := next(filter(None, (pattern.search(text) for pattern in _NUMBERED_MONTH)), None):
        return in_order((int(numbers["year"]), int(numbers["month"]), int(numbers["day"])), "year, month, day")
    month = month_words.number(
        _WORD.findall(_TWO_WORDS.sub(r"\1_", text)), is_croatian=_DOTTED_YEAR.search(text) is not None
    )
    match = _YEAR.search(text)
    day = _DAY.search(text.replace(match[0], " ", 1)) if match else None
    if not (month and match and day):
        return None
    year = int(match[1])
    try:
        return date(year - 543 if year > _BUDDHIST else year, month, int(day[1]))
    except ValueError:
        return None


def _time(text: str, clock: re.Match[str]) -> tuple[int, int, int] | None:
    seconds = _SECONDS.match(text, clock.end())
    assert seconds is not None
    period = _AFTER.match(text, seconds.end()) or _BEFORE.search(text[: clock.start()])
    word = period["period"] if period else ""
    hour = hour_of(int(clock["hour"]), word[0] + "m" if _HALF.fullmatch(word) else word)
    return None if hour is None else (hour, int(clock["minute"]), int(clock["second"] or 0))
