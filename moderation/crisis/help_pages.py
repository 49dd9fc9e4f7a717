"""The content of the public pages on safety: help lines by country, and the crisis protocol in force."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, gettext, gettext_noop

from accounts.interface import countries
from moderation.crisis import ladder, notices

# Levels at which the persona does not answer come first.
_SPOKEN_LEVELS = ("imminent", "active", "passive", "low")

_MEANING = {
    "imminent": gettext_noop("A plan in motion: means at hand, a time, a farewell, an act begun."),
    "active": gettext_noop("Thoughts of killing or hurting oneself, a method, or a request for instructions."),
    "passive": gettext_noop("A wish to be dead, or not to wake up again."),
    "low": gettext_noop("Hopelessness, emptiness, the feeling of being a burden."),
}


@dataclass(frozen=True)
class Level:
    """A level of the protocol, and the site's words at that level."""

    name: str
    meaning: str
    persona_answers: bool
    text: str


def country_of(request: HttpRequest) -> str:
    """The first known country of: the request, the profile, this installation, the browser's language; or ""."""
    names = dict(countries.choices())
    for code in (
        request.GET.get("country", ""),
        getattr(request.user, "country", ""),
        settings.DEFAULT_COUNTRY,
        countries.of_browser(request.headers.get("Accept-Language", "")),
    ):
        if code and code.upper() in names:
            return code.upper()
    return ""


def resources(country: str) -> list[notices.Resource]:
    return notices.resources(country=country, language=get_language() or "en")


def all_lines() -> list[tuple[str, list[notices.Resource]]]:
    """Each country that has lines of its own, with these lines; ordered by the country's name."""
    names = dict(countries.choices())
    codes = {code for line in notices.help_lines() for code in line["countries"]}
    named_codes = sorted((names.get(code, code), code) for code in codes)
    return [(name, _own_lines(code)) for name, code in named_codes]


def protocol() -> tuple[str, list[Level], str]:
    """The version, the levels with the gravest first, and the question at the next visit, in the notices' words."""
    language = get_language() or "en"
    by_level = {name: notices.notice(country="", language=language, level=name) for name in _SPOKEN_LEVELS}
    levels = [
        Level(name, gettext(_MEANING[name]), not ladder.is_for_the_site(name), notice.text)
        for name, notice in by_level.items()
    ]
    question = notices.notice(country="", language=language, level="follow_up")
    return question.version, levels, question.text


def _own_lines(code: str) -> list[notices.Resource]:
    """The lines of a country, without the international directories and the end of every list."""
    everywhere = {entry["name"] for entry in notices.resources(country="", language=get_language() or "en")}
    return [entry for entry in resources(code) if entry["name"] not in everywhere]
