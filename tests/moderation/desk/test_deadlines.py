import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from moderation.desk import appeals, cases, deadlines, objections
from moderation.models import ActionKind, Appeal, AuditEntry, Case, Objection
from persona_site.redis import connection
from tests.moderation.desk.material import decide, make_case, make_finding, make_turns

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def afresh() -> None:
    connection().delete(deadlines._NOT_MAILED)


LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


def pass_by(case: Case, **columns: Any) -> None:
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(seconds=1), **columns)


def test_r30_a_passed_deadline_is_told_once_in_log_trail_and_mail(
    alice: User, mina: User, olga: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = LOCMEM
    late, decided = make_case(alice, category="self-harm/intent", severity=100), make_case(alice)
    make_case(alice)
    decide(decided, mina, ActionKind.DISMISS)
    for case in (late, decided):
        pass_by(case)
    with caplog.at_level(logging.WARNING):
        assert deadlines.watch() == 1
    assert [record.message for record in caplog.records] == ["case.overdue"]
    assert AuditEntry.objects.get(action="case.overdue").subject == f"case:{late.pk}"
    message = mail.outbox[0]
    assert message.to == [olga.email]
    assert "1 deadline has passed" in message.body
    assert "Turn number" not in message.body
    assert deadlines.watch() == 0
    assert len(mail.outbox) == 1


def test_r30_an_objection_is_late_after_seven_days(alice: User, mina: User) -> None:
    restriction = decide(make_case(alice), mina, ActionKind.WARN).restrictions.get()
    appeal = appeals.file(restriction=restriction, user=alice, text="A play.")
    assert deadlines.watch() == 0
    Appeal.objects.filter(pk=appeal.pk).update(filed_at=timezone.now() - appeals.TIME_TO_ANSWER - timedelta(minutes=1))
    assert (deadlines.watch(), deadlines.watch()) == (1, 0)


def test_r30_a_late_case_with_new_findings_is_told_again(alice: User) -> None:
    turns, conversation_id = make_turns(3), uuid4()
    fields = {"user": alice, "conversation_id": conversation_id, "persona_id": uuid4(), "persona_name": "Ada"}
    case = cases.open_case(findings=[make_finding(turns[0].message_id)], turns=turns, **fields)
    pass_by(case)
    assert deadlines.watch() == 1
    grave = make_finding(turns[2].message_id, category="self-harm/intent", severity=100)
    cases.open_case(findings=[grave], turns=turns, **fields)
    assert deadlines.watch() == 1


def test_r30_a_mail_server_that_is_down_loses_no_alert(
    alice: User, olga: User, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = LOCMEM

    def fail(*_: Any, **__: Any) -> None:
        raise SMTPException("refused")

    monkeypatch.setattr("accounts.mail.send_mail", fail)
    pass_by(make_case(alice))
    assert deadlines.watch() == 1
    assert "mail.not_sent" in [record.message for record in caplog.records]
    monkeypatch.undo()
    settings.EMAIL_BACKEND = LOCMEM
    assert deadlines.watch() == 0
    assert "1 deadline has passed" in mail.outbox[0].body
    deadlines.watch()
    assert len(mail.outbox) == 1


def test_r30_an_objection_to_a_persona_that_nobody_works_on_is_late_after_seven_days() -> None:
    objection = objections.file(subject="Mira", objector="family", reason="My aunt.", email="f@example.org", targets=[])
    assert deadlines.watch() == 0
    filed_at = timezone.now() - appeals.TIME_TO_ANSWER - timedelta(minutes=1)
    Objection.objects.filter(pk=objection.pk).update(filed_at=filed_at)
    assert (deadlines.watch(), deadlines.watch()) == (1, 0)
    assert AuditEntry.objects.filter(action="objection.overdue", subject=f"objection:{objection.pk}").exists()
