"""Yearly reports: numbers for an authority or the public, without any name (compliance CA8, OR1, R32, DS5).

They are computed from the audit trail and the counts of crisis notices, so the same year always gives the same report.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from django.utils.translation import gettext, gettext_noop, pgettext

from moderation.crisis import help_pages, ladder
from moderation.desk import figures, referrals
from moderation.desk.case_log import objections_between
from moderation.desk.figures import Figures
from moderation.models import AppealOutcome

Rows: TypeAlias = tuple[tuple[str, str], ...]

LAWS = {
    "us-ca": gettext_noop("California, Business and Professions Code, section 22603"),
    "us-or": gettext_noop("Oregon, Senate Bill 1546 (2026)"),
    "eu": gettext_noop("European Union, Regulation (EU) 2022/2065, articles 15 and 24"),
}


@dataclass(frozen=True)
class Section:
    title: str
    rows: Rows


@dataclass(frozen=True)
class Report:
    law: str
    year: int
    sections: tuple[Section, ...]


def report(*, law: str, year: int) -> Report:
    """The report of a calendar year (UTC). Raises KeyError for an unknown law."""
    sections = {"us-ca": _crisis, "us-or": _crisis, "eu": _transparency}[law]
    return Report(gettext(LAWS[law]), year, sections(year))


def table(report: Report) -> list[tuple[str, str, str]]:
    """The report as rows of a table: section, name, value."""
    head = [("report", "law", report.law), ("report", "year", str(report.year))]
    return head + [(section.title, name, value) for section in report.sections for name, value in section.rows]


def _crisis(year: int) -> tuple[Section, ...]:
    """Only what the law asks for: the number of referrals, and the protocols."""
    counts = referrals.by_level(date(year, 1, 1), date(year, 12, 31))
    version, levels, _ = help_pages.protocol()
    answers = tuple(
        (
            gettext("Level %(level)s") % {"level": ladder.NAMES[level.name]},
            gettext("The persona may answer after a notice.")
            if level.persona_answers
            else gettext("The site answers with help lines of the person’s country; the persona does not answer."),
        )
        for level in levels
    )
    return (
        Section(
            gettext("Crisis service referral notices"),
            ((gettext("Notices shown in the year"), str(sum(counts.values()))), *_levels(counts)),
        ),
        Section(
            gettext("Protocol to detect, remove and respond"),
            ((gettext("Version"), version), *_in_this_language(_DETECTION), *answers),
        ),
        Section(gettext("Protocol against replies about suicidal ideation"), _in_this_language(_REPLIES)),
    )


def _levels(counts: dict[str, int]) -> Rows:
    return tuple(
        (gettext("of these at the level %(level)s") % {"level": ladder.NAMES[level]}, str(counts[level]))
        for level in referrals.LEVELS
    )


def _in_this_language(rows: Rows) -> Rows:
    return tuple((gettext(name), gettext(value)) for name, value in rows)


_DETECTION: Rows = (
    (
        gettext_noop("Measure"),
        gettext_noop("The steps of the Columbia Suicide Severity Rating Scale: grief, low, passive, active, imminent."),
    ),
    (
        gettext_noop("Detection"),
        gettext_noop(
            "Patterns and a classifier read each message with the messages before it, in English and Chinese."
        ),
    ),
    (
        gettext_noop("Removal"),
        gettext_noop("A persona never receives a message at these levels. The site keeps it for its writer."),
    ),
    (
        gettext_noop("Response"),
        gettext_noop("A person looks within 15 minutes at the level imminent, and within an hour at the level active."),
    ),
)
_REPLIES: Rows = (
    (
        gettext_noop("Filter"),
        gettext_noop(
            "Every reply passes a filter before anybody sees it. Words that encourage self-harm are withheld."
        ),
    ),
    (gettext_noop("Failure"), gettext_noop("While the filter cannot judge, no reply is shown.")),
)


def _transparency(year: int) -> tuple[Section, ...]:
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    year_figures, objections = figures.between(start, end), list(objections_between(start, end))
    overturned = sum(objection.outcome == AppealOutcome.OVERTURNED for objection in objections)
    answers = [each.answered_at - each.filed_at for each in objections if each.filed_at]
    return (
        Section(gettext("Cases that the site opened itself"), _cases(year_figures)),
        Section(gettext("Decisions"), tuple((name, str(number)) for name, number in year_figures.kinds)),
        Section(
            gettext("Objections"),
            (
                (gettext("Answered"), str(len(objections))),
                (gettext("Restriction lifted"), str(overturned)),
                (gettext("Median time to the answer"), in_words(figures.median(answers))),
            ),
        ),
        Section(gettext("Use of automation"), _automation(year_figures)),
        Section(gettext("Crisis notices"), _levels(year_figures.referrals)),
    )


def _cases(year_figures: Figures) -> Rows:
    return (
        (gettext("Opened"), str(year_figures.opened)),
        (gettext("Decided by a person"), str(year_figures.decided)),
        (gettext("Looked at after the deadline"), str(year_figures.late)),
        (gettext("Median time to the first look"), in_words(year_figures.first_look.p50)),
        (gettext("Median time to the decision"), in_words(year_figures.to_decision.p50)),
    )


def _automation(year_figures: Figures) -> Rows:
    """The error rate of the filter by category: decided cases in which people found that the rule was not broken."""
    rates = tuple(
        (
            gettext("Error rate: %(category)s") % {"category": each.name},
            gettext("%(share)s of %(number)s") % {"share": f"{1 - each.precision:.0%}", "number": each.decided},
        )
        for each in year_figures.categories
        if each.precision is not None
    )
    return ((gettext("Restrictions that the machine alone decided"), "0"), *rates)


def in_words(duration: timedelta | None) -> str:
    """`3 d 4 h`, `2 h 5 min`, `40 s`; the two largest units."""
    if duration is None:
        return gettext("none")
    seconds = int(duration.total_seconds())
    parts = [
        (seconds // 86400, pgettext("days", "d")),
        (seconds // 3600 % 24, pgettext("hours", "h")),
        (seconds // 60 % 60, pgettext("minutes", "min")),
        (seconds % 60, pgettext("seconds", "s")),
    ]
    first = next((index for index, (number, _) in enumerate(parts) if number), 3)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or f"0 {parts[-1][1]}"
