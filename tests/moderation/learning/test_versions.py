"""Versions of the heads: tried in shadow, promoted by two people, gone back from."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import User
from moderation.filter import assessment, head_versions
from moderation.filter.classifiers import linear
from moderation.learning import versions
from moderation.learning.comparison import Precision, compare
from moderation.learning.versions import VersionRefused
from moderation.models import Assessment, AuditEntry, HeadState, HeadVersion, RuleAction
from moderation.talk import Turn
from tests.moderation.desk.material import START, decide, make_case
from tests.moderation.learning.material import stored

TEXT = "You are a stupid man, honestly."


@pytest.fixture(autouse=True)
def _no_cached_heads(django_capture_on_commit_callbacks: object) -> None:
    head_versions.forget()


def score() -> float:
    head_versions.forget()
    return assessment.assess(TEXT, direction="user").probabilities["harassment"]


def promoted(owner: User, reviewer: User | None = None, *, offset: float) -> HeadVersion:
    row = stored(offset=offset)
    versions.try_in_shadow(row=row, owner=owner)
    versions.propose(row=row, owner=owner)
    if reviewer:
        versions.confirm(row=row, reviewer=reviewer)
    return row


def test_a_version_judges_only_when_it_is_active(olga: User) -> None:
    before = score()
    row = stored(offset=-30)
    assert score() == before
    versions.try_in_shadow(row=row, owner=olga)
    assert score() == before
    versions.propose(row=row, owner=olga)
    assert row.state == HeadState.ACTIVE
    assert score() < before
    assert row.version in assessment.version()


def test_a_promotion_needs_a_second_person_where_there_is_one(olga: User, mina: User, bob: User) -> None:
    row = promoted(olga, offset=-30)
    assert row.state == HeadState.PROPOSED
    for person in (olga, bob):
        with pytest.raises(PermissionDenied):
            versions.confirm(row=row, reviewer=person)
    versions.confirm(row=row, reviewer=mina)
    assert (row.state, row.proposed_by, row.second) == (HeadState.ACTIVE, olga, mina)
    entry = AuditEntry.objects.get(action="learning.activated")
    assert (entry.actor, entry.data) == (f"user:{mina.pk}", {"before": "shipped", "proposed_by": f"user:{olga.pk}"})
    with pytest.raises(VersionRefused):
        versions.confirm(row=row, reviewer=mina)


def test_a_refused_version_can_be_tried_again(olga: User, mina: User) -> None:
    row = promoted(olga, offset=-30)
    versions.refuse(row=row, reviewer=mina)
    assert row.state == HeadState.READY
    versions.try_in_shadow(row=row, owner=olga)


def test_going_back_leads_to_the_version_before_and_then_to_the_shipped_heads(olga: User) -> None:
    shipped = score()
    first, second = promoted(olga, offset=-30), promoted(olga, offset=-31)
    assert HeadVersion.objects.get(state=HeadState.ACTIVE) == second
    assert versions.go_back(owner=olga) == first
    assert versions.go_back(owner=olga) is None
    assert score() == shipped
    with pytest.raises(VersionRefused, match="nothing to go back to"):
        versions.go_back(owner=olga)
    assert [entry.data["to"] for entry in AuditEntry.objects.filter(action="learning.gone_back").order_by("id")] == [
        first.version,
        "shipped",
    ]


def test_only_the_owner_tries_and_proposes(mina: User) -> None:
    row = stored(offset=-30)
    for door in (versions.try_in_shadow, versions.propose, versions.end_trial):
        with pytest.raises(PermissionDenied):
            door(row=row, owner=mina)
    with pytest.raises(PermissionDenied):
        versions.go_back(owner=mina)


def test_a_version_is_promoted_only_from_its_trial(olga: User) -> None:
    with pytest.raises(VersionRefused):
        versions.propose(row=stored(offset=-30), owner=olga)


def test_a_new_trial_ends_the_last(olga: User) -> None:
    first, second = stored(offset=-30), stored(offset=-31)
    versions.try_in_shadow(row=first, owner=olga)
    versions.try_in_shadow(row=second, owner=olga)
    first.refresh_from_db()
    assert (first.state, versions.on_trial()) == (HeadState.READY, second)


def test_in_shadow_it_changes_nothing_and_its_differences_are_counted(alice: User, olga: User, mina: User) -> None:
    row = stored(offset=30)
    versions.try_in_shadow(row=row, owner=olga)
    head_versions.forget()
    verdict = assessment.assess("He was a fool to leave her like that.", direction="user")
    assert (verdict.action, verdict.passes) == (RuleAction.ALLOW, True)
    assert verdict.trial is not None
    assert verdict.trial.action == RuleAction.BLOCK
    turn = Turn("user", "He was a fool to leave her like that.", alice_id := make_id(), START)
    assessment.record(verdict, user=alice, conversation_id=None, message_id=alice_id)
    decide(make_case(alice, turns=[turn]), mina, "dismiss")
    result = compare(row)
    assert [(one.now, one.then, one.texts) for one in result.differences] == [("allow", "block", 1)]
    assert (result.in_force, result.in_shadow) == (Precision(0, 0), Precision(1, 0))
    versions.end_trial(row=row, owner=olga)
    assert not Assessment.objects.filter(trial_version=row.version).exists()


def make_id() -> "object":
    from uuid import uuid4

    return uuid4()


def test_the_page_leads_through_trial_proposal_and_going_back(olga: User, mina: User, bob: User) -> None:
    row, page = stored(offset=-30), reverse("moderation:learning")
    address = reverse("moderation:learning_change", args=[row.version])
    owner, reviewer, stranger = Client(), Client(), Client()
    for client, person in ((owner, olga), (reviewer, mina), (stranger, bob)):
        client.force_login(person)
    assert stranger.get(page).status_code == 404
    assert "Try it in shadow" in owner.get(page).text
    assert "Try it in shadow" not in reviewer.get(page).text
    owner.post(address, {"act": "try"})
    assert "Propose it to a second person" in owner.get(page).text
    owner.post(address, {"act": "propose"})
    assert "Confirm it" in reviewer.get(page).text
    assert owner.post(address, {"act": "confirm"}).status_code == 403
    reviewer.post(address, {"act": "confirm"})
    assert "Go back to the shipped heads" in owner.get(page).text
    assert reviewer.post(reverse("moderation:learning_go_back")).status_code == 403
    owner.post(reverse("moderation:learning_go_back"))
    row.refresh_from_db()
    assert row.state == HeadState.RETIRED
    assert owner.post(address, {"act": "nothing"}).status_code == 400


def test_after_an_update_with_other_networks_the_shipped_heads_judge(
    olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = score()
    row = promoted(olga, offset=-30)
    spare = stored(offset=-31)
    assert score() < before
    other = linear.network_versions() | {"en": "another"}
    monkeypatch.setattr(linear, "network_versions", lambda: other)
    assert score() == before
    assert row.version not in assessment.version()
    with pytest.raises(VersionRefused, match="does not ship any more"):
        versions.try_in_shadow(row=spare, owner=olga)
    client = Client()
    client.force_login(olga)
    page = client.get(reverse("moderation:learning")).content.decode()
    assert f"Version {row.version} does not judge any more" in page
    assert "The shipped heads judge every text until a new version is active." in page
    assert page.count("for earlier networks") == 2
    assert "Try it in shadow" not in page
