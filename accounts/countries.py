"""Countries by their ISO 3166-1 alpha-2 codes, from the time zone database (public domain)."""

from functools import cache
from importlib.resources import files


@cache
def choices() -> list[tuple[str, str]]:
    """Pairs of code and English name, sorted by name, after the empty choice."""
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    countries = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return [("", "No country chosen"), *sorted(((code, name) for code, name in countries), key=lambda pair: pair[1])]


def of_browser(accepted_languages: str) -> str:
    """The region of the browser's first language, or "": `de-AT,de;q=0.9` gives AT (RFC 9110 section 12.5.4)."""
    first = accepted_languages.split(",")[0].split(";")[0].strip()
    region = first.rpartition("-")[2].upper()
    return region if "-" in first and region in dict(choices()) else ""
