from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from moderation.desk import cases, claims, reports, second_person
from moderation.models import Action, ActionKind, ActionState, AuditEntry, Case, CaseStatus, Report, Source
from tests.factories import make_one_of_each, make_user
from tests.moderation.desk.material import decide, make_case, make_turns

pytestmark = pytest.mark.django_db


def report(reporter: User, *, conversation_id: UUID | None = None, marked: int = 1) -> Report:
    turns = make_turns(3)
    return reports.file(
        reporter=reporter,
        conversation_id=conversation_id or uuid4(),
        persona_id=uuid4(),
        persona_name="Ada",
        category="harassment",
        message_id=turns[marked].message_id,
        turns=turns,
    )


def test_r1_a_case_says_what_opened_it(alice: User) -> None:
    assert make_case(alice).source == Source.MONITOR
    filed = report(alice)
    assert filed.case is not None
    assert filed.case.source == Source.REPORT


def test_ds2_r26_a_report_has_a_receipt_and_an_outcome_without_details(alice: User, mina: User) -> None:
    filed, harmless, other = report(alice), report(alice), report(alice)
    assert filed.case is not None
    assert harmless.case is not None
    decide(filed.case, mina, ActionKind.DISABLE_PERSONA, reason="A secret reason.")
    decide(harmless.case, mina, ActionKind.DISMISS, reason="A secret reason.")
    person = Client()
    person.force_login(alice)
    page = person.get(reverse("moderation:my_reports")).text
    assert str(filed.pk) in page
    assert "something was done about it" in page
    assert "no rule was broken" in page
    assert "A person will look at it." in page
    assert "Turn number" not in page
    assert "secret reason" not in page
    assert other.case is not None


def test_r7_a_flood_of_reports_is_set_aside_by_two_people(alice: User, bob: User, mina: User) -> None:
    max_ = make_user("max", role=Role.MODERATOR)
    flood = [report(alice) for _ in range(4)]
    monitored, others = make_case(alice), report(bob)
    with pytest.raises(cases.ReasonMissing):
        reports.void_flood(moderator=mina, reporter=alice, reason=" ")
    with pytest.raises(PermissionDenied):
        reports.void_flood(moderator=bob, reporter=alice, reason="A flood.")
    assert reports.void_flood(moderator=mina, reporter=alice, reason="The same words forty times.") == 4
    assert AuditEntry.objects.get(action="reports.voided").data == {"cases": 4}
    assert Case.objects.filter(status=CaseStatus.PENDING_SECOND).count() == 4
    action = second_person.waiting_for(max_)[0]
    second_person.confirm(action=action, moderator=max_)
    assert Case.objects.filter(status=CaseStatus.DECIDED).count() == 4
    assert set(Action.objects.values_list("kind", "state")) == {("dismiss", ActionState.IN_EFFECT)}
    assert others.case is not None
    assert set(Case.objects.filter(status=CaseStatus.OPEN)) == {monitored, others.case}
    assert reports.outcome(Report.objects.get(pk=flood[0].pk)).endswith("no rule was broken.")


def test_r7_a_case_that_somebody_decides_or_claims_meanwhile_is_left_out(
    alice: User, mina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    max_ = make_user("max", role=Role.MODERATOR)
    decided, claimed, free = (report(alice).case for _ in range(3))
    find = reports.pending_from

    def pending_from(*people: User) -> Any:
        found = find(*people)  # its rows are read later
        decide(decided, max_, ActionKind.SUSPEND_USER)
        claims.claim(case=claimed, moderator=max_)
        return found

    monkeypatch.setattr(reports, "pending_from", pending_from)
    assert reports.void_flood(moderator=mina, reporter=alice, reason="The same words forty times.") == 1
    assert [Case.objects.get(pk=case.pk).status for case in (decided, claimed, free)] == [
        CaseStatus.DECIDED, CaseStatus.OPEN, CaseStatus.PENDING_SECOND,
    ]  # fmt: skip


def test_r7_the_page_proposes_it(alice: User, mina: User) -> None:
    filed = report(alice)
    desk = Client()
    desk.force_login(mina)
    assert filed.case is not None
    address = reverse("moderation:void", args=[filed.case.pk])
    assert "needs a reason" in desk.post(address, {"reason": ""}, follow=True).text
    assert "waits for a second person" in desk.post(address, {"reason": "A flood."}, follow=True).text


def test_ds2_a_reply_is_reported_on_a_page_of_its_own(alice: User, mina: User) -> None:
    ids = make_one_of_each(owner=alice, moderator=mina)
    Case.objects.all().delete()  # the report opens one
    person = Client()
    person.force_login(alice)
    address = reverse("chat:report", args=[ids["conversation_id"], ids["reply_id"]])
    assert "Hello, dear." in person.get(address).text
    assert person.post(address, {"category": "rudeness"}).status_code == 400
    for _ in range(2):
        receipt = person.post(address, {"category": "harassment"}, follow=True)
        assert "A person will look at it." in receipt.text
    filed = Report.objects.get()
    assert filed.case is not None
    assert [turn["text"] for turn in filed.case.evidence] == ["Hello.", "Hello, dear."]


def test_r7_ones_own_claim_is_no_hindrance_and_nothing_is_proposed_of_nothing(alice: User, mina: User) -> None:
    case = report(alice).case
    assert case is not None
    claims.claim(case=case, moderator=mina)
    desk = Client()
    desk.force_login(mina)
    address = reverse("moderation:void", args=[case.pk])
    assert "dismiss 1 reported case waits" in desk.post(address, {"reason": "A flood."}, follow=True).text
    assert claims.of(mina) is None
    assert "No case is open that only" in desk.post(address, {"reason": "A flood."}, follow=True).text
    assert AuditEntry.objects.filter(action="reports.voided").count() == 1
