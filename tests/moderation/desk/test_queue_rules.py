"""What the owner sets for a queue: decisions that it does not offer, and who works on it (compliance R21)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from moderation.desk import claims, queue_rules, second_person, sight
from moderation.models import ActionKind, AuditEntry, Case, Queue
from tests import factories
from tests.moderation.desk.material import decide, make_case


@pytest.fixture
def threat(alice: User) -> Case:
    return make_case(alice, category="violence")


def hide(owner: User, *kinds: ActionKind) -> None:
    queue_rules.change(queue=Queue.THREATS, owner=owner, hidden=kinds, reviewers=[])


def test_r21_a_hidden_decision_is_not_on_the_page_and_every_door_refuses_it(
    threat: Case, olga: User, mina: User
) -> None:
    assert threat.queue == Queue.THREATS
    hide(olga, ActionKind.WARN)
    desk, page = Client(), reverse("moderation:case", args=[threat.pk])
    desk.force_login(mina)
    assert 'value="warn"' not in desk.get(page).text
    assert 'value="dismiss"' in desk.get(page).text
    sent = {"kind": "warn", "labels": ["violence"], "reason": "A threat.", "days": "7"}
    assert desk.post(page, sent).status_code == 400
    with pytest.raises(PermissionDenied, match="does not offer “Warn the person”"):
        decide(threat, mina, ActionKind.WARN)
    threat.refresh_from_db()
    assert (threat.status, threat.actions.count()) == ("open", 0)


def test_r21_another_queue_offers_it_still(alice: User, olga: User, mina: User) -> None:
    hide(olga, ActionKind.WARN)
    assert decide(make_case(alice), mina, ActionKind.WARN).kind == "warn"


def test_r21_a_proposed_decision_that_was_hidden_since_is_not_confirmed(threat: Case, olga: User, mina: User) -> None:
    action = decide(threat, mina, ActionKind.BAN)
    hide(olga, ActionKind.BAN)
    with pytest.raises(PermissionDenied):
        second_person.confirm(action=action, moderator=olga)


def test_r21_a_queue_with_a_list_is_seen_by_those_on_it_and_the_owner(threat: Case, olga: User, mina: User) -> None:
    nora = factories.make_user("nora", role=Role.MODERATOR)
    queue_rules.change(queue=Queue.THREATS, owner=olga, hidden=[], reviewers=[nora])
    assert [list(sight.visible_to(person)) for person in (nora, olga, mina)] == [[threat], [threat], []]
    assert claims.take_next(moderator=mina) is None
    with pytest.raises(PermissionDenied):
        decide(threat, mina, ActionKind.DISMISS)
    desk = Client()
    desk.force_login(mina)
    assert desk.get(reverse("moderation:case", args=[threat.pk])).status_code == 404
    queue_rules.change(queue=Queue.THREATS, owner=olga, hidden=[], reviewers=[])
    assert list(sight.visible_to(mina)) == [threat]


def test_r21_only_the_owner_sets_it_and_the_trail_says_so(olga: User, mina: User, alice: User) -> None:
    with pytest.raises(PermissionDenied):
        hide(mina, ActionKind.WARN)
    with pytest.raises(ValueError, match="must offer to dismiss"):
        hide(olga, ActionKind.DISMISS)
    queue_rules.change(queue="crisis", owner=olga, hidden=["ban"], reviewers=[mina, alice])
    entry = AuditEntry.objects.get(action="queue.changed")
    assert (entry.subject, entry.data) == ("queue:crisis", {"hidden": ["ban"], "reviewers": [mina.pk]})


def test_r21_the_page_changes_one_queue(olga: User, mina: User) -> None:
    owner, reviewer, page = Client(), Client(), reverse("moderation:queues")
    owner.force_login(olga)
    reviewer.force_login(mina)
    assert "Threats and violence" in reviewer.get(page).text
    sent = {"queue": "threats", "hidden": ["ban", "warn"], "reviewers": [mina.pk]}
    assert reviewer.post(page, sent).status_code == 403
    assert owner.post(page, sent).status_code == 302
    assert queue_rules.rule_of("threats").hidden_actions == ["ban", "warn"]
    assert owner.post(page, {"queue": "threats", "hidden": ["dismiss"]}).status_code == 400
    assert ActionKind.WARN in queue_rules.offered("crisis")
