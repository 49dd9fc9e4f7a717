"""Writing to the emergency contact: asked at danger, decided by a person with a reason (compliance CN4, K9)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.contacts import emergency_contact
from accounts.models import Role, User
from moderation.desk import contacting, deadlines
from moderation.models import AuditEntry, Case, ContactRequest, ContactState
from tests import factories
from tests.moderation.desk.material import make_case

pytestmark = pytest.mark.django_db

DANGER = {"category": "self-harm/intent", "severity": 100}
REASON = "She wrote that the pills are counted."


@pytest.fixture
def case(alice: User) -> Case:
    emergency_contact.appoint(user=alice, name="Bea", email="bea@example.test", own_name="Alice Lamp")
    mail.outbox.clear()
    return make_case(alice, **DANGER)


def test_cn4_danger_asks_a_moderator_within_the_time_and_sends_nothing_by_itself(case: Case, settings: Any) -> None:
    request = ContactRequest.objects.get()
    assert (request.case, request.state) == (case, ContactState.WAITING)
    assert timezone.now() < request.due_at <= timezone.now() + settings.EMERGENCY_CONTACT_WITHIN
    assert timedelta(hours=1) >= settings.EMERGENCY_CONTACT_WITHIN
    assert mail.outbox == []


def test_cn4_k9_a_moderator_confirms_with_a_reason_and_the_contact_is_notified(
    client: Client, case: Case, mina: User
) -> None:
    client.force_login(mina)
    address = f"/moderation/{case.pk}/contact/"
    assert "named an emergency contact" in client.get(f"/moderation/{case.pk}/").text
    client.post(address, {"act": "notify", "reason": " "})
    assert mail.outbox == []
    client.post(address, {"act": "notify", "reason": REASON})
    request = ContactRequest.objects.get()
    assert (request.state, request.decided_by, request.reason) == ("contact_notified", mina, REASON)
    [letter] = mail.outbox
    assert letter.to == ["bea@example.test"]
    assert "Alice Lamp" in letter.body
    for private in ("pills", "Turn number", "Ada"):
        assert private not in letter.subject + letter.body
    client.post(address, {"act": "notify", "reason": REASON})
    assert len(mail.outbox) == 1
    trail = list(AuditEntry.objects.filter(action__startswith="contact.").values_list("action", "actor", "data"))
    assert trail == [("contact.asked", "system", {}), ("contact.notified", f"user:{mina.pk}", {})]
    assert "was written to" in client.get(f"/moderation/{case.pk}/").text


def test_k9_it_may_not_be_needed_which_also_takes_a_reason(case: Case, mina: User) -> None:
    with pytest.raises(contacting.ContactRefused):
        contacting.leave(case=case, moderator=mina, reason="")
    contacting.leave(case=case, moderator=mina, reason="It was a line of a song.")
    assert ContactRequest.objects.get().state == ContactState.NOT_NEEDED
    assert mail.outbox == []
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactRequest.objects.update(reason="")


def test_k9_only_reviewers_write_to_a_contact(case: Case, alice: User) -> None:
    auditor = factories.make_user("ada", role=Role.AUDITOR)
    for person in (alice, auditor):
        with pytest.raises(PermissionDenied):
            contacting.notify(case=case, moderator=person, reason=REASON)
    assert mail.outbox == []


def test_cn4_without_danger_or_without_a_contact_nobody_is_asked(alice: User, bob: User) -> None:
    emergency_contact.appoint(user=alice, name="Bea", email="bea@example.test", own_name="Alice")
    make_case(alice, category="harassment", severity=100)
    make_case(alice, category="self-harm", severity=60)
    make_case(bob, **DANGER)
    assert not ContactRequest.objects.exists()


def test_cn4_a_contact_who_was_removed_meanwhile_gets_nothing(case: Case, mina: User) -> None:
    emergency_contact.withdraw(case.user)
    with pytest.raises(contacting.ContactRefused):
        contacting.notify(case=case, moderator=mina, reason=REASON)
    assert ContactRequest.objects.get().state == ContactState.WAITING


def test_cn4_a_message_that_cannot_be_sent_leaves_the_question_open(
    case: Case, mina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("accounts.mail.send_mail", down)
    with pytest.raises(contacting.ContactRefused):
        contacting.notify(case=case, moderator=mina, reason=REASON)
    assert ContactRequest.objects.get().state == ContactState.WAITING
    assert not AuditEntry.objects.filter(action="contact.notified").exists()


def test_cn4_the_owner_is_told_once_when_nobody_decides_in_time(case: Case, olga: User) -> None:
    assert deadlines.watch() == 0
    ContactRequest.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert deadlines.watch() == 1
    assert deadlines.watch() == 0
    assert mail.outbox[0].to == [olga.email]
