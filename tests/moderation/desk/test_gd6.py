"""A person makes every restriction of the desk, and another one answers the objection to it (compliance GD6)."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import Quota, Role, User
from moderation.desk import appeals, cases, deadlines, effects, refusal_reviews, second_person
from moderation.models import ActionKind, AppealOutcome, AuditEntry, RefusalReview, Restriction, RestrictionKind
from tests.factories import make_user
from tests.moderation.desk.material import make_case

ROOMS = ("accounts", "api", "chat", "generation", "moderation", "persona_site", "personas", "stories")
MAKERS = {"Restriction", "Restriction.objects.create"}


@pytest.mark.slow
def test_gd6_the_site_restricts_nobody_by_itself() -> None:
    """Only a decision makes a restriction, and a decision has a moderator."""
    makers = set()
    for room in ROOMS:
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS:
                    makers.add(str(path.relative_to(settings.BASE_DIR)))
    assert makers == {"moderation/desk/effects.py"}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(effects._RESTRICTIONS))
def test_gd6_each_restriction_has_an_objection_that_another_person_answers(
    alice: User, mina: User, kind: ActionKind
) -> None:
    max_ = make_user("max", role=Role.MODERATOR)
    nora = make_user("nora", role=Role.MODERATOR)
    action = cases.decide(
        case=make_case(alice), moderator=mina, kind=kind, labels=["harassment"], reason="A threat to a neighbour."
    )
    if kind in second_person.GRAVEST:
        second_person.confirm(action=action, moderator=max_)
    restriction = Restriction.objects.get()
    assert appeals.can_be_filed(restriction)
    appeal = appeals.file(restriction=restriction, user=alice, text="It was a quotation.")
    assert not appeals.waiting_for(mina).exists()
    appeals.answer(appeal=appeal, moderator=nora, outcome=AppealOutcome.OVERTURNED, answer="It was.")
    restriction.refresh_from_db()
    assert not restriction.is_in_force


def test_gd6_every_kind_of_restriction_is_walked() -> None:
    assert set(effects._RESTRICTIONS.values()) == set(RestrictionKind)


@pytest.mark.django_db
def test_gd6_a_person_looks_at_a_refusal_by_age_or_limit(client: Client, alice: User, mina: User) -> None:
    Quota.objects.create(user=alice, kind="messages", window_start=timezone.now(), used=200)
    client.force_login(alice)
    client.post("/safety/refusals/", {"kind": "limit", "text": "I wrote ten messages, not two hundred."})
    with pytest.raises(refusal_reviews.ReviewRefused):
        refusal_reviews.file(user=alice, kind="limit", text="Again.")
    client.force_login(mina)
    assert "not two hundred" in client.get("/moderation/refusals/").text
    review = RefusalReview.objects.get()
    client.post(f"/moderation/refusals/{review.pk}/", {"outcome": "overturned", "answer": "A fault of ours, sorry."})
    assert not Quota.objects.filter(user=alice).exists()
    assert AuditEntry.objects.get(action="refusal.reviewed").actor == f"user:{mina.pk}"
    client.force_login(alice)
    page = client.get("/safety/refusals/").text
    assert "A fault of ours, sorry." in page
    assert "The refusal was wrong." in page


@pytest.mark.django_db
def test_gd6_nobody_answers_their_own_request_and_a_late_answer_is_told(alice: User, mina: User, olga: User) -> None:
    own = refusal_reviews.file(user=mina, kind="limit", text="Mine.")
    with pytest.raises(PermissionDenied):
        refusal_reviews.answer(review=own, moderator=mina, outcome="overturned", answer="Yes.")
    with pytest.raises(PermissionDenied):
        refusal_reviews.answer(review=own, moderator=alice, outcome="overturned", answer="Yes.")
    assert deadlines.watch() == 0
    RefusalReview.objects.update(filed_at=timezone.now() - appeals.TIME_TO_ANSWER - timedelta(minutes=1))
    assert deadlines.watch() == 1


@pytest.mark.django_db
def test_gd6_an_account_that_is_too_young_can_ask(client: Client) -> None:
    young = make_user("young", born=timezone.localdate() - timedelta(days=15 * 365))
    client.force_login(young)
    assert "/safety/refusals/" in client.get("/personas/").text
    assert 'value="age" selected' in client.get("/safety/refusals/").text
