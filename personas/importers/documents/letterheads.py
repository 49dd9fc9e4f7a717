"""Letterheads: lines with a place or an address and a date, which are nobody's words."""

import re
from datetime import datetime

from personas.importers.times import dates

_PLACE = re.compile(r"[^\W\d_][^\d,.!?\n]{1,40}")
_LONGEST = 150  # characters
_BEFORE_DATE = re.compile(r"[,.;|·•–—-] |\s{2}|[，。、｜]\s?")
_PARTS = re.compile(r"[,.;|·•–—] ?| - |\s{2}")
_PARTICLES = frozenset(
    {
        "of", "the", "on", "upon", "by", "near", "at", "in", "and", "de", "la", "le", "les", "du", "des", "d'", "rue",
        "avenue", "av", "place", "quai", "chemin", "boulevard", "bis", "ter", "sur", "sous", "von", "vom", "zu",
        "zur", "zum", "am", "an", "der", "den", "dem", "im", "bei", "del", "y", "calle", "e", "da", "do", "das",
        "dos", "rua", "della", "di", "via", "delle", "van", "het", "'t", "aan", "te", "op", "och", "i", "ul", "ulica",
        "ulitsa", "ул", "д", "кв", "пр", "г", "board", "sea", "ship",
    }
)  # fmt: skip
_STREET = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|place|square|terrace|drive|crescent|gardens|court|row|hill|park|rue|quai"
    r"|boulevard|platz|weg|allee|calle|plaza|via|piazza|rua|praça|ulica|ул|улица)\b|stra(?:ß|ss)e\b|str\.|gasse\b|straat\b",
    re.IGNORECASE,
)
_GREETING = re.compile(r"(?:my |mein[e]? )?(?:dear|lieb|cher|chère|querid|car[oa] |hello|hallo|hi )", re.IGNORECASE)
_CHINESE_PLACE = re.compile(
    r"[于於]?[\u3400-\u9fff\d]{1,30}[省市区區县縣镇鎮乡鄉村路街巷号號弄楼樓室院]|[于於][\u3400-\u9fff]{2,10}|[\u3400-\u9fff]{2,3}"
)


def behind_place(line: str) -> tuple[datetime, str] | None:
    """As `dates.leading`, for a line of a place or an address and a date alone: "Berlin, den 5. Juni 2023"."""
    if len(line) > _LONGEST or not any(sign.isdigit() or sign == "年" for sign in line[-40:]):
        return None
    for end in _BEFORE_DATE.finditer(line):
        dated = dates.leading(line[end.end() :])
        if dated and not dated[1] and is_address(line[: end.start()]):
            return dated
    return None


def is_address(text: str) -> bool:
    """Whether words can be a place or an address: names, numbers and the small words between them."""
    text = text.strip()
    if not text or text[-1] in "!?！？" or _GREETING.match(text):
        return False
    if "\u3400" <= text[0] <= "\u9fff":
        return _CHINESE_PLACE.fullmatch(text) is not None
    words = [word for part in _PARTS.split(text) for word in part.split()]
    strangers = sum(not _is_of_address(word) for word in words)
    return bool(words) and strangers <= (_PLACE.fullmatch(text) is not None)  # "On board the ship"


def is_behind_date(text: str) -> bool:
    """Whether words behind a date are the address that was written beside it: "5 June 2023, 12 Elm Street, London"."""
    if dates.IN_PLACE.fullmatch(text):
        return True
    has_number = any(map(str.isdigit, text))
    return len(text) <= _LONGEST and has_number and bool(_STREET.search(text)) and is_address(text)


def _is_of_address(word: str) -> bool:
    word = word.strip("()'’")
    is_particle = word.casefold() in _PARTICLES or _STREET.fullmatch(word) is not None
    return not word or word[0].isupper() or word[0].isdigit() or is_particle
