"""Hands audits to the generation workers, behind everything that people wait for. The rows hold what is owed."""

from collections.abc import Iterable

from generation.jobs import waiting_room
from persona_site.redis import cancel_key, connection
from personas.audit.models import Audit

KIND = "audit"  # the kind of the job that asks an audit's probes


def ask(audit: Audit) -> None:
    """Has a worker ask the probes that have no answer yet."""
    account = str(audit.persona.owner_id)
    waiting_room.join(kind=KIND, job_id=str(audit.pk), account=account, klass="background")


def ask_again(audits: Iterable[Audit]) -> None:
    """Queues those that no worker has: they stood back, or lost their worker. Does nothing while people wait."""
    owed = {str(audit.pk): audit for audit in audits}
    if owed and not waiting_room.is_talk():
        for audit_id in waiting_room.absent(KIND, owed):
            ask(owed[audit_id])


def call_off(audit: Audit) -> None:
    """Ends the work on an audit that is no longer owed."""
    connection().set(cancel_key(audit.pk), 1, ex=3600)
    waiting_room.leave(kind=KIND, job_id=str(audit.pk))
