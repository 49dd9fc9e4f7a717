from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from moderation import audit_trail
from moderation.desk import cases, restrictions, sight
from moderation.models import Action, ActionKind, AuditEntry, Case, CaseStatus, Restriction, RestrictionKind
from persona_site import redis
from tests.moderation.desk.material import decide, make_case, make_finding, make_turns

pytestmark = pytest.mark.django_db


def open_case(user: User, **fields: Any) -> Case:
    values = {"conversation_id": uuid4(), "persona_id": uuid4(), "persona_name": "Ada"}
    return cases.open_case(user=user, **(values | fields))


def test_a_finding_opens_a_case_with_its_reasons(alice: User) -> None:
    turns = make_turns(3)
    finding = make_finding(turns[0].message_id)
    case = open_case(alice, findings=[finding], turns=turns)
    case.refresh_from_db()
    assert (case.status, case.severity, case.user) == (CaseStatus.OPEN, 40, alice)
    assert case.findings == [
        {
            "signal": "classifier",
            "category": "harassment",
            "severity": 40,
            "score": 0.91,
            "threshold": 0.8,
            "message_id": str(turns[0].message_id),
            "detail": "said to the persona",
            "details": {"zh-hans": "said to the persona"},
            "version": "linear 1",
            "supports": [],
        }
    ]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor) == ("case.opened", f"case:{case.pk}", "system")


def test_r11_the_evidence_is_ten_turns_each_side_and_nothing_else(alice: User) -> None:
    turns = make_turns(60)
    case = open_case(alice, findings=[make_finding(turns[30].message_id)], turns=turns)
    assert [turn["text"] for turn in case.evidence] == [f"Turn number {i}." for i in range(20, 41)]


def test_overlapping_windows_keep_each_turn_once_and_in_order(alice: User) -> None:
    turns, conversation_id = make_turns(60), uuid4()
    open_case(alice, conversation_id=conversation_id, findings=[make_finding(turns[45].message_id)], turns=turns)
    case = open_case(alice, conversation_id=conversation_id, findings=[make_finding(turns[30].message_id)], turns=turns)
    assert [turn["text"] for turn in case.evidence] == [f"Turn number {i}." for i in range(20, 56)]


def test_r2_five_findings_of_one_conversation_make_one_case(alice: User) -> None:
    turns, conversation_id = make_turns(5), uuid4()
    for turn in turns:
        case = open_case(alice, conversation_id=conversation_id, findings=[make_finding(turn.message_id)], turns=turns)
    assert Case.objects.count() == 1
    assert len(case.findings) == 5


def test_the_same_finding_again_changes_nothing(alice: User) -> None:
    turns, conversation_id = make_turns(2), uuid4()
    finding = make_finding(turns[0].message_id)
    first = open_case(alice, conversation_id=conversation_id, findings=[finding, finding], turns=turns)
    again = open_case(alice, conversation_id=conversation_id, findings=[finding], turns=turns)
    assert (again.pk, len(again.findings), again.updated_at) == (first.pk, 1, first.updated_at)
    assert AuditEntry.objects.count() == 1


def test_a_graver_look_at_the_same_turn_replaces_the_finding(alice: User) -> None:
    turns, conversation_id = make_turns(2), uuid4()
    mild, grave = (make_finding(turns[0].message_id, severity=severity) for severity in (30, 70))
    open_case(alice, conversation_id=conversation_id, findings=[mild], turns=turns)
    case = open_case(alice, conversation_id=conversation_id, findings=[grave], turns=turns)
    assert ([finding["severity"] for finding in case.findings], case.severity) == ([70], 70)


def test_severity_is_the_gravest_and_the_deadline_the_earliest(alice: User) -> None:
    turns, conversation_id = make_turns(3), uuid4()
    threat = make_finding(turns[0].message_id, category="harassment/threatening", severity=70)
    mild = make_finding(turns[1].message_id, severity=20)
    first = open_case(alice, conversation_id=conversation_id, findings=[threat], turns=turns)
    merged = open_case(alice, conversation_id=conversation_id, findings=[mild], turns=turns)
    assert (merged.severity, merged.due_at) == (70, first.due_at)


@pytest.mark.parametrize(
    ("category", "severity", "time_to_look"),
    [
        ("self-harm/intent", 100, timedelta(minutes=15)),
        ("self-harm/intent", 85, timedelta(hours=1)),
        ("sexual/minors", 90, timedelta(hours=1)),
        ("harassment/threatening", 70, timedelta(hours=4)),
        ("hate", 60, timedelta(hours=24)),
    ],
)
def test_r30_k9_the_deadline_follows_what_was_found(
    alice: User, category: str, severity: int, time_to_look: timedelta
) -> None:
    case = make_case(alice, category=category, severity=severity)
    assert abs(case.due_at - timezone.now() - time_to_look) < timedelta(seconds=10)


