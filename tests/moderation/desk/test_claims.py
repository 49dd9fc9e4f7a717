from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from moderation.desk import cases, claims, routing
from moderation.models import Action, ActionKind, AuditEntry, Case, Claim, ClaimEnd, Queue
from tests.factories import make_user
from tests.moderation.desk.material import decide, make_case

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=9)


def let_lapse(claim: Claim) -> None:
    Claim.objects.filter(pk=claim.pk).update(until=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_r8_of_fifty_claims_at_once_one_wins(alice: User) -> None:
    case = make_case(alice)
    moderators = [make_user(f"moderator{number}", role=Role.MODERATOR) for number in range(50)]
    start, winners, refused = Barrier(len(moderators)), [], []

    def take(moderator: User) -> None:
        try:
            start.wait()
            winners.append(claims.claim(case=case, moderator=moderator))
        except claims.ClaimRefused:
            refused.append(moderator)
        finally:
            connections.close_all()

    threads = [Thread(target=take, args=[moderator]) for moderator in moderators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(winners), len(refused)) == (1, 49)
    assert Claim.objects.get().moderator == winners[0].moderator


def test_r8_a_lapsed_claim_frees_the_case_and_its_token_decides_nothing(alice: User, mina: User, olga: User) -> None:
    case = make_case(alice)
    old = claims.claim(case=case, moderator=mina)
    with pytest.raises(claims.ClaimRefused, match="mina"):
        claims.claim(case=case, moderator=olga)
    let_lapse(old)
    with pytest.raises(cases.ClaimLost, match="has ended"):
        decide(case, mina, ActionKind.DISMISS, token=old.pk)
    new = claims.take_next(moderator=olga)
    assert new is not None
    assert new.case == case
    with pytest.raises(cases.ClaimLost, match="olga"):
        decide(case, mina, ActionKind.DISMISS, token=old.pk)
    with pytest.raises(cases.ClaimLost, match="olga"):
        decide(case, mina, ActionKind.DISMISS)
    assert not Action.objects.exists()
    decide(case, olga, ActionKind.DISMISS, token=new.pk)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.end, old.ended_at, new.end) == (ClaimEnd.EXPIRED, old.until, ClaimEnd.DECIDED)


def test_r8_a_claim_is_renewed_by_its_holder_and_recorded_once(alice: User, mina: User) -> None:
    case = make_case(alice)
    first = claims.claim(case=case, moderator=mina)
    again = claims.claim(case=case, moderator=mina)
    assert (again.pk, again.until > first.until) == (first.pk, True)
    assert claims.take_next(moderator=mina) == first
    assert AuditEntry.objects.filter(action="case.claimed").count() == 1


def test_r8_a_decided_case_is_claimed_by_nobody(alice: User, mina: User, olga: User) -> None:
    case = make_case(alice)
    decide(case, mina, ActionKind.DISMISS)
    with pytest.raises(claims.ClaimRefused, match="no longer open"):
        claims.claim(case=case, moderator=olga)
    assert claims.take_next(moderator=olga) is None


def test_r9_a_released_case_is_served_again(alice: User, mina: User) -> None:
    case = make_case(alice)
    claims.claim(case=case, moderator=mina)
    claims.release(case=case, moderator=mina)
    assert claims.of(mina) is None
    again = claims.take_next(moderator=mina)
    assert again is not None
    assert again.case == case


def test_r9_a_skip_needs_a_reason_and_is_not_served_again(alice: User, mina: User, olga: User) -> None:
    case = make_case(alice)
    claims.claim(case=case, moderator=mina)
    with pytest.raises(claims.ClaimRefused, match="reason"):
        claims.skip(case=case, moderator=mina, reason="")
    claims.skip(case=case, moderator=mina, reason="language")
    assert claims.take_next(moderator=mina) is None
    assert claims.take_next(moderator=olga) is not None
    assert AuditEntry.objects.get(action="case.skipped").data == {"reason": "language"}


def test_r9_a_case_that_is_handed_to_the_owner_is_served_to_the_owner_alone(
    alice: User, mina: User, olga: User
) -> None:
    case = make_case(alice)
    claims.claim(case=case, moderator=mina)
    claims.move(case=case, moderator=mina, queue=Queue.SENIOR)
    assert claims.take_next(moderator=mina) is None
    claim = claims.take_next(moderator=olga)
    assert claim is not None
    assert (claim.case, claim.case.queue) == (case, Queue.SENIOR)


