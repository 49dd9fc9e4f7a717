import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

from accounts.models import User
from moderation import audit_trail
from moderation.models import AuditEntry

ROW_TRIGGER = "audit_entries_never_change"


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@contextmanager
def without_trigger() -> Iterator[None]:
    """Switches the row trigger off, as somebody with full access to the database can."""
    execute(f"ALTER TABLE moderation_auditentry DISABLE TRIGGER {ROW_TRIGGER}")
    yield
    execute(f"ALTER TABLE moderation_auditentry ENABLE TRIGGER {ROW_TRIGGER}")


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        yield


@pytest.fixture
def trail(mina: User) -> list[AuditEntry]:
    return [
        audit_trail.record(action="case.viewed", subject=f"case:{number}", actor=mina, data={"number": number})
        for number in range(4)
    ]


def test_a_row_says_who_did_what_to_what(mina: User) -> None:
    entry = audit_trail.record(action="case.viewed", subject="case:1", actor=mina, data={"page": 2})
    entry.refresh_from_db()
    assert (entry.action, entry.subject, entry.actor, entry.data) == (
        "case.viewed",
        "case:1",
        f"user:{mina.pk}",
        {"page": 2},
    )
    assert audit_trail.record(action="case.opened", subject="case:2", actor=None, data={}).actor == "system"


def test_r27_no_row_can_be_changed_or_deleted_through_the_orm(trail: list[AuditEntry]) -> None:
    entry = trail[1]
    entry.data = {"number": 99}
    with refused():
        entry.save()
    with refused():
        entry.delete()
    with refused():
        AuditEntry.objects.update(actor="system")
    with refused():
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.get(pk=entry.pk).data == {"number": 1}
    assert AuditEntry.objects.count() == 4


def test_r27_no_row_can_be_changed_or_deleted_in_raw_sql(trail: list[AuditEntry]) -> None:
    with refused():
        execute("UPDATE moderation_auditentry SET actor = 'system' WHERE id = %s", trail[0].pk)
    with refused():
        execute("DELETE FROM moderation_auditentry WHERE id = %s", trail[0].pk)
    assert audit_trail.verify().rows == 4


def test_r27_the_table_cannot_be_emptied(trail: list[AuditEntry]) -> None:
    with refused():
        execute("TRUNCATE moderation_auditentry")
    assert AuditEntry.objects.count() == 4


def test_an_untouched_chain_holds(trail: list[AuditEntry]) -> None:
    result = audit_trail.verify()
    assert (result.rows, result.head, result.first_bad) == (4, trail[-1].digest, None)


def test_an_empty_chain_holds(db: None) -> None:
    assert audit_trail.verify().first_bad is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "case.decided"),
        ("subject", "case:9"),
        ("actor", "system"),
        ("data", json.dumps({"number": 7})),
    ],
)
def test_r27_a_tampered_row_is_named(trail: list[AuditEntry], column: str, value: str) -> None:
    with without_trigger():
        execute(f"UPDATE moderation_auditentry SET {column} = %s WHERE id = %s", value, trail[2].pk)
    result = audit_trail.verify()
    assert (result.first_bad, result.rows) == (trail[2].pk, 2)


def test_r27_a_moved_moment_is_named(trail: list[AuditEntry]) -> None:
    with without_trigger():
        AuditEntry.objects.filter(pk=trail[1].pk).update(created_at=trail[1].created_at + timedelta(microseconds=1))
    assert audit_trail.verify().first_bad == trail[1].pk


def test_r27_a_removed_row_shows_at_the_next(trail: list[AuditEntry]) -> None:
    with without_trigger():
        execute("DELETE FROM moderation_auditentry WHERE id = %s", trail[1].pk)
    assert audit_trail.verify().first_bad == trail[2].pk


def test_r27_rows_that_changed_places_are_named(trail: list[AuditEntry]) -> None:
    first, second = trail[1].pk, trail[2].pk
    with without_trigger():
        for old, new in ((first, -1), (second, first), (-1, second)):
            execute("UPDATE moderation_auditentry SET id = %s WHERE id = %s", new, old)
    result = audit_trail.verify()
    assert (result.first_bad, result.rows) == (first, 1)


def test_r27_a_row_whose_digest_was_made_to_fit_shows_at_the_next(trail: list[AuditEntry]) -> None:
    forged = trail[1]
    forged.actor = "user:999"
    with without_trigger():
        AuditEntry.objects.filter(pk=forged.pk).update(actor=forged.actor, digest=audit_trail.digest(forged))
    assert audit_trail.verify().first_bad == trail[2].pk


@pytest.mark.parametrize("number", [0.85, 1.0, 1e16, 1e-7, -0.0, 12345678901234567890, 0.1 + 0.2])
def test_numbers_survive_the_database(db: None, number: float) -> None:
    audit_trail.record(
        action="policy.activated", subject="policy:2", actor=None, data={"rules": [{"threshold": number}]}
    )
    assert audit_trail.verify().first_bad is None


def test_words_of_any_script_survive_the_database(db: None) -> None:
    audit_trail.record(
        action="policy.activated", subject="policy:第二版", actor=None, data={"names": ["é", "学", "\u2028"]}
    )
    assert audit_trail.verify().first_bad is None


def test_the_command_names_the_first_bad_row(trail: list[AuditEntry], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit_trail")
    assert f"chain of 4 rows holds. Its head is {trail[-1].digest}" in capsys.readouterr().out
    with without_trigger():
        execute("UPDATE moderation_auditentry SET actor = 'system' WHERE id = %s", trail[3].pk)
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_audit_trail", json=True)
    assert stopped.value.code == 1
    assert json.loads(capsys.readouterr().out)["first_bad_row"] == trail[3].pk


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_make_one_chain() -> None:
    def write(name: int) -> None:
        try:
            for number in range(10):
                audit_trail.record(action="case.viewed", subject=f"case:{name}", actor=None, data={"number": number})
        finally:
            connections.close_all()

    writers = [Thread(target=write, args=[name]) for name in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    result = audit_trail.verify()
    assert (result.rows, result.first_bad) == (60, None)


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_row_leaves_no_gap_in_the_chain() -> None:
    audit_trail.record(action="case.viewed", subject="case:1", actor=None, data={})
    with transaction.atomic():
        audit_trail.record(action="case.viewed", subject="case:2", actor=None, data={})
        transaction.set_rollback(True)
    audit_trail.record(action="case.viewed", subject="case:3", actor=None, data={})
    result = audit_trail.verify()
    assert (result.rows, result.first_bad) == (2, None)
