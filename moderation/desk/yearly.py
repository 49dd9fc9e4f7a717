"""Reports for an authority or the public: numbers without any name (compliance CA8, OR1, R32, DS5).

They are computed from the audit trail and the counts of crisis notices, so the same days always give the same report.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from django.utils.translation import gettext, gettext_noop, pgettext

from moderation.crisis import help_pages, ladder
from moderation.desk import figures, referrals
from moderation.desk.case_log import objections_between
from moderation.desk.figures import Figures
from moderation.models import AppealOutcome

Rows: TypeAlias = tuple[tuple[str, str | int], ...]

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
    period: Rows  # the year, or the first and the last day
    sections: tuple[Section, ...]


def report(*, law: str, year: int) -> Report:
    """The report of a calendar year (UTC).

    Raises KeyError for an unknown law, and ValueError or OverflowError for a year out of range.
    """
    sections = {"us-ca": _crisis, "us-or": _crisis, "eu": _transparency}[law]
    return Report(gettext(LAWS[law]), (("year", year),), sections(date(year, 1, 1), date(year, 12, 31)))


def transparency(first: date, last: date) -> Report:
    """The transparency report of these days (UTC), both included."""
    period = (("from", first.isoformat()), ("to", last.isoformat()))
    return Report(gettext(LAWS["eu"]), period, _transparency(first, last))


def table(report: Report) -> list[tuple[str, str, str | int]]:
    """The report as rows of a table: section, name, value."""
    head = [("report", name, value) for name, value in (("law", report.law), *report.period)]
    return head + [(section.title, name, value) for section in report.sections for name, value in section.rows]


def values(report: Report) -> dict[str, Any]:
    """The report for JSON. `sections` has a value for each name of each section; numbers are numbers."""
    sections = {section.title: dict(section.rows) for section in report.sections}
    return {"law": report.law, **dict(report.period), "sections": sections}


def _crisis(first: date, last: date) -> tuple[Section, ...]:
    """Only what the law asks for: the number of referrals, and the protocols."""
    counts = referrals.by_level(first, last)
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
            ((gettext("Notices shown in the year"), sum(counts.values())), *_levels(counts)),
        ),
        Section(
            gettext("Protocol to detect, remove and respond"),
            ((gettext("Version"), version), *_in_this_language(_DETECTION), *answers),
        ),
        Section(gettext("Protocol against replies about suicidal ideation"), _in_this_language(_REPLIES)),
    )


def _notices(counts: dict[str, int]) -> Rows:
    return ((gettext("Shown"), sum(counts.values())), *_levels(counts))


def _levels(counts: dict[str, int]) -> Rows:
    return tuple(
        (gettext("of these at the level %(level)s") % {"level": ladder.NAMES[level]}, counts[level])
        for level in referrals.LEVELS
    )


def _in_this_language(rows: Iterable[tuple[str, str]]) -> Rows:
    return tuple((gettext(name), gettext(value)) for name, value in rows)


_DETECTION = (
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
_REPLIES = (
    (
        gettext_noop("Filter"),
        gettext_noop(
            "Every reply passes a filter before anybody sees it. Words that encourage self-harm are withheld."
        ),
    ),
    (gettext_noop("Failure"), gettext_noop("While the filter cannot judge, no reply is shown.")),
)


def _transparency(first: date, last: date) -> tuple[Section, ...]:
    start, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    counted, objections = figures.between(start, end), list(objections_between(start, end))
    overturned = sum(objection.outcome == AppealOutcome.OVERTURNED for objection in objections)
    answers = [each.answered_at - each.filed_at for each in objections if each.filed_at]
    return (
        Section(gettext("Cases that the site opened itself"), _cases(counted)),
        Section(gettext("Decisions"), counted.kinds),
        Section(
            gettext("Objections"),
            (
                (gettext("Answered"), len(objections)),
                (gettext("Restriction lifted"), overturned),
                (gettext("Median time to the answer"), in_words(figures.median(answers))),
            ),
        ),
        Section(gettext("Use of automation"), _automation(counted)),
        Section(gettext("Crisis notices"), _notices(counted.referrals)),
    )


def _cases(counted: Figures) -> Rows:
    return (
        (gettext("Opened"), counted.opened),
        (gettext("Decided by a person"), counted.decided),
        (gettext("Looked at after the deadline"), counted.late),
        (gettext("Median time to the first look"), in_words(counted.first_look.p50)),
        (gettext("Median time to the decision"), in_words(counted.to_decision.p50)),
    )


def _automation(counted: Figures) -> Rows:
    """The error rate of the filter by category: decided cases in which people found that the rule was not broken."""
    rates = tuple(
        (
            gettext("Error rate: %(category)s") % {"category": each.name},
            gettext("%(share)s of %(number)s") % {"share": f"{1 - each.precision:.0%}", "number": each.decided},
        )
        for each in counted.categories
        if each.precision is not None
    )
    return ((gettext("Restrictions that the machine alone decided"), 0), *rates)


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
