"""Reads the dates above letters and diary entries. Dates with more than one possible reading are not read."""

import re
from datetime import UTC, date, datetime

MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan januar janvier enero gennaio",
            "february feb februar février febrero febbraio",
            "march mar märz mars marzo",
            "april apr avril abril aprile",
            "may mai mayo maggio",
            "june jun juni juin junio giugno",
            "july jul juli juillet julio luglio",
            "august aug août agosto",
            "september sept sep septembre septiembre settembre",
            "october oct oktober octobre octubre ottobre",
            "november nov novembre noviembre",
            "december dec dezember décembre diciembre dicembre",
        ],
        start=1,
    )
    for name in names.split()
}
MONTH_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
_WEEKDAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\.?,? *+"
)
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"○": 0, "零": 0, "正": 1}
_NUMERAL = r"[〇○零一二三四五六七八九十廿卅\d]"
_DAY = r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_PATTERNS = [
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(rf"(?:{_WEEKDAY})?{_DAY}(?: of)? (?P<month>{MONTH_NAMES})\.?,? (?P<year>\d{{4}})", re.IGNORECASE),
    re.compile(rf"(?:{_WEEKDAY})?(?P<month>{MONTH_NAMES})\.? {_DAY},? (?P<year>\d{{4}})", re.IGNORECASE),
    re.compile(rf"(?P<year>{_NUMERAL}{{4}}) ?年 ?(?P<month>正|{_NUMERAL}{{1,3}}) ?月 ?(?P<day>{_NUMERAL}{{1,3}}) ?日"),
]
_LEAD = re.compile(r"(?:le|den|am|el|il) (?=\d)", re.IGNORECASE)
_PLACE = re.compile(r"[^\W\d_][^\d,.!?\n]{1,40}, ++")
_AFTER = re.compile(r"[\s.,:;—–-]*+(?:星期.|周.|[月火水木金土日]曜日?|[(（][^()（）]{1,12}[)）])?+[\s.,:;—–-]*+")


def leading(line: str) -> tuple[datetime, str] | None:
    """The date at the beginning of a line and the text after it. None if the line does not begin with a date."""
    text = _LEAD.sub("", line.strip().strip("*_# "))
    for pattern in _PATTERNS:
        match = pattern.match(text)
        if match and (day := _date(match)):
            following_text = text[match.end() :]
            separator = _AFTER.match(following_text)
            assert separator is not None
            if following_text and not separator[0]:
                return None
            return datetime(day.year, day.month, day.day, tzinfo=UTC), following_text[separator.end() :]
    return None


def behind_place(line: str) -> tuple[datetime, str] | None:
    """As `leading`, for a line that is nothing but a place and a date: "Berlin, den 5. Juni 2023"."""
    place = _PLACE.match(line)
    dated = leading(line[place.end() :]) if place else None
    return dated if dated and not dated[1] else None


def _date(match: re.Match[str]) -> date | None:
    month = MONTHS.get(match["month"].casefold()) or _number(match["month"])
    try:
        return date(_number(match["year"]), month, _number(match["day"]))
    except ValueError:
        return None


def _number(text: str) -> int:
    """A number in figures or in Chinese numerals: 1912, 一九一二, 十五, 二十, 廿三."""
    if text.isdecimal():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" in text:
        tens, _, ones = text.partition("十")
        return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)
    return int("".join(str(_DIGITS.get(digit, 0)) for digit in text))
