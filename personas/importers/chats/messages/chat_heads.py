"""The head of a message as windows and other tools write it: a time, mostly a date, and a name, in either order.

    [10:12, 5/3/2021] Ana: text             WhatsApp in the browser
    01.04.2015 - 16:00:27; Ana: text        WhatsApp Viewer
    Ana, [05.03.2021 10:12]                 Telegram Desktop, the text beneath
    Ana — Today at 10:12 AM                 Discord, the text beneath
    09:05:11 From Ana to Everyone: text     Zoom
    (10:12:33) Ana: text   [10:12] <Ana> text   2021-03-05 10:12:33 <Ana> text

Only one line is looked at here. Whether a file is such a chat is said by all of its heads together (`chat_log`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from personas.importers.encodings.folding import fold
from personas.importers.times import dates
from personas.importers.times.clock import PERIOD, hour_of

_HEAD_CHARACTERS = 200
_LONGEST_NAME = 60
_POSSIBLE = re.compile(r"\d[:.hH時时]\s?\d\d|\d時|\d点")
_MORE_MONTHS = [  # of apps' interfaces; letters and diaries are dated by `dates`
    "янв ene oca ocak sty",
    "фев feb şub şubat lut",
    "мар mrt mart mac",
    "апр abr nis nisan kwi",
    "май mayıs",
    "июн giu haz haziran cze",
    "июл lug tem temmuz lip",
    "авг ago ağu ağustos sie",
    "сен set eyl eylül wrz",
    "окт out ott okt eki ekim paź",
    "ноя kas kasım lis",
    "дек dez dic ara aralık gru",
]
_MONTHS = dates.MONTHS | {name: number for number, names in enumerate(_MORE_MONTHS, 1) for name in names.split()}
_MONTH = "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True))
_TODAY = (
    "today|yesterday|heute|gestern|hoy|ayer|aujourd['’]hui|hier|oggi|ieri|hoje|ontem|vandaag|gisteren|bugün|dün|dziś"
    "|dzisiaj|wczoraj|сегодня|вчера|今天|昨天|前天|今日|昨日|오늘|어제|اليوم|أمس|आज|कल|hari ini|kemarin"
    r"|(?:星期|周|週)[一二三四五六日天](?=\ )|(?:mon|tues|wednes|thurs|fri|satur|sun)day(?=\ )"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)(?=\ \d)"
)
_WEEKDAY = r"(?:(?:[^\W\d_]{2,12}(?:\.,|[.,])|(?:mon|tue|wed|thu|fri|sat|sun)(?:s?day|nesday|rsday|urday)?)\ )?"
_NUMERIC = r"(?P<a>\d{1,4})(?P<separator>[/.-]|\.\ )(?P<b>\d{1,2})(?P=separator)(?P<c>\d{1,4})\.?(?:\ ?г\.?)?"
_WORDED = (
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\ (?:de\ |of\ )?(?P<month>{_MONTH})\.?,?(?:\ de)?"
    r"\ (?P<year>\d{4}|\d\d)(?!\d|:)(?:\ г\.?)?"
    rf"|(?P<month2>{_MONTH})\.?\ (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\ (?P<year2>\d{{4}})"
    r"|(?P<year3>\d{4})\ ?[年년]\ ?(?P<month3>\d{1,2})\ ?[月월]\ ?(?P<day3>\d{1,2})\ ?[日일]"
    rf"(?:(?!\ ?(?:{PERIOD}))\ ?[(（]?[^\s\d()（）:]{{1,3}}[)）]?(?=\s))?"
)
_YEARLESS = rf"(?:{_MONTH})\.?\ {{1,2}}\d{{1,2}}|\d{{1,2}}\.?\ (?:{_MONTH})\.?|\d{{1,2}}[/.-]\d{{1,2}}\.?(?=,?\ )"
_YEARLESS += r"|\d{1,2}\ ?月\ ?\d{1,2}\ ?日"
_DATE = rf"(?P<date>{_WEEKDAY}(?:{_NUMERIC}|{_WORDED}|{_YEARLESS})|{_TODAY})"
_AT = r"(?:,?\ (?:at|um|à|a\ las|às|alle|kl\.|klo|om|о|в|u|pukul|saat|las|о\ )\ |T|\ ?[|–—-]\ |[,;]?\ {0,2}(?=\S))"
_TIME = (
    rf"(?P<before>(?!\d)(?<![a-zа-яα-ω])(?:{PERIOD})\ ?)?(?P<hour>\d{{1,2}})[:.h](?P<minute>[0-5]\d)"
    r"(?:[:.](?P<second>[0-5]\d)(?:[.,]\d{1,6})?)?"
    rf"(?:\ ?(?P<after>(?![\d\]:])(?:{PERIOD})(?![^\W\d_])))?(?:\ ?(?:Uhr|UTC|GMT|Z)(?:[+-]\d\d:?\d\d)?)?"
)
_STAMP = rf"(?:{_DATE}{_AT}{_TIME}|{_TIME}{_AT}{_DATE}|{_TIME})"


def _numbered(pattern: str) -> str:
    """A pattern whose groups may stand in several alternatives: each gets a number at its name's end."""
    counts: dict[str, int] = {}

    def rename(match: re.Match[str]) -> str:
        name = match[1]
        counts[name] = counts.get(name, 0) + 1
        return f"(?P<{name}_{counts[name]}>"

    def refer(match: re.Match[str]) -> str:
        return f"(?P=separator_{counts['separator']})"

    tokens = re.compile(r"\(\?P<(\w+)>|\(\?P=separator\)")
    return tokens.sub(lambda match: rename(match) if match[1] else refer(match), pattern)


