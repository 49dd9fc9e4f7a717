"""The days of the year on which the person whom a persona depicts died, where the persona's own text states one."""

import re
from datetime import date

from personas.models import Depicts, Persona

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]{{0,7}}\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_DIED = r"\b(?:died|passed away|passed|death|killed|drowned|deceased|d\.|†)[^.!?\n]{0,40}?"
_FORMS = [
    re.compile(rf"{_DIED}\b{_DAY}(?: of)? {_MONTH}", re.IGNORECASE),
    re.compile(rf"{_DIED}\b{_MONTH} {_DAY}\b", re.IGNORECASE),
    re.compile(rf"{_DIED}\b\d{{4}}-(?P<month>[01]\d)-{_DAY}", re.IGNORECASE),
    re.compile(r"\d{4}\s?[-–—/]\s?\d{4}-(?P<month>[01]\d)-(?P<day>[0-3]\d)"),  # 1950 – 2024-03-12
    re.compile(r"(?P<month>[01]?\d)月(?P<day>[0-3]?\d)[日号][^。!?\n]{0,8}(?:去世|过世|离世|走了|病逝|离开)"),
    re.compile(r"(?:去世|过世|离世|病逝|忌日)[^。!?\n]{0,8}?(?P<month>[01]?\d)月(?P<day>[0-3]?\d)[日号]"),
]


def stated_in(persona: Persona) -> tuple[tuple[int, int], ...]:
    """Month and day of each date of death in the persona's text; empty for a persona of nobody who died."""
    if persona.depicts != Depicts.DEAD:
        return ()
    text = f"{persona.description}\n{persona.scenario}\n{persona.relation}"
    dates = (_month_and_day(match) for form in _FORMS for match in form.finditer(text))
    return tuple(dict.fromkeys(month_and_day for month_and_day in dates if month_and_day))


def _month_and_day(match: re.Match[str]) -> tuple[int, int] | None:
    name = match["month"].lower()
    month = int(name) if name.isdigit() else _MONTHS.index(name[:3]) + 1
    try:
        date(2000, month, int(match["day"]))
    except ValueError:
        return None
    return month, int(match["day"])
