"""Times as exports write them for people: "Thursday, June 15, 2023 at 8:41:07 PM UTC", "15. Juni 2023 um 20:41".

Dates of numbers only ("6/5/23") need the other dates of their file, so they are not read here.
"""

# ruff: noqa: E501 - tables of words, several languages to a line

import re
from datetime import UTC, datetime
from functools import lru_cache

from personas.importers.encodings.folding import fold
from personas.importers.times import dates

_MORE_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "janeiro січня ינואר जनवरी มกราคม gener ocak stycznia styczeń января янв januari januarie tammikuuta ledna leden januára ianuarie siječnja ιανουαρίου يناير janv sty tháng1",
            "fevereiro лютого פברואר फ़रवरी फरवरी กุมภาพันธ์ február febrer şubat lutego luty февраля февр february februari helmikuuta února únor februára februarie veljače φεβρουαρίου فبراير févr lut",
            "março березня מרץ מרס मार्च มีนาคม március març mart marca marzec марта мар maart maaliskuuta března březen martie ožujka μαρτίου مارس mrt",
            "abril квітня אפריל अप्रैल เมษายน április nisan kwietnia kwiecień апреля апр huhtikuuta dubna duben apríla aprilie travnja απριλίου أبريل kwi",
            "maio травня מאי मई พฤษภาคม május maig mayıs maja maj мая mei toukokuuta května květen mája mai svibnja μαΐου مايو",
            "junho червня יוני जून มิถุนายน június juny haziran czerwca czerwiec июня июн kesäkuuta června červen júna iunie lipnja ιουνίου يونيو cze",
            "julho липня יולי जुलाई กรกฎาคม július juliol temmuz lipca lipiec июля июл heinäkuuta července červenec júla iulie srpnja ιουλίου يوليو lip juil",
            "agosto серпня אוגוסט अगस्त สิงหาคม augusztus agost ağustos sierpnia sierpień августа авг augusti augustus elokuuta srpna srpen augusta kolovoza αυγούστου أغسطس sie",
            "setembro вересня ספטמבר सितंबर सितम्बर กันยายน szeptember setembre eylül września wrzesień сентября сент syyskuuta září septembra septembrie rujna σεπτεμβρίου سبتمبر wrz",
            "outubro жовтня אוקטובר अक्टूबर अक्तूबर ตุลาคม október ekim października październik октября окт okt lokakuuta října říjen októbra octombrie listopada οκτωβρίου أكتوبر paź",
            "novembro листопада נובמבר नवंबर नवम्बर พฤศจิกายน kasım listopada listopad ноября нояб marraskuuta listopadu novembra noiembrie studenoga νοεμβρίου نوفمبر lis",
            "dezembro грудня דצמבר दिसंबर दिसम्बर ธันวาคม desembre aralık grudnia grudzień декабря дек joulukuuta prosince prosinec decembra decembrie prosinca δεκεμβρίου ديسمبر gru déc",
        ],
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTHS = _MORE_MONTHS | dates.MONTHS
_TIME = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})(?:[:.h]|[시時时]\s?)(?P<minute>\d{2})(?:(?:[:.]|[분分]\s?)(?P<second>\d{1,2}))?(?!\d)"
)
_HALF = re.compile(r"(?<![^\W\d_])(?P<half>[ap])\.?\s?m\b|(?P<morning>上午|凌晨|早上|午前|오전|(?<![^\W\d_])ص(?![^\W\d_]))|(?P<evening>下午|晚上|午後|오후|ÖS|μ\.μ|(?<![^\W\d_])م(?![^\W\d_]))", re.IGNORECASE)  # fmt: skip
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일]")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_WORD = re.compile(r"[^\s\d.,:;/()\[\]-]{2,20}")
_NUMBERED_MONTH = re.compile(r"(?P<day>\d{1,2}) tháng (?P<month>\d{1,2}),? (?P<year>\d{4})", re.IGNORECASE)
_HEBREW_IN = "ב"  # "in", written together with the month
_BUDDHIST = 2400  # years after this are counted from 543 BC
_YEAR = re.compile(r"(?<!\d)((?:19|20|25)\d\d)(?!\d)")
_DAY = re.compile(r"(?<![\d:.])(\d{1,2})(?!\d|:\d)")
_LONGEST = 120


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime | None:
    """The wall-clock time that a text gives, or None."""
    if len(text) > _LONGEST:
        return None
    text, _ = fold(text)
    clock = _TIME.search(text)
    rest = text[: clock.start()] + " " + text[clock.end() :] if clock else text
    date = _date(rest)
    if date is None:
        return None
    hour, minute, second = (int(clock[name] or 0) for name in ("hour", "minute", "second")) if clock else (0, 0, 0)
    try:
        return datetime(*date, _of_day(hour, text), minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _of_day(hour: int, text: str) -> int:
    half = _HALF.search(text)
    if half is None or hour > 12:
        return hour
    is_evening = bool(half["evening"]) or (half["half"] or "").casefold() == "p"
    return hour % 12 + 12 * is_evening


def _date(text: str) -> tuple[int, int, int] | None:
    if numbers := _YEAR_FIRST.search(text) or _ISO.search(text) or _NUMBERED_MONTH.search(text):
        return int(numbers["year"]), int(numbers["month"]), int(numbers["day"])
    words = map(str.casefold, _WORD.findall(text))
    months = (_MONTHS.get(word) or _MONTHS.get(word.removeprefix(_HEBREW_IN)) for word in words)
    month = next(filter(None, months), None)
    match = _YEAR.search(text)
    day = _DAY.search(text.replace(match[0], " ", 1)) if match else None
    if not (month and match and day):
        return None
    year = int(match[1])
    return year - 543 if year > _BUDDHIST else year, month, int(day[1])