_MAIL = r"(?:<[^\s<>@:]{1,40}@[^\s<>@:]{1,40}>)?"  # QQ: Ana<ana@example.org>
_NAME = rf"(?P<name>[^\s:;|<>\[\]\t(][^:;|<>\[\]\t\n]{{0,59}}?{_MAIL})"
_EDITED = r"(?:\ \|\ [^\W\d_][^\[\]|\n]{2,40}(?=\]))?"  # Skype: [5/3/2021 10:12:33 | Edited 10:13:02] Ana: text
# A head is short. It may be indented.
_SHORT = rf"\A(?=.{{0,{_HEAD_CHARACTERS}}}\Z)"
_LEADING = re.compile(
    _numbered(
        _SHORT
        + r"\s*+"
        + rf"(?:[-*•]\ )?(?P<open>[\[(<]?)\ ?{_STAMP}{_EDITED}(?P<close>\ ?[\])>]?)"
        + rf"(?P<between>\ ?(?:[–—-]\ |[;,|:]\ ?|\t)?\ {{0,3}})"
        rf"(?:<\ ?(?P<nick>[^<>\n]{{1,60}})>:?(?=\s|$)|{_NAME}\ ?(?:(?P<end>[;|>](?=\s|$)|:|\t)|$))"
    ),
    re.VERBOSE | re.IGNORECASE,
)
_TRAILING = re.compile(
    _numbered(
        _SHORT + r"\s*+" + rf"{_NAME}(?P<between>[,:]?\ {{0,3}}(?:[–—|•·-]\ ?)?|\t)(?P<open>[\[(]?)\ ?(?<!\d)(?=\S)"
        rf"(?!(?<=[A-Za-z])[A-Za-z]){_STAMP}(?P<close>\ ?[\])]?)\ ?(?:(?P<end>:)(?=\s|$)|$)"
    ),
    re.VERBOSE | re.IGNORECASE,
)
# What stands around a name: of Zoom, of Markdown, of a quotation, of a group's owner in QQ and of an operator in IRC.
_ZOOM = re.compile(
    r"(?:From|Von|De|Da|从|從)\s{1,3}(?P<name>\S.{0,60}?)(?:\s{1,3}(?:to|an|bis|à|a|para|至|到)\s{1,3}\S.{0,60})?"
)
_DRESS = re.compile(
    r"(?:\#{1,6}\ |>\ |[-*•]\ )?(?P<stars>(?:\*{1,3}|__)?)(?:【[^【】]{1,20}】)?(?P<name>\S.{0,60}?)(?P=stars)"
)
_OPERATOR = re.compile(r"[@+%&~!]{1,2}(?=[^\W\d])")
_MARKS_ONLY = re.compile(r"[-<>=*!]+")
_QUOTED_BY_SKYPE = "\n<<< "
_QUOTED_BY_ELEMENT = re.compile(r"<@[^\s<>\"]{1,250}:[^\s<>\"]{1,250}(?: \"[^\n]{0,60}?\")?> ")
_STAMP_FIRST = re.compile(_numbered(rf"\A{_STAMP}"), re.VERBOSE | re.IGNORECASE)
_ALONE = re.compile(
    _numbered(rf"{_SHORT}(?:[–—•|-]\ ?)?[\[(]?\ ?{_STAMP}\ ?[\])]?(?:\ \([^()\n]{{1,80}}\))?"),
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Stamp:
    """`fields` are the date's three numbers as they stand; `day` is a date that can be read in one way only:
    year, month, day. Both are None where there is only a time, or a day without its year, or a word such as "today"."""

    fields: tuple[int, int, int] | None
    separator: str
    is_american: bool
    day: tuple[int, int, int] | None
    time: tuple[int, int, int]
    is_relative: bool = False


@dataclass(frozen=True)
class ChatHead:
    """`text` is None where the words stand on the lines beneath. Heads of one layout have the same `shape`.

    `is_tight` where no blank stands after the colon: a web address or a time may look so, too.
    """

    name: str
    stamp: Stamp
    shape: tuple[str, ...]
    text: str | None
    is_tight: bool


def read(line: str) -> ChatHead | None:
    """The head that a line begins with or consists of."""
    start = line[:_HEAD_CHARACTERS]
    if not start[:1].strip() and start[:1] != " ":
        return None
    folded, places = fold(start)
    if not _POSSIBLE.search(folded):
        return None
    is_whole = len(line) <= _HEAD_CHARACTERS
    for where, pattern in (("leading", _LEADING), ("trailing", _TRAILING)):
        match = pattern.match(folded)
        if match is not None and (head := _head(match, where, line, places, is_whole=is_whole)) is not None:
            return head
    return None


def leading_stamp(line: str) -> tuple[Stamp, str] | None:
    """The date and time that a line begins with, and what stands behind them."""
    folded, places = fold(line[:_HEAD_CHARACTERS])
    match = _STAMP_FIRST.match(folded) if _POSSIBLE.search(folded) else None
    stamp = _stamp(_parts(match)) if match is not None else None
    if match is None or stamp is None:
        return None
    return stamp, line[places[match.end() - 1] + 1 :]


def _parts(match: re.Match[str]) -> dict[str, str]:
    return {key.rpartition("_")[0]: value for key, value in match.groupdict().items() if value is not None}


def is_stamp(line: str) -> bool:
    """Whether a line is a time, with or without a date, and nothing else."""
    folded, _ = fold(line.strip()[:_HEAD_CHARACTERS])
    return bool(_POSSIBLE.search(folded)) and _ALONE.fullmatch(folded) is not None


def _head(match: re.Match[str], where: str, line: str, places: Sequence[int], *, is_whole: bool) -> ChatHead | None:
    parts = _parts(match)
    is_open, is_closed = bool(parts["open"]), bool(parts["close"].strip())
    written = " ".join((parts.get("nick") or parts.get("name", "")).split())
    zoom = _ZOOM.fullmatch(written)
    name = zoom["name"] if zoom else _plain_name(written, is_nick="nick" in parts or parts.get("end") == "\t")
    ends_line = match.end() == len(match.string) and is_whole
    is_inline = "nick" in parts or ("end" in parts and not ends_line)
    if (
        is_open != is_closed
        or not (is_inline or ends_line)
        or not is_name(name, is_beneath=not is_inline, is_sure=is_open)
    ):
        return None
    stamp = _stamp(parts)
    if stamp is None:
        return None
    rest = line[places[match.end() - 1] + 1 :]
    text = rest.strip() if is_inline else None
    colon = line[places[match.end() - 1]] if "end" in parts else ""
    is_tight = colon == ":" and bool(rest[:1].strip())
    between = parts["between"].strip(" ") or ("  " if len(parts["between"]) > 1 else "")
    shape = (where, parts["open"], between, parts.get("end", ""), "nick" if "nick" in parts else "zoom" if zoom else "")
    return ChatHead(name, stamp, shape, text, is_tight)


def _plain_name(name: str, *, is_nick: bool) -> str:
    """A name without what an app or a tool writes around it."""
    if is_nick:
        return _OPERATOR.sub("", name)
    dressed = _DRESS.fullmatch(name)
    return dressed["name"].strip() if dressed else name


def is_of_zoom(name: str) -> bool:
    """Whether a head's name is as Zoom writes it: "From Ana to Everyone"."""
    return _ZOOM.fullmatch(name) is not None


def without_quotation(text: str) -> str:
    """A reply of Skype or Element without the message that it quotes.

    "[5/3/2021 10:12] Ana: Tea? <<< Yes" and "<@ana:example.org "Tea?"> Yes" are "Yes".
    """
    if quoted := _QUOTED_BY_ELEMENT.match(text):
        return text[quoted.end() :]
    if not text.startswith("[") or _QUOTED_BY_SKYPE not in text or read(text.partition("\n")[0]) is None:
        return text
    return text.partition(_QUOTED_BY_SKYPE)[2]


def is_name(name: str, *, is_beneath: bool, is_sure: bool = False) -> bool:
    """Whether words can be a name; stricter where nothing but their place says so, and `is_sure` where more does."""
    if not name or len(name) > _LONGEST_NAME or name.startswith(("http", "//")) or name[-1:] in ',/\\"“':
        return False
    if (len(name) < 3 and name.isdecimal()) or _MARKS_ONLY.fullmatch(name):  # the seconds of a time that stands alone
        return False
    if name[-1].isdigit() and (dated := dates.leading(name)) and not dated[1]:
        return False
    is_sentence = len(name.split()) > 5 or name[-1:] in ".!?…" or (", " in name and not is_sure)
    return not (is_beneath and is_sentence) and any(not character.isspace() for character in name)


def _stamp(parts: dict[str, str]) -> Stamp | None:
    hour = hour_of(int(parts["hour"]), (parts.get("before") or parts.get("after") or "").strip())
    if hour is None:
        return None
    time = (hour, int(parts["minute"]), int(parts.get("second", 0)))
    if "a" in parts:
        numbers = (parts["a"], parts["b"], parts["c"])
        is_american = parts["separator"] == "/" and parts.get("after", "") in {"AM", "PM"}
        first, second, third = map(int, numbers)
        return Stamp((first, second, third), parts["separator"], is_american, None, time)
    for suffix in ("", "2", "3"):
        if f"day{suffix}" in parts:
            month = parts[f"month{suffix}"].casefold()
            number = int(month) if month.isdecimal() else _MONTHS[month]
            year = int(parts[f"year{suffix}"])
            return Stamp(
                None, "", False, (year + 2000 if year < 100 else year, number, int(parts[f"day{suffix}"])), time
            )
    return Stamp(None, "", False, None, time, is_relative="date" in parts)
