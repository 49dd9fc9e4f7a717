import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from moderation.desk import appeals, notes, referrals, restrictions, retention
from moderation.models import ActionKind, Assessment, AuditEntry, Case, Restriction
from tests.moderation.desk.material import decide, make_case

pytestmark = pytest.mark.django_db


def age(*cases: Case, days: int = 366) -> None:
    long_ago = timezone.now() - timedelta(days=days)
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(updated_at=long_ago)


def test_r33_decided_cases_are_purged_unless_something_still_needs_them(alice: User, mina: User) -> None:
    purged, young, held, open_, in_force, objected = (make_case(alice) for _ in range(6))
    for case in (purged, young, held):
        decide(case, mina, ActionKind.DISMISS)
    decide(in_force, mina, ActionKind.LOCK_CONVERSATION)
    restriction = decide(objected, mina, ActionKind.WARN).restrictions.get()
    appeals.file(restriction=restriction, user=alice, text="A play.")
    restrictions.lift(restriction=restriction, moderator=mina, reason="A mistake.")
    retention.hold(case=held, moderator=mina, is_held=True)
    age(purged, held, open_, in_force, objected)
    age(young, days=364)
    assert retention.purge() == 1
    assert set(Case.objects.all()) == {young, held, open_, in_force, objected}
    retention.hold(case=held, moderator=mina, is_held=False)
    age(held)
    assert retention.purge() == 1
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="case.h").order_by("id")] == [
        "case.held",
        "case.hold_ended",
    ]


def test_r33_old_scores_go_and_their_count_stays(alice: User, mina: User) -> None:
    held = make_case(alice)
    retention.hold(case=held, moderator=mina, is_held=True)
    rows: list[dict[str, Any]] = [{"level": "active"}, {"level": "active", "conversation_id": held.conversation_id}]
    for fields in rows:
        Assessment.objects.create(user=alice, direction="user", action="crisis", policy_version="1", **fields)
    long_ago = timezone.now() - timedelta(days=366)
    Assessment.objects.update(created_at=long_ago)
    fresh = Assessment.objects.create(user=alice, direction="user", action="flag", policy_version="1")
    retention.purge()
    assert set(Assessment.objects.values_list("conversation_id", flat=True)) == {held.conversation_id, None}
    assert Assessment.objects.filter(pk=fresh.pk).exists()
    assert referrals.by_level(long_ago.date(), long_ago.date())["active"] == 2


def test_r15_r33_the_copy_for_a_court_holds_the_notes(alice: User, mina: User) -> None:
    case = make_case(alice)
    notes.write(case=case, author=mina, text="Seen three times before.")
    decide(case, mina, ActionKind.WARN, reason="Threats.")
    out = StringIO()
    call_command("export_case", str(case.pk), stdout=out)
    document = json.loads(out.getvalue())
    assert [note["text"] for note in document["notes"]] == ["Seen three times before."]
    assert document["restrictions"][0]["statement"] == Restriction.objects.get().statement
    assert AuditEntry.objects.get(action="case.exported").actor == "terminal"
    with pytest.raises(CommandError, match="no case"):
        call_command("export_case", "00000000-0000-0000-0000-000000000000")
