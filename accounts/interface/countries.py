"""Countries by their ISO 3166-1 alpha-2 codes, from the time zone database (public domain).

Their Chinese names are those of the Unicode CLDR, in the order of their pinyin (`data/countries_zh.tsv`).
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.interface import languages

_CHINESE = Path(__file__).parent / "data" / "countries_zh.tsv"


def choices() -> list[tuple[str, str]]:
    """Pairs of code and name in the language that is spoken now, in its order, after the empty choice."""
    return [("", _("No country chosen")), *_named(languages.current())]


def of_browser(accepted_languages: str) -> str:
    """The region of the browser's first language, or "": `de-AT,de;q=0.9` gives AT (RFC 9110 section 12.5.4)."""
    first = accepted_languages.split(",")[0].split(";")[0].strip()
    region = first.rpartition("-")[2].upper()
    return region if "-" in first and region in dict(_named("en")) else ""


@cache
def _named(language: str) -> list[tuple[str, str]]:
    if language == "zh":
        return _rows(_CHINESE.read_text(encoding="utf-8"))
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    return sorted(_rows(table), key=lambda pair: pair[1])


def _rows(table: str) -> list[tuple[str, str]]:
    lines = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return [(code, name) for code, name in lines]
