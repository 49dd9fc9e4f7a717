"""Lines that hold nothing but a day, as chat exports put between the messages of two days.

2023/06/15(木)   2023.06.15 Thursday   Thu, 6/15/2023   R5/06/15(木)   ————— 2023-6-15 —————
--------------- 2023년 6월 15일 목요일 ---------------   Thursday, June 15, 2023
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from personas.importers.times import dates
from personas.importers.times.date_order import DateOrder, SampleDate, in_order

_LONGEST = 80  # characters
_RULE = "-–—─=_ \t"
_WORD = r"[^\d\s/,.()（）:：]{1,16}\.?"
_DAY = re.compile(
    rf"""
    (?:(?P<before>{_WORD})[,،]?\ )?
    (?P<era>[RHＲＨ])?(?P<a>\d{{1,4}})\ ?(?P<separator>[/.年년-])\ ?(?P<b>\d{{1,2}})\ ?[/.月월-]\ ?(?P<c>\d{{1,4}})
    \ ?[日일]?\.?,?\ ?
    (?:[(（]?(?P<after>{_WORD})[)）]?)?
    """,
    re.VERBOSE,
)
_ERAS = {"R": 2018, "Ｒ": 2018, "H": 1988, "Ｈ": 1988}  # the year before the first one
_WEEKDAYS = {
    word: number
    for words in (
        "mon tue wed thu fri sat sun", "月 火 水 木 金 土 日", "一 二 三 四 五 六 日", "월 화 수 목 금 토 일",
        "mo di mi do fr sa so", "lun mar mer jeu ven sam dim", "lun mar mié jue vie sáb dom",
        "seg ter qua qui sex sáb dom",
    )
    for number, word in enumerate(words.split())
}  # fmt: skip


@dataclass(frozen=True)
class DayLine:
    """The three numbers of a date as they stand, and the weekday beside them (0 is Monday)."""

    fields: tuple[int, int, int]
    separator: str
    weekday: int | None

    def day(self, order: str) -> date | None:
        return in_order(self.fields, order)


def read(line: str) -> DayLine | None:
    """The day that is all of a line."""
    text = line.strip(_RULE) if len(line) <= _LONGEST else ""
    if not any(map(str.isdigit, text)):
        return None
    match = _DAY.fullmatch(text)
    if match is None:
        return _worded(text)
    first = int(match["a"]) + _ERAS.get(match["era"] or "", 0)
    fields = (first, int(match["b"]), int(match["c"]))
    is_year_first, is_year_last = fields[0] > 31, len(match["c"]) == 4
    return DayLine(fields, match["separator"], _weekday(match)) if is_year_first or is_year_last else None


def _worded(text: str) -> DayLine | None:
    dated = dates.leading(text)
    if dated is None or dated[1]:
        return None
    return DayLine((dated[0].year, dated[0].month, dated[0].day), "-", None)


def _weekday(match: re.Match[str]) -> int | None:
    word = (match["before"] or match["after"] or "").casefold().rstrip(".")
    for prefix in ("星期", "週", "周", "礼拜", "禮拜"):
        word = word.removeprefix(prefix)
    return next((_WEEKDAYS[word[:length]] for length in (3, 2, 1) if word[:length] in _WEEKDAYS), None)


@dataclass
class DayOrder:
    """The order of day, month and year in a file's day lines. A weekday beside a date decides it."""

    _dates: DateOrder = field(default_factory=DateOrder)
    _fits: Counter[str] = field(default_factory=Counter)
    _sample: SampleDate | None = None

    def see(self, line: DayLine) -> None:
        self._dates.see(line.fields)
        self._sample = SampleDate(line.separator, line.fields[0] > 31, line.fields[2] > 99, False)
        if line.weekday is not None:
            for order in ("day, month, year", "month, day, year", "year, month, day"):
                day = line.day(order)
                self._fits[order] += day is not None and day.weekday() == line.weekday

    def decide(self) -> tuple[str, bool]:
        """The order, and whether it had to be guessed."""
        if self._sample is None:
            return "", False
        ranked = self._fits.most_common(2)
        if ranked and ranked[0][1] and (len(ranked) < 2 or ranked[0][1] > ranked[1][1]):
            return ranked[0][0], False
        return self._dates.decide(self._sample)
