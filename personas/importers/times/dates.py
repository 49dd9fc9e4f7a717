"""Reads the dates above letters and diary entries. Dates with more than one possible reading are not read."""

import re
from datetime import UTC, datetime

MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan januar janvier enero gennaio januari janeiro stycznia января",
            "february feb februar février febrero febbraio februari fevereiro lutego февраля",
            "march mar märz mars marzo maart marts março marca марта",
            "april apr avril abril aprile kwietnia апреля",
            "may mai mayo maggio mei maj maio maja мая",
            "june jun juni juin junio giugno junho czerwca июня",
            "july jul juli juillet julio luglio julho lipca июля",
            "august aug août agosto augustus augusti sierpnia августа",
            "september sept sep septembre septiembre settembre setembro września сентября",
            "october oct oktober octobre octubre ottobre outubro października октября",
            "november nov novembre noviembre novembro listopada ноября",
            "december dec dezember décembre diciembre dicembre dezembro grudnia декабря",
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
_DAY_AND_MONTH = rf"(?:{_WEEKDAY})?{_DAY}(?: of| de)? (?P<month>{MONTH_NAMES})\b\.?"
_MONTH_AND_DAY = rf"(?:{_WEEKDAY})?(?P<month>{MONTH_NAMES})\b\.? {_DAY}"
_CHINESE_DAY = rf"(?P<month>正|{_NUMERAL}{{1,3}}) ?月 ?(?P<day>{_NUMERAL}{{1,3}}) ?[日号號]"
_LATE = r"1[3-9]|2\d|3[01]"  # a number that is no month, so it tells the order of the others
_PATTERNS = [
    re.compile(r"(?P<year>\d{4})(?:[-/．]|\. ?)(?P<month>\d{1,2})(?:[-/．]|\. ?)(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?(?P<year>\d{4})"),
    re.compile(rf"(?P<day>{_LATE})/(?P<month>\d{{1,2}})/(?P<year>\d{{4}})"),
    re.compile(rf"(?P<month>\d{{1,2}})/(?P<day>{_LATE})/(?P<year>\d{{4}})"),
    re.compile(rf"{_DAY_AND_MONTH}(?:,| de)? (?P<year>\d{{4}})(?: г\.)?", re.IGNORECASE),
    re.compile(rf"{_MONTH_AND_DAY},? (?P<year>\d{{4}})", re.IGNORECASE),
    re.compile(rf"(?P<year>(?:民[国國] ?)?{_NUMERAL}{{1,4}}) ?年 ?{_CHINESE_DAY}"),
    re.compile(r"(?P<year>\d{4})년 ?(?P<month>\d{1,2})월 ?(?P<day>\d{1,2})일"),
]
_WITHOUT_YEAR = [
    re.compile(_DAY_AND_MONTH, re.IGNORECASE),
    re.compile(_MONTH_AND_DAY, re.IGNORECASE),
    re.compile(_CHINESE_DAY),
    re.compile(r"(?P<month>\d{1,2})월 ?(?P<day>\d{1,2})일"),
]
# A day of the moon's calendar: its date is another each year.
_LUNAR = re.compile(
    r"(?:农历|農曆|阴历|陰曆)?[正冬腊臘一二三四五六七八九十]{1,2}月(?:初[一二三四五六七八九十]|十[一二三四五六七八九]|廿[一-九]?)"
)
_WEATHER = re.compile(
    r"(?=.{0,7}[晴阴陰雨雪雾霧风風霜霾云雲昙曇])[晴阴陰雨雪雾霧风風霜霾云雲昙曇雷多小大中暴微阵陣转轉间間后後]{1,8}(?:[\s.,;。，；]++|\Z)"
)
_PROCLAIMED = 1911  # the year before the first one of the Republic of China
_HALF_A_YEAR = 6  # months
_LEAD = re.compile(r"(?:le|ce|den|am|el|il|this) (?=\d)", re.IGNORECASE)
IN_PLACE = re.compile(r"[于於寄书書写寫]{1,2}[\u3400-\u9fff]{2,10}[。.]?")  # behind a date: 于北京
_AFTER = re.compile(r"[\s.,:;。—–-]*+(?:星期.|周.|[月火水木金土日]曜日?|[(（][^()（）]{1,12}[)）])?+[\s.,:;。—–-]*+")


def leading(line: str) -> tuple[datetime, str] | None:
    """The date at the beginning of a line and the text after it. None if the line does not begin with a date.

    A weekday and words of Chinese for the weather belong to the date.
    """
    text = _bare(line)
    for pattern in _PATTERNS:
        match = pattern.match(text)
        if match and (day := _date(match)):
            following = _following(text[match.end() :])
            return None if following is None else (day, following[0])
    return None


def without_year(line: str, before: datetime | None) -> tuple[datetime | None, str] | None:
    """As `leading`, for a line that names a day without its year and nothing else, or behind it the weather.

    The year is that of `before`, the date above, or the next one if the months say so. A date of the moon's calendar,
    and one with no date above, is None.
    """
    text = _bare(line)
    lunar = _LUNAR.match(text)
    for match in (lunar, *(pattern.match(text) for pattern in _WITHOUT_YEAR)):
        following = _following(text[match.end() :]) if match else None
        if match is None or following is None or (following[0] and not following[1]):
            continue
        if match is lunar or before is None:
            return None, following[0]
        if day := _date(match, year=before.year):
            is_next = before.month - day.month >= _HALF_A_YEAR
            return (_date(match, year=before.year + 1) if is_next else day), following[0]
    return None


def _bare(line: str) -> str:
    return _LEAD.sub("", line.strip().strip("*_# "))


def _following(text: str) -> tuple[str, bool] | None:
    """What stands behind a date, and whether the weather stood between. None if a date does not end there."""
    separator = _AFTER.match(text)
    assert separator is not None
    if text and not separator[0] and not IN_PLACE.fullmatch(text):
        return None
    words = text[separator.end() :]
    weather = _WEATHER.match(words)
    return (words[weather.end() :], True) if weather else (words, False)


def _date(match: re.Match[str], *, year: int | None = None) -> datetime | None:
    """At midnight. None if there is no such day, or if the year has neither four figures nor its era."""
    month = MONTHS.get(match["month"].casefold()) or number(match["month"])
    try:
        return datetime(year or _year(match["year"]), month, number(match["day"]), tzinfo=UTC)
    except ValueError:
        return None


def _year(text: str) -> int:
    if text.startswith("民"):
        return _PROCLAIMED + number(text[2:].strip())
    return number(text) if len(text) == 4 else 0


def number(text: str) -> int:
    """A number in figures or in Chinese numerals: 1912, 一九一二, 十五, 二十, 廿三."""
    if text.isdecimal():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" in text:
        tens, _, ones = text.partition("十")
        return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)
    return int("".join(str(_DIGITS.get(digit, 0)) for digit in text))
