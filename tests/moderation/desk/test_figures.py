"""Figures and yearly reports, from the audit trail alone."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.personal_data import my_data
from moderation.desk import appeals, claims, figures, referrals, sight, yearly
from moderation.models import ActionKind, Assessment, AuditEntry, Case
from tests.moderation.desk.material import decide, make_case
from tests.moderation.test_audit_trail import without_trigger

pytestmark = pytest.mark.django_db

YEAR = timezone.now().year


def at(minutes: float) -> datetime:
    """A moment of the audit trail of these tests."""
    return datetime(YEAR, 1, 10, 9, 0, tzinfo=UTC) + timedelta(minutes=minutes)


def move(action: str, case: Case, minutes: float) -> None:
    """Sets the time of an entry, which is otherwise now."""
    with without_trigger():
        AuditEntry.objects.filter(action=action, subject=f"case:{case.pk}").update(created_at=at(minutes))


@pytest.fixture
def worked(alice: User, mina: User, olga: User) -> list[Case]:
    """Three cases: seen at 5, 10 and 30 minutes, decided at 20, 60 and never; the second decision was overturned."""
    decided = [make_case(alice, severity=90, category="hate"), make_case(alice, severity=60), make_case(alice)]
    desk = Client()
    desk.force_login(mina)
    for case, minutes in zip(decided, (5, 10, 30), strict=True):
        desk.get(reverse("moderation:case", args=[case.pk]))
        move("case.viewed", case, minutes)
    decide(decided[0], mina, ActionKind.DISMISS)
    warning = decide(decided[1], mina, ActionKind.SUSPEND_USER).restrictions.get()
    appeal = appeals.file(restriction=warning, user=alice, text="A play.")
    appeals.answer(appeal=appeal, moderator=olga, outcome="overturned", answer="So it was.")
    for case, minutes in zip(decided, (20, 60), strict=False):
        move("case.decided", case, minutes)
    with without_trigger():
        for case in decided:
            due = {"due_at": at(15).isoformat()}
            entry = AuditEntry.objects.get(action="case.opened", subject=f"case:{case.pk}")
            AuditEntry.objects.filter(pk=entry.pk).update(created_at=at(0), data=entry.data | due)
        AuditEntry.objects.filter(action="appeal.filed").update(created_at=at(100))
        AuditEntry.objects.filter(action="appeal.answered").update(created_at=at(160))
    return decided


def test_r29_the_figures_are_those_of_the_log(worked: list[Case]) -> None:
    result = figures.between(at(-1), at(1000))
    minutes = [timedelta(minutes=number) for number in (5, 10, 20, 30, 60)]
    assert (result.opened, result.decided, result.late) == (3, 2, 1)
    assert result.first_look == figures.Times(minutes[1], minutes[3])
    assert result.to_decision == figures.Times(minutes[2], minutes[4])
    assert [(each.name, each.opened, each.decided, each.precision) for each in result.categories] == [
        ("harassment", 2, 1, 1.0),
        ("hatred of a group of people", 1, 1, 0.0),
    ]
    assert dict(result.kinds)["Dismiss"] == 1
    assert result.policies == (figures.PolicyFigures("1", 1, 1, 1),)
    assert result.days == ((at(0).date(), 3, 2),)
    assert figures.between(at(2000), at(3000)).opened == 0


def test_r29_handle_time_runs_from_the_claim_to_the_decision(alice: User, mina: User) -> None:
    cases = [make_case(alice), make_case(alice), make_case(alice)]
    for case in cases[:2]:
        claims.claim(case=case, moderator=mina)
        decide(case, mina, ActionKind.DISMISS)
    decide(cases[2], mina, ActionKind.DISMISS)  # decided without a claim: nobody knows how long it took
    for case, claimed, decided in ((cases[0], 10, 14), (cases[1], 20, 29)):
        move("case.claimed", case, claimed)
        move("case.decided", case, decided)
    for case in cases:
        move("case.opened", case, 0)
    move("case.decided", cases[2], 30)
    result = figures.between(at(-1), at(1000))
    assert result.handling == figures.Times(timedelta(minutes=4), timedelta(minutes=9))


def test_r29_the_share_of_the_site_and_of_reports_is_told(alice: User, mina: User) -> None:
    decide(make_case(alice), mina, ActionKind.WARN)
    make_case(alice)
    decide(make_case(alice, signal="report"), mina, ActionKind.DISMISS)
    now = timezone.now()
    result = figures.between(now - timedelta(hours=1), now + timedelta(hours=1))
    assert result.sources == (("The filter and the monitor", 2, 1), ("A report", 1, 0))


def test_r29_the_backlog_is_told_by_severity_and_age(worked: list[Case], mina: User) -> None:
    Case.objects.filter(pk=worked[2].pk).update(
        opened_at=timezone.now() - timedelta(days=2), due_at=timezone.now() - timedelta(days=1)
    )
    waiting = figures.backlog(sight.visible_to(mina), time_to_answer=appeals.TIME_TO_ANSWER)
    assert dict(waiting.rows) == {"80 to 100": (0, 0, 0, 0), "50 to 79": (0, 0, 0, 0), "below 50": (0, 0, 1, 0)}
    assert waiting.overdue == (worked[2],)


def test_r29_r37_the_page_shows_the_figures_and_no_reviewer(worked: list[Case], olga: User, mina: User) -> None:
    desk = Client()
    desk.force_login(olga)
    page = desk.get(reverse("moderation:figures") + "?days=365").text
    main = page[page.index("<main") : page.index("</main>")]
    assert "Harassment" in main
    assert "mina" not in main
    assert mina.email not in page
    assert desk.get(reverse("moderation:figures") + "?days=nonsense").status_code == 200


def test_a_late_case_without_a_category_has_a_name_that_leads_to_it(alice: User, olga: User) -> None:
    late = {"persona_name": "Ada", "due_at": timezone.now() - timedelta(days=1)}
    Case.objects.create(user=alice, conversation_id=uuid4(), persona_id=uuid4(), **late)
    desk = Client()
    desk.force_login(olga)
    assert ">A sign in the conversation</a>" in desk.get(reverse("moderation:figures")).text


def assess(user: User, level: str, day: datetime) -> None:
    row = Assessment.objects.create(user=user, direction="user", action="crisis", level=level, policy_version="1")
    Assessment.objects.filter(pk=row.pk).update(created_at=day)


def test_ca8_or1_k10_the_yearly_report_counts_referrals_of_the_year_and_names_nobody(alice: User, bob: User) -> None:
    for user, level, minutes in [(alice, "active", 0), (alice, "imminent", 5), (bob, "passive", 5), (bob, "low", 9)]:
        assess(user, level, at(minutes))
    assess(bob, "active", at(0) - timedelta(days=20))
    assess(bob, "imminent", at(0))
    Assessment.objects.filter(user=bob, level="imminent").update(is_imported=True)  # nobody saw a notice
    before = yearly.report(law="us-ca", year=YEAR)
    assert before.sections[0].rows[0] == ("Notices shown in the year", 3)
    my_data.erase(alice)
    assert yearly.report(law="us-ca", year=YEAR) == before
    assert referrals.by_level(at(0).date(), at(0).date()) == {"passive": 1, "active": 1, "imminent": 1}
    for law in ("us-ca", "us-or"):
        out = StringIO()
        call_command("yearly_report", law=law, year=YEAR, stdout=out)
        text = out.getvalue()
        assert "Notices shown in the year: 3" in text
        assert "Columbia" in text
        for trace in (f"user:{bob.pk}", bob.email, bob.username, "@"):
            assert trace not in text


GOLDEN = """report,law,"European Union, Regulation (EU) 2022/2065, articles 15 and 24"
report,year,{year}
Cases that the site opened itself,Opened,3
Cases that the site opened itself,Decided by a person,2
Cases that the site opened itself,Looked at after the deadline,1
Cases that the site opened itself,Median time to the first look,10 min
Cases that the site opened itself,Median time to the decision,20 min
Decisions,Dismiss,1
Decisions,Warn the person,0
Decisions,Lock the conversation,0
Decisions,Suspend the person,1
Decisions,Disable the persona,0
Decisions,Close the account to messages for good,0
Objections,Answered,1
Objections,Restriction lifted,1
Objections,Median time to the answer,1 h
Use of automation,Restrictions that the machine alone decided,0
Use of automation,Error rate: harassment,0% of 1
Use of automation,Error rate: hatred of a group of people,100% of 1
Crisis notices,Shown,0
Crisis notices,of these at the level passive,0
Crisis notices,of these at the level active,0
Crisis notices,of these at the level imminent,0
"""


def test_r32_ds5_the_transparency_report_is_the_same_as_command_and_page(
    worked: list[Case], alice: User, mina: User
) -> None:
    out = StringIO()
    call_command("yearly_report", law="eu", year=YEAR, csv=True, stdout=out)
    assert out.getvalue() == GOLDEN.format(year=YEAR)
    visitor = Client()
    table = visitor.get(reverse("moderation:transparency_csv") + f"?year={YEAR}")
    assert table.text.replace("\r\n", "\n") == out.getvalue()
    page = visitor.get(reverse("moderation:transparency")).text
    assert "Looked at after the deadline" in page
    for person in (alice, mina):
        assert not re.search(rf"user:{person.pk}\b|{person.email}|{person.username}", table.text)
    for year in ("1999", "9999999999", "x", "", "²"):
        assert visitor.get(reverse("moderation:transparency") + f"?year={year}").status_code == 404


def test_r32_a_transparency_report_of_any_days_comes_as_text_table_and_json(worked: list[Case], alice: User) -> None:
    def printed(*options: str) -> str:
        out = StringIO()
        call_command("transparency_report", *options, stdout=out)
        return out.getvalue()

    days = ("--from", f"{YEAR}-01-01", "--to", f"{YEAR}-12-31")
    table = GOLDEN.format(year=YEAR).replace(f"report,year,{YEAR}", f"report,from,{YEAR}-01-01\nreport,to,{YEAR}-12-31")
    assert printed(*days, "--csv") == table
    report = json.loads(printed(*days, "--json"))
    assert (report["from"], report["sections"]["Objections"]["Answered"]) == (f"{YEAR}-01-01", 1)
    assert alice.username not in printed(*days)
    early = json.loads(printed("--from", "1970-01-01", "--to", f"{YEAR - 1}-12-31", "--json"))
    assert early["sections"]["Cases that the site opened itself"]["Opened"] == 0
    for wrong in (("2026-02-30", "2026-03-01"), ("2026-03-02", "2026-03-01"), ("2026-01-01", "9999-12-31")):
        with pytest.raises(CommandError):
            printed("--from", wrong[0], "--to", wrong[1])
    with pytest.raises(CommandError, match="between 1 and 9998"):
        call_command("yearly_report", law="eu", year=9999)
    out = StringIO()
    call_command("yearly_report", law="eu", year=YEAR, json=True, stdout=out)
    assert json.loads(out.getvalue())["year"] == YEAR


def test_r32_a_case_that_is_not_due_yet_is_not_late_in_the_report_of_this_year(alice: User) -> None:
    make_case(alice)
    section = yearly.report(law="eu", year=YEAR).sections[0]
    assert dict(section.rows)["Looked at after the deadline"] == 0


def test_durations_are_told_in_their_two_largest_units() -> None:
    assert yearly.in_words(timedelta(days=3, hours=4, minutes=9)) == "3 d 4 h"
    assert yearly.in_words(timedelta(minutes=1, seconds=30)) == "1 min 30 s"
    assert yearly.in_words(timedelta(0)) == "0 s"
    assert yearly.in_words(None) == "none"