def test_r9_only_the_holder_gives_a_case_back(alice: User, mina: User, olga: User, bob: User) -> None:
    case = make_case(alice)
    claims.claim(case=case, moderator=mina)
    for door in (
        lambda who: claims.release(case=case, moderator=who),
        lambda who: claims.skip(case=case, moderator=who, reason="unsure"),
        lambda who: claims.move(case=case, moderator=who, queue=Queue.THREATS),
    ):
        with pytest.raises(claims.ClaimRefused, match="has ended"):
            door(olga)
        with pytest.raises(PermissionDenied):
            door(bob)
    assert claims.of(mina) is not None


def test_r3_a_new_crisis_is_served_before_a_hundred_old_cases(alice: User, mina: User) -> None:
    Case.objects.bulk_create(
        Case(user=alice, conversation_id=uuid4(), persona_id=uuid4(), persona_name="Ada", severity=30, due_at=LONG_AGO)
        for _ in range(100)
    )
    grave = make_case(alice, category="self-harm/intent", severity=100)
    claim = claims.take_next(moderator=mina)
    assert claim is not None
    assert claim.case == grave


ROUTES = [
    (["sexual/minors"], Queue.CHILD_SAFETY),
    (["self-harm/intent", "sexual/minors"], Queue.CHILD_SAFETY),
    (["violence", "sexual/minors", "hate"], Queue.CHILD_SAFETY),
    (["self-harm"], Queue.CRISIS),
    (["self-harm/intent"], Queue.CRISIS),
    (["self-harm/instructions"], Queue.CRISIS),
    (["violence", "self-harm"], Queue.CRISIS),
    (["harassment", "self-harm/intent"], Queue.CRISIS),
    (["violence"], Queue.THREATS),
    (["harassment/threatening"], Queue.THREATS),
    (["hate/threatening"], Queue.THREATS),
    (["hate", "hate/threatening"], Queue.THREATS),
    (["harassment"], Queue.GENERAL),
    (["hate"], Queue.GENERAL),
    (["sexual"], Queue.GENERAL),
    (["violence/graphic"], Queue.GENERAL),
    (["illicit"], Queue.GENERAL),
    (["pii", "jailbreak"], Queue.GENERAL),
    (["a category of a later version"], Queue.GENERAL),
    ([], Queue.GENERAL),
]


@pytest.mark.parametrize(("categories", "queue"), ROUTES)
def test_r4_the_first_rule_that_matches_routes_a_case(categories: list[str], queue: Queue) -> None:
    assert routing.queue_for(categories) == queue


def test_r4_a_queue_can_be_chosen(alice: User, mina: User) -> None:
    make_case(alice, severity=90)
    threat = make_case(alice, category="violence", severity=40)
    claim = claims.take_next(moderator=mina, queue=Queue.THREATS)
    assert claim is not None
    assert claim.case == threat


def test_r8_r9_the_page_claims_decides_and_gives_back(alice: User, mina: User, olga: User) -> None:
    desk, owner = Client(), Client()
    desk.force_login(mina)
    owner.force_login(olga)
    case = make_case(alice)
    address, back = (reverse(f"moderation:{name}", args=[case.pk]) for name in ("case", "give_back"))
    page = desk.post(reverse("moderation:next"), follow=True)
    assert page.redirect_chain[-1][0].startswith(address)
    claim = Claim.objects.get()
    assert str(claim.pk) in page.text
    assert "mina works on this case" in owner.get(address).text
    assert "until" in owner.get(reverse("moderation:queue")).text
    refused = owner.post(address, {"kind": "dismiss", "labels": "no_violation", "reason": "I took long over this."})
    assert "mina works on this case" in refused.text
    assert "I took long over this." in refused.text
    assert "Choose a reason" in desk.post(back, {"act": "skip", "reason": ""}, follow=True).text
    assert "back in the queue" in desk.post(back, {"act": "skip", "reason": "unsure"}, follow=True).text
    assert "has ended" in desk.post(back, {"act": "release"}, follow=True).text
    stale = {"kind": "dismiss", "labels": "no_violation", "reason": "Mine still.", "token": str(claim.pk)}
    refused = desk.post(address, stale)
    assert "Your claim on this case has ended" in refused.text
    assert "Mine still." in refused.text
    assert not Action.objects.exists()
