"""Numbers that reach nobody: dates, times, amounts, ranges, decimals, verses, scores, numbers of books and trains.

`blanked` takes them out of a text before telephone numbers are looked for. Only forms that no numbering plan shares
are taken. A form that is a number of things in one country and a telephone number in another ("72 128 827") is
taken only where a unit follows it.
"""

import re
from itertools import pairwise

from stdnum import isbn

BLANK = "\x00"  # stands for each character taken out, so that places in the text stay the same

# A number begins here, and is not the rest of a longer one.
_LEFT = r"(?<![A-Za-z0-9_+])(?<![\d)）][\s.,:/\-–])"
# It ends here.
_RIGHT = r"(?![0-9_])(?![.,:/\-–]\d)"
_GAP = "[ \u00a0\u202f]"

_YEAR = r"(?:1[0-9]|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MINUTES = r"[0-5]\d(?:[.:][0-5]\d)?"
_CLOCK = rf"(?:[01]?\d|2[0-4])[.:h]{_MINUTES}"
_DATE = "|".join(
    [rf"{_DAY}\s?\.\s?{_DAY}\s?\.\s?(?:{_YEAR}|\d\d)"]
    + [rf"{_DAY}{mark}{_DAY}{mark}(?:{_YEAR}|\d\d)" for mark in ("/", "-", "–")]
    + [rf"{_YEAR}{mark}{_DAY}{mark}{_DAY}" for mark in (r"\.", "/", "-", "–")]
    + [rf"(?:0[1-9]|[12]\d|3[01]) (?:0[1-9]|1[0-2]) {_YEAR}(?! \d)", _YEAR + rf"\s?[-–/]\s?(?:{_YEAR}|\d\d)"]
)
# A clock's hours and minutes with a full stop between them are told apart only behind a date, or as "10.30-11.45".
_TIMES = rf"{_CLOCK}\s?[-–]\s?{_CLOCK}|(?:{_DATE}|{_YEAR}),?\s{_CLOCK}(?:\s?[-–]\s?{_CLOCK})?"
# John 3:16-17, 3:2, 18:15, 00:15:30, 1:50000.
_COLON = r"\d{1,3}(?::\d{1,3}){1,2}(?:\s?[-–]\s?\d{1,3}(?::\d{1,3}){0,2})?|1:\d{1,3}0{3,6}"
_UNIT = (
    r"(?:people|persons?|men|women|children|soldiers|inhabitants|years?|days|hours|times|miles?|metres?|meters?|feet|"
    r"km|cm|mm|kg|g|ml|l|m|tons?|tonnes?|acres|words|letters|pages|books|copies|stars|bees|birds|euros?|dollars?|pounds?|"
    r"francs?|marks?|yen|yuan|EUR|USD|GBP|CHF|RMB|per|bytes|pixels|steps|votes)\b|"
    r"[€$£¥￥%％‰°]|[人元块年次个只册页里米克吨斤岁天位名本字票步]|公里|公斤|英镑|美元|欧元"
)
_AMOUNT = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:\.\d{3})+(?:,\d+)?|"
    rf"[1-9]\d?(?:(?:{_GAP}|\.)\d{{3}}){{0,4}}(?:{_GAP}|\.)000|\d{{1,3}}(?:(?:{_GAP}|\.)000){{1,4}}|"
    rf"[1-9]\d{{0,2}}(?:(?:{_GAP}|\.)\d{{3}}){{1,4}}(?:,\d{{1,2}})?(?={_GAP}?(?:{_UNIT}))|"
    rf"\d{{1,12}}(?:[.,]\d{{1,3}}){{0,3}}(?={_GAP}?[%％‰])|[1-9]\d{{0,2}}0{{4,6}}"
)
_MONEY = rf"(?:[$£€¥￥]|EUR|USD|GBP|CHF|RMB){_GAP}?\d{{1,12}}(?:(?:{_GAP}|[.,])\d{{1,3}}){{0,4}}"
_DECIMAL = r"(?:0|[1-9]\d?)\.\d{4,20}|(?:0|[1-9]\d{0,2})\.\d{1,2}"
# 250 / 300 / 350, and 120-125 130-135.
_LIST = r"\d{1,4}(?:\s/\s\d{1,4}){2,20}|[1-9]\d{0,2}[-–]\d{1,3}(?:(?:,?\s|/)[1-9]\d{0,2}[-–]\d{1,3}){1,20}"

_ANY = f"(?:{_TIMES}|{_DATE}|{_COLON}|{_AMOUNT}|{_DECIMAL}|{_LIST})"
_NUMBERS = re.compile(rf"{_LEFT}{_ANY}{_RIGHT}(?:[\s,;–-]{{1,3}}{_ANY}{_RIGHT})*+|{_MONEY}{_RIGHT}")

# What a number is called by the words right before it.
_NAMED = re.compile(
    r"(?<![A-Za-z])(?:(?:ISBN|ISSN|EAN)(?:-1[03])?|(?:version|release|v|opus|op|pages?|pp|flight|train|chapter|section|verse)\.?"
    r"(?:\s(?:number|no\.?))?|(?:order|invoice|serial|patent|ticket|part|model|catalogue|page|room|house|flat|bus|tram)\s"
    r"(?:numbers?|nos?\.?)|版本|航班|车次|列车|订单号?|页码|章节|房号|门牌号?|书号|第|§)"
    rf"[:：]?{_GAP}?(?:[A-Z]{{1,3}}{_GAP}?)?(?P<number>\d{{1,13}}(?:[ .,\-–]{{1,2}}[\dX]{{1,9}}){{0,8}}){_RIGHT}",
    re.IGNORECASE,
)
_ISBN = re.compile(r"(?<![\d-])(?:97[89][ -]?)?\d{1,5}[ -]\d{1,7}[ -]\d{1,7}[ -][\dX](?![\d-])")


def blanked(text: str) -> str:
    """The text with each such number replaced by as many blanks as it has characters."""
    text = _ISBN.sub(lambda match: BLANK * len(match[0]) if isbn.is_valid(match[0]) else match[0], named_blanked(text))
    return _NUMBERS.sub(lambda match: BLANK * len(match[0]), text)


def named_blanked(text: str) -> str:
    """As `blanked`, for the numbers only whose kind the text names, such as "version 10.4.2.1"."""
    return _NAMED.sub(_without_number, text)


def _without_number(match: re.Match[str]) -> str:
    start = match.start("number") - match.start()
    return match[0][:start] + BLANK * len(match["number"])


def is_counting(number: str) -> bool:
    """Whether its groups count in equal steps, as 1-2-3-4-5-6-7 does, or the seven times table."""
    groups = [int(group) for group in re.findall(r"\d+", number)]
    steps = {later - earlier for earlier, later in pairwise(groups)}
    step = min(steps, default=0)
    return len(groups) >= 4 and len(steps) == 1 and (1 <= step <= 12 or step == groups[0])