def test_a_case_without_findings_is_refused(alice: User) -> None:
    with pytest.raises(ValueError, match="at least one finding"):
        open_case(alice, findings=[], turns=[])


def test_a_finding_after_the_decision_opens_a_new_case(alice: User, mina: User) -> None:
    turns, conversation_id = make_turns(4), uuid4()
    old, new = make_finding(turns[0].message_id), make_finding(turns[2].message_id)
    first = open_case(alice, conversation_id=conversation_id, findings=[old], turns=turns)
    decide(first, mina, ActionKind.DISMISS, reason="A quarrel in play.")
    second = open_case(alice, conversation_id=conversation_id, findings=[old, new], turns=turns)
    assert second.pk != first.pk
    assert [finding["message_id"] for finding in second.findings] == [str(turns[2].message_id)]


def test_what_was_decided_is_not_opened_again_by_the_same_finding(alice: User, mina: User) -> None:
    turns, conversation_id = make_turns(4), uuid4()
    finding = make_finding(turns[0].message_id)
    first = open_case(alice, conversation_id=conversation_id, findings=[finding], turns=turns)
    decide(first, mina, ActionKind.DISMISS, reason="A quarrel in play.")
    assert open_case(alice, conversation_id=conversation_id, findings=[finding], turns=turns).pk == first.pk
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_r2_findings_that_come_at_once_make_one_case(alice: User) -> None:
    turns, conversation_id = make_turns(16), uuid4()
    start, failures = Barrier(8), []

    def report(number: int) -> None:
        try:
            start.wait()
            for turn in turns[number * 2 : number * 2 + 2]:
                open_case(alice, conversation_id=conversation_id, findings=[make_finding(turn.message_id)], turns=turns)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=report, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    case = Case.objects.get()
    assert {finding["message_id"] for finding in case.findings} == {str(turn.message_id) for turn in turns}
    assert sorted(AuditEntry.objects.values_list("action", flat=True)) == ["case.merged"] * 15 + ["case.opened"]
    assert audit_trail.verify().first_bad is None


def test_r5_child_safety_is_seen_by_permission_only(alice: User, mina: User, olga: User) -> None:
    case = make_case(alice, category="sexual/minors")
    with pytest.raises(Http404):
        sight.get_case_for(mina, case.pk)
    assert sight.get_case_for(olga, case.pk) == case
    with pytest.raises(PermissionDenied):
        decide(case, mina, ActionKind.DISMISS, reason="Nothing.")


def test_r5_the_permission_shows_it_to_a_moderator(alice: User, mina: User) -> None:
    from django.contrib.auth.models import Permission

    case = make_case(alice, category="sexual/minors")
    mina.user_permissions.add(Permission.objects.get(codename="review_child_safety"))
    mina = User.objects.get(pk=mina.pk)
    assert sight.get_case_for(mina, case.pk) == case


@pytest.mark.parametrize(
    ("kind", "restricted"),
    [
        (ActionKind.DISMISS, None),
        (ActionKind.WARN, RestrictionKind.WARNING),
        (ActionKind.LOCK_CONVERSATION, RestrictionKind.CONVERSATION_LOCKED),
        (ActionKind.SUSPEND_USER, RestrictionKind.USER_SUSPENDED),
        (ActionKind.DISABLE_PERSONA, RestrictionKind.PERSONA_DISABLED),
    ],
)
def test_r17_a_decision_is_written_with_its_effect_and_its_record(
    alice: User, mina: User, kind: ActionKind, restricted: RestrictionKind | None
) -> None:
    case = make_case(alice)
    action = decide(case, mina, kind, reason="Threats in three turns.")
    case.refresh_from_db()
    assert (case.status, action.moderator, action.reason) == (CaseStatus.DECIDED, mina, "Threats in three turns.")
    assert [restriction.kind for restriction in Restriction.objects.all()] == ([restricted] if restricted else [])
    entry = AuditEntry.objects.get(action="case.decided")
    assert (entry.subject, entry.actor, entry.data["kind"]) == (f"case:{case.pk}", f"user:{mina.pk}", kind)
    assert "Threats" not in str(entry.data)


