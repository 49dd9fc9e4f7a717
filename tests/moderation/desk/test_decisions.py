"""Labels, two people, strikes and notes."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from moderation import my_data
from moderation.desk import appeals, cases, claims, notes, queries, restrictions, second_person, strikes
from moderation.models import Action, ActionKind, ActionState, AuditEntry, Case, CaseStatus, Restriction
from tests.factories import make_user
from tests.moderation.desk.material import decide, make_case, make_finding, make_turns

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(db: None) -> User:
    """A second moderator."""
    return make_user("max", role=Role.MODERATOR)


@pytest.mark.parametrize(
    ("kind", "labels", "fault"),
    [
        (ActionKind.DISMISS, [], "at least one"),
        (ActionKind.WARN, ["no_violation"], "needs the rule"),
        (ActionKind.DISMISS, ["no_violation", "hate"], "not both"),
        (ActionKind.WARN, ["rudeness"], "no rule of this site"),
    ],
)
def test_r16_a_decision_without_a_fitting_label_is_refused(
    alice: User, mina: User, kind: ActionKind, labels: list[str], fault: str
) -> None:
    case = make_case(alice)
    with pytest.raises(cases.LabelMissing, match=fault):
        decide(case, mina, kind, labels=labels)
    desk = Client()
    desk.force_login(mina)
    page = desk.post(
        reverse("moderation:case", args=[case.pk]), {"kind": kind, "labels": labels, "reason": "I typed this."}
    )
    assert (page.status_code, "I typed this." in page.text) == (400, True)
    assert not Action.objects.exists()


def test_r16_r13_several_labels_and_the_version_of_the_rules_are_kept(alice: User, mina: User) -> None:
    action = decide(make_case(alice), mina, ActionKind.WARN, labels=["violence", "hate", "hate"])
    action.refresh_from_db()
    assert (action.labels, action.policy_version) == (["hate", "violence"], "1")
    assert AuditEntry.objects.get(action="case.decided").data["labels"] == ["hate", "violence"]


def test_r20_a_ban_waits_for_a_second_person(alice: User, mina: User, max_: User) -> None:
    case = make_case(alice)
    action = decide(case, mina, ActionKind.BAN)
    case.refresh_from_db()
    assert (action.state, case.status) == (ActionState.PENDING_SECOND, CaseStatus.PENDING_SECOND)
    assert not Restriction.objects.exists()
    with pytest.raises(PermissionDenied):
        second_person.confirm(action=action, moderator=mina)
    assert list(second_person.waiting_for(max_)) == [action]
    assert not second_person.waiting_for(mina).exists()
    second_person.confirm(action=action, moderator=max_)
    case.refresh_from_db()
    action.refresh_from_db()
    restriction = action.restrictions.get()
    assert (action.state, action.second, case.status) == (ActionState.IN_EFFECT, max_, CaseStatus.DECIDED)
    assert (restriction.user, restriction.ends_at) == (alice, None)
    assert "two people" in restriction.statement
    assert restrictions.active_for(user=alice) == [restriction]
    assert AuditEntry.objects.get(action="case.decided").data["proposed_by"] == f"user:{mina.pk}"
    with pytest.raises(second_person.SecondRefused, match="no longer waits"):
        second_person.confirm(action=action, moderator=max_)


def test_r17_r18_a_ban_is_lifted_by_one_click_with_a_cause(alice: User, mina: User, max_: User) -> None:
    action = decide(make_case(alice), mina, ActionKind.BAN)
    second_person.confirm(action=action, moderator=max_)
    restrictions.lift(restriction=action.restrictions.get(), moderator=mina, reason="It was somebody else.")
    assert not restrictions.active_for(user=alice)


def test_r20_a_refused_ban_opens_the_case_again_with_the_reason(alice: User, mina: User, max_: User) -> None:
    case = make_case(alice)
    action = decide(case, mina, ActionKind.BAN)
    with pytest.raises(second_person.SecondRefused, match="Say why"):
        second_person.refuse(action=action, moderator=max_, reason=" ")
    second_person.refuse(action=action, moderator=max_, reason="One slur is no reason for this.")
    case.refresh_from_db()
    assert (case.status, case.notes.get().text) == (CaseStatus.OPEN, "One slur is no reason for this.")
    decide(case, mina, ActionKind.WARN)
    assert [each.state for each in case.actions.all()] == [ActionState.REFUSED, ActionState.IN_EFFECT]


def test_r20_new_findings_join_the_case_that_waits_for_a_second_person(alice: User, mina: User, max_: User) -> None:
    turns, conversation_id = make_turns(4), uuid4()
    fields = {"user": alice, "conversation_id": conversation_id, "persona_id": uuid4(), "persona_name": "Ada"}
    case = cases.open_case(findings=[make_finding(turns[0].message_id)], turns=turns, **fields)
    action = decide(case, mina, ActionKind.BAN)
    cases.open_case(findings=[make_finding(turns[2].message_id)], turns=turns, **fields)
    case.refresh_from_db()
    assert (Case.objects.count(), len(case.findings), case.status) == (1, 2, CaseStatus.PENDING_SECOND)
    second_person.refuse(action=action, moderator=max_, reason="Too hard.")
    assert Case.objects.get().status == CaseStatus.OPEN


def test_r20_danger_does_not_wait_behind_a_proposal(alice: User, mina: User, max_: User) -> None:
    turns, conversation_id = make_turns(4), uuid4()
    fields = {"user": alice, "conversation_id": conversation_id, "persona_id": uuid4(), "persona_name": "Ada"}
    case = cases.open_case(findings=[make_finding(turns[0].message_id)], turns=turns, **fields)
    action = decide(case, mina, ActionKind.BAN)
    grave = make_finding(turns[2].message_id, category="self-harm/intent", severity=100)
    cases.open_case(findings=[grave], turns=turns, **fields)
    action.refresh_from_db()
    assert (action.state, Case.objects.get().status) == (ActionState.WITHDRAWN, CaseStatus.OPEN)
    assert claims.claim(case=Case.objects.get(), moderator=max_).moderator == max_
    assert not second_person.waiting_for(max_).exists()


def test_r20_the_first_person_can_take_a_ban_back_and_nobody_else(alice: User, mina: User, max_: User) -> None:
    case = make_case(alice)
    action = decide(case, mina, ActionKind.BAN)
    (own, other), address = (Client(), Client()), reverse("moderation:take_back", args=[case.pk])
    own.force_login(mina)
    other.force_login(max_)
    assert other.post(address).status_code == 404
    with pytest.raises(PermissionDenied):
        second_person.take_back(action=action, moderator=max_)
    assert "The case is open again" in own.post(address, follow=True).text
    case.refresh_from_db()
    assert (case.status, case.actions.get().state) == (CaseStatus.OPEN, ActionState.WITHDRAWN)
    with pytest.raises(second_person.SecondRefused, match="no longer waits"):
        second_person.take_back(action=action, moderator=mina)
    decide(case, mina, ActionKind.WARN)
    assert "(taken back)" in own.get(reverse("moderation:case", args=[case.pk])).text


def test_r20_only_the_owner_closes_a_moderators_account_and_nobody_the_owners(
    mina: User, max_: User, olga: User
) -> None:
    for person, moderator in ((max_, mina), (olga, mina)):
        with pytest.raises(PermissionDenied):
            decide(make_case(person), moderator, ActionKind.BAN)
    action = decide(make_case(max_), olga, ActionKind.BAN)
    with pytest.raises(PermissionDenied):
        second_person.confirm(action=action, moderator=mina)
    action.refresh_from_db()
    assert action.state == ActionState.PENDING_SECOND


def test_r20_the_second_person_answers_no_objection_either(alice: User, mina: User, max_: User, olga: User) -> None:
    action = decide(make_case(alice), mina, ActionKind.BAN)
    second_person.confirm(action=action, moderator=max_)
    appeal = appeals.file(restriction=action.restrictions.get(), user=alice, text="It was my brother.")
    assert [appeal in appeals.waiting_for(person) for person in (mina, max_, olga)] == [False, False, True]


def test_r20_the_page_lets_another_person_confirm(alice: User, mina: User, max_: User) -> None:
    case = make_case(alice)
    decide(case, mina, ActionKind.BAN)
    own, other = Client(), Client()
    own.force_login(mina)
    other.force_login(max_)
    address, second = (reverse(f"moderation:{name}", args=[case.pk]) for name in ("case", "second"))
    assert "waits for a second person" in own.get(address).text
    assert own.post(second, {"is_confirmed": "yes"}).status_code == 404
    assert "wait for a second person" in other.get(reverse("moderation:queue")).text
    assert "mina proposes" in other.get(address).text
    assert "Say why" in other.post(second, {"reason": ""}, follow=True).text
    assert "in force now" in other.post(second, {"is_confirmed": "yes"}, follow=True).text
    assert restrictions.active_for(user=alice)


def test_r19_strikes_add_up_call_for_a_step_and_fall_out_of_the_window(alice: User, mina: User) -> None:
    assert strikes.of(alice, at=timezone.now()) == strikes.Strikes(0, None)
    decide(make_case(alice), mina, ActionKind.DISMISS)
    decide(make_case(alice), mina, ActionKind.WARN, labels=["pii"])
    first = Action.objects.latest("pk")
    assert strikes.of(alice, at=timezone.now()) == strikes.Strikes(1, ActionKind.WARN)
    decide(make_case(alice), mina, ActionKind.WARN, labels=["pii", "harassment/threatening"])
    decide(make_case(alice), mina, ActionKind.LOCK_CONVERSATION, labels=["hate"])
    now = timezone.now()
    assert strikes.of(alice, at=now) == strikes.Strikes(6, ActionKind.SUSPEND_USER)
    Action.objects.filter(pk=first.pk).update(decided_at=now - strikes.WINDOW + timedelta(minutes=1))
    assert strikes.of(alice, at=now + timedelta(seconds=30)).score == 6
    assert strikes.of(alice, at=now + timedelta(minutes=2)).score == 5
    assert strikes.of(alice, at=now + strikes.WINDOW + timedelta(days=1)) == strikes.Strikes(0, None)


def test_r19_r25_a_restriction_that_is_overturned_is_no_strike(alice: User, mina: User, olga: User) -> None:
    action = decide(make_case(alice), mina, ActionKind.SUSPEND_USER)
    appeal = appeals.file(restriction=action.restrictions.get(), user=alice, text="It was a play.")
    assert strikes.of(alice, at=timezone.now()).score == 1
    appeals.answer(appeal=appeal, moderator=olga, outcome="overturned", answer="So it was.")
    assert strikes.of(alice, at=timezone.now()).score == 0


def test_r19_r25_a_restriction_that_ended_before_it_was_overturned_is_no_strike(
    alice: User, mina: User, olga: User
) -> None:
    action = decide(make_case(alice), mina, ActionKind.SUSPEND_USER)
    appeal = appeals.file(restriction=action.restrictions.get(), user=alice, text="It was a play.")
    Restriction.objects.filter(action=action).update(ends_at=timezone.now() - timedelta(minutes=1))
    appeal.refresh_from_db()
    appeals.answer(appeal=appeal, moderator=olga, outcome="overturned", answer="So it was.")
    assert strikes.of(alice, at=timezone.now()).score == 0


def test_r15_notes_are_for_reviewers_and_in_no_copy_of_the_persons_data(
    alice: User, bob: User, mina: User, olga: User
) -> None:
    case = make_case(alice)
    notes.write(case=case, author=mina, text="Seen three times before.", is_question=True)
    with pytest.raises(PermissionDenied):
        notes.write(case=case, author=bob, text="Me too.")
    assert "Seen three times" not in str(my_data.export(alice))
    assert [note.case for note in notes.questions_for(olga)] == [case]
    assert not notes.questions_for(mina).exists()
    desk = Client()
    desk.force_login(olga)
    assert "Seen three times before." in desk.get(reverse("moderation:case", args=[case.pk])).text
    assert "mina asks" in desk.get(reverse("moderation:queue")).text
    address = reverse("moderation:note", args=[case.pk])
    assert "needs words" in desk.post(address, {"text": " "}, follow=True).text
    desk.post(address, {"text": "A quotation, I think."})
    assert not notes.questions_for(olga).exists()
    assert [entry.data["is_question"] for entry in AuditEntry.objects.filter(action="case.noted")] == [True, False]
    assert "Seen" not in str(list(AuditEntry.objects.values_list("data", flat=True)))


def test_r20_what_was_refused_or_taken_back_is_shown_as_no_decision(alice: User, mina: User, max_: User) -> None:
    case, other = make_case(alice), make_case(alice)
    second_person.refuse(action=decide(case, mina, ActionKind.BAN), moderator=max_, reason="Too hard.")
    second_person.take_back(action=decide(case, mina, ActionKind.BAN), moderator=mina)
    assert not queries.earlier_decisions(other, max_).exists()
    decided = decide(case, mina, ActionKind.WARN)
    assert list(queries.earlier_decisions(other, max_)) == [decided]
    [row] = queries.page(max_, status=CaseStatus.DECIDED).cases
    assert list(row.actions.all()) == [decided]


def test_r20_who_comes_too_late_reads_a_sentence(alice: User, mina: User, max_: User, olga: User) -> None:
    """Two reviewers act on one proposal at once."""
    case = make_case(alice)
    decide(case, mina, ActionKind.BAN)
    page = reverse("moderation:case", args=[case.pk])
    desks = {person: Client() for person in (mina, max_, olga)}
    for person, desk in desks.items():
        desk.force_login(person)
    assert ["Take it back" in desks[person].get(page).text for person in (mina, max_)] == [True, False]
    confirm = reverse("moderation:second", args=[case.pk]), {"is_confirmed": "yes"}
    assert "It is in force now." in desks[max_].post(*confirm, follow=True).text
    assert "no longer waits" in desks[olga].post(*confirm, follow=True).text
    assert "no longer waits" in desks[mina].post(reverse("moderation:take_back", args=[case.pk]), follow=True).text
