"""The append-only audit trail: what was opened, seen, decided and undone, by whom and when.

Covered: the application cannot change or delete a row, because triggers refuse UPDATE, DELETE and TRUNCATE. If
somebody switches the triggers off and changes, removes or inserts a row in the middle, the chain of digests breaks
there. Not covered: somebody with full access to the database removes the newest rows or computes the whole chain
anew. To detect that as well, keep the head that `verify_audit_trail` prints outside the database.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from moderation.models import AuditEntry

# An arbitrary constant. No other advisory lock of the database may use it.
_LOCK = 0x4175_6469_7454


@dataclass(frozen=True)
class Verified:
    """The chain holds over `rows` rows, up to `head`. `first_bad` is the row where it breaks, `fault` says why."""

    rows: int
    head: str
    first_bad: int | None = None
    fault: str = ""


def record(*, action: str, subject: str, actor: User | str | None, data: Mapping[str, Any] | None = None) -> AuditEntry:
    """Appends one row. `subject` has the form `kind:id`. `actor` is a person, a name, or None for the site itself.

    A writer holds the trail's lock until its transaction ends, so that the ids and the chain have the same order.
    Call this last in a transaction, and keep that transaction short.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        newest = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first()
        entry = AuditEntry(
            action=action,
            subject=subject,
            actor=_name(actor),
            data=_canonical(dict(data or {})),
            created_at=timezone.now(),
            previous=newest or "",
        )
        entry.digest = digest(entry)
        entry.save(force_insert=True)
    return entry


def verify() -> Verified:
    """Walks the whole chain, oldest row first, with bounded memory."""
    rows, head = 0, ""
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        if entry.previous != head:
            return Verified(rows, head, entry.pk, "a row before it is missing, was added or was changed")
        if entry.digest != digest(entry):
            return Verified(rows, head, entry.pk, "its content is not what was recorded")
        rows, head = rows + 1, entry.digest
    return Verified(rows, head)


def digest(entry: AuditEntry) -> str:
    """SHA-256 in hexadecimal over the row's content and the digest of the row before."""
    moment: datetime = entry.created_at
    content = [
        entry.action,
        entry.subject,
        entry.actor,
        _canonical(entry.data),
        moment.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.previous,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _name(actor: User | str | None) -> str:
    if actor is None:
        return "system"
    return actor if isinstance(actor, str) else f"user:{actor.pk}"


def _canonical(value: Any) -> Any:
    """The value in the form that PostgreSQL's jsonb returns: 1e16 becomes a whole number, 0.85 stays as it is."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return value