def test_a_suspension_lasts_seven_days_or_as_chosen(alice: User, mina: User) -> None:
    for days, fields in [(7, {}), (30, {"duration": timedelta(days=30)})]:
        action = decide(make_case(alice), mina, ActionKind.SUSPEND_USER, reason="Threats.", **fields)
        ends_at = action.restrictions.get().ends_at
        assert abs(ends_at - timezone.now() - timedelta(days=days)) < timedelta(seconds=10)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_decision_without_a_reason_is_refused(alice: User, mina: User, reason: str) -> None:
    case = make_case(alice)
    with pytest.raises(cases.ReasonMissing):
        decide(case, mina, ActionKind.DISMISS, reason=reason)
    assert not Action.objects.exists()


def test_a_second_decision_is_refused(alice: User, mina: User, olga: User) -> None:
    case = make_case(alice)
    stale = Case.objects.get(pk=case.pk)
    decide(case, mina, ActionKind.DISMISS, reason="Harmless.")
    with pytest.raises(cases.AlreadyDecided):
        decide(stale, olga, ActionKind.SUSPEND_USER, reason="Not harmless.")
    assert Action.objects.get().moderator == mina
    assert not Restriction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_counts(alice: User, mina: User, olga: User) -> None:
    case = make_case(alice)
    start, refused = Barrier(2), []

    def decide_as(moderator: User) -> None:
        start.wait()
        try:
            decide(case, moderator, ActionKind.WARN, reason="Threats.")
        except cases.AlreadyDecided:
            refused.append(moderator)
        finally:
            connections.close_all()

    threads = [Thread(target=decide_as, args=[moderator]) for moderator in (mina, olga)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert (Action.objects.count(), Restriction.objects.count()) == (1, 1)


def test_r10_nobody_decides_about_their_own_account(mina: User, olga: User) -> None:
    for person in (mina, olga):
        case = make_case(person)
        with pytest.raises(PermissionDenied):
            decide(case, person, ActionKind.DISMISS, reason="It was me.")
        with pytest.raises(Http404):
            sight.get_case_for(person, case.pk)
        assert person not in [case.user for case in sight.visible_to(person)]
    assert not Action.objects.exists()


def test_a_person_without_the_role_decides_nothing(alice: User, bob: User) -> None:
    with pytest.raises(PermissionDenied):
        decide(make_case(alice), bob, ActionKind.DISMISS, reason="I say so.")


def test_the_owner_cannot_be_suspended(mina: User, olga: User) -> None:
    case = make_case(olga)
    with pytest.raises(PermissionDenied, match="owner"):
        decide(case, mina, ActionKind.SUSPEND_USER, reason="Threats.")
    decide(case, mina, ActionKind.WARN, reason="Threats.")


def test_only_the_owner_suspends_a_moderator(mina: User, olga: User) -> None:
    from accounts.models import Role
    from tests.factories import make_user

    max_ = make_user("max", role=Role.MODERATOR)
    case = make_case(max_)
    with pytest.raises(PermissionDenied, match="moderator"):
        decide(case, mina, ActionKind.SUSPEND_USER, reason="Threats.")
    decide(case, olga, ActionKind.SUSPEND_USER, reason="Threats.")


def test_a_decision_is_written_whole_or_not_at_all(alice: User, mina: User, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(alice)

    def fail(**fields: object) -> None:
        raise RuntimeError("The audit trail cannot be written.")

    monkeypatch.setattr(audit_trail, "record", fail)
    with pytest.raises(RuntimeError):
        decide(case, mina, ActionKind.LOCK_CONVERSATION, reason="Threats.")
    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN
    assert not Action.objects.exists()
    assert not Restriction.objects.exists()


@pytest.mark.parametrize(
    ("kind", "stops"),
    [
        (ActionKind.DISMISS, False),
        (ActionKind.WARN, False),
        (ActionKind.LOCK_CONVERSATION, True),
        (ActionKind.SUSPEND_USER, True),
        (ActionKind.DISABLE_PERSONA, True),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_live_reply_stops_when_talk_is_forbidden(alice: User, mina: User, kind: ActionKind, stops: bool) -> None:
    case = make_case(alice)
    key = redis.cancel_key(case.conversation_id)
    action = decide(case, mina, kind, reason="Threats.")
    assert bool(redis.connection().exists(key)) is stops
    if stops:
        assert 0 < redis.connection().ttl(key) <= 900
        restrictions.lift(restriction=action.restrictions.get(), moderator=mina, reason="A mistake.")
        assert not redis.connection().exists(key)
