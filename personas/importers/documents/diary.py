"""Days above the entries of a Chinese or Japanese diary: 三月五日 晴, 五日 阴 12°C, 初四, 5月3日（土）晴れ.

A line that begins so may also be a sentence. So only a text that begins with a day, and has one again, is a diary.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from personas.importers.times import dates

_NUMERAL = r"[〇○零一二三四五六七八九十廿卅\d]"
_WEEKDAY = r"(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]"
_DAY = (
    rf"(?:(?:{_NUMERAL}{{4}}|民[国國]{_NUMERAL}{{1,4}}) ?年 ?)?"
    r"(?:农历|農曆|阴历|陰曆)?"
    rf"(?:(?:正|冬|腊|臘|{_NUMERAL}{{1,3}}) ?月 ?"
    rf"(?:{_NUMERAL}{{1,3}} ?[日号號]|{_NUMERAL}{{2,3}}(?![^\W\d_])|初{_NUMERAL})"
    rf"|(?P<day>{_NUMERAL}{{1,3}}) ?[日号號]|初[一二三四五六七八九十]|廿[一二三四五六七八九]?(?![^\W\d_])|{_WEEKDAY})"
)
_SKY = "晴阴陰雨雪雾霧风風霜霾云雲昙曇雷雹"
_BESIDE = (  # what stands beside a day: the weekday, the weather, the hour
    rf"{_WEEKDAY}|[月火水木金土日]曜日?|[(（][^()（）]{{1,12}}[)）]|天[气気氣]|[气氣][温溫]"
    rf"|(?:天[气気氣][:：]? ?)?(?=.{{0,7}}[{_SKY}])[{_SKY}多小大中暴微阵陣转轉间間后後のち時々れりり朗天]{{1,8}}"
    r"|(?:最[高低])?[-零]?\d{1,2}(?:\ ?[-~～—–至到/]\ ?-?\d{1,2})?\ ?(?:°[CF]?|℃|度)"
    rf"|(?:[东東南西北偏]{{1,3}}[风風]|[微大][风風]|[风風]力)?\ ?{_NUMERAL}{{1,2}}(?:[-~至到]{_NUMERAL}{{1,2}})?[级級]"
    r"|[晨早午晚夜冷热熱暖凉涼]|清晨|早[上晨]|上午|中午|下午|傍晚|晚上|夜[里裡晚]?|深夜|凌晨|闷热|悶熱|炎[热熱]|寒冷"
)
_APART = r"[\s.,，。、;；·|/:：—–-]"
_LINE = re.compile(
    rf"(?P<date>{_DAY})(?P<beside>(?:{_APART}{{0,4}}(?:{_BESIDE})(?:(?<=[)）])|(?={_APART}|[(（]|\Z)))*+)"
    rf"(?P<apart>{_APART}{{0,4}})(?P<words>.*)"
)
_TITLE = re.compile(r".{0,10}(?:日记|日記)(?:本|簿)?")
_LONGEST_TITLE = 12  # characters
_MARKS = frozenset("，。！？、；：,.!?;:")


@dataclass
class Days:
    """Whether a text is a diary; its lines are seen once before they are read."""

    is_begun: bool = False
    begins_with_day: bool = False
    count: int = 0

    def see(self, text: str) -> None:
        if not text:
            return
        is_day = words_behind(text) is not None
        self.count += is_day
        if not self.is_begun and (is_day or len(text) > _LONGEST_TITLE or not _MARKS.isdisjoint(text)):
            self.is_begun, self.begins_with_day = True, is_day

    @property
    def is_diary(self) -> bool:
        return self.begins_with_day and self.count > 1


def is_title(text: str) -> bool:
    """Whether a line is what stands on a diary's cover: 我的日记."""
    return _TITLE.fullmatch(text) is not None


def words_behind(text: str) -> str | None:
    """What stands behind the day at the beginning of a line, the weather included in the day. None if there is none."""
    match = _LINE.match(text[:1000])
    if match is None:
        return None
    words = match["words"] + text[1000:]
    is_apart = bool(match["beside"]) or any(sign.isspace() or sign in ":：" for sign in match["apart"])
    return words if is_apart or not words else None


def day(text: str, before: datetime | None) -> datetime | None:
    """The date of the day that a line begins with, if the date above tells the rest of it."""
    match = _LINE.match(text[:1000])
    if match is None:
        return None
    if match["day"] is None or before is None:
        known = dates.leading(match["date"]) or dates.without_year(match["date"], before)
        return known[0] if known else None
    following = before.replace(day=1) + timedelta(days=32)
    for month in (before, following):
        try:
            found = month.replace(day=dates.number(match["day"]))
        except ValueError:
            continue
        if found >= before:
            return found
    return None
