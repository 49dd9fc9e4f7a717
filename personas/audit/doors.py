"""The doors of an audit: start and stop. Their caller is the persona's owner, or gets Http404.

AuditRefused            `user_message` says why it cannot be started now
accounts.usage.quotas.QuotaExceeded and personas.refusals.CreationRefused pass through.
"""

import logging

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from accounts.usage import quotas
from personas import creation, refusals
from personas.audit import fingerprint, queueing, runs
from personas.audit.models import Audit, AuditState
from personas.audit.probes import VERSION
from personas.models import Persona, SourceStatus

logger = logging.getLogger(__name__)


class AuditRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def start(*, user: User, persona: Persona) -> Audit:
    """Queues an audit. Earlier ones are deleted, except decisions and failures about the persona as it is now.

    Raises AuditRefused, QuotaExceeded, CreationRefused, Http404.
    """
    persona = creation.get_own_persona(user, persona.pk)
    refusals.refuse_disabled(persona)
    refusals.refuse_restricted(user, persona)
    if persona.sources.filter(status=SourceStatus.IMPORTING).exists():
        raise AuditRefused(
            gettext("A file of %(name)s is still being read. Start the audit when it has been read.")
            % {"name": persona.name}
        )
    with transaction.atomic():
        Persona.objects.select_for_update().get(pk=persona.pk)
        if runs.under_way().filter(persona=persona).exists():
            raise AuditRefused(
                gettext("An audit of %(name)s is under way. Wait for its end, or stop it.") % {"name": persona.name}
            )
        quotas.spend(user=user, kind="audits")
        now = fingerprint.of(persona)
        persona.audits.exclude(state=AuditState.ENDED, fingerprint=now).delete()
        persona.audits.filter(is_passed=True, decision="").delete()
        audit = Audit.objects.create(persona=persona, fingerprint=now, probes_version=VERSION)
        transaction.on_commit(lambda: queueing.ask(audit), robust=True)  # `runs.go_on` queues it again
    logger.info("audit.queued", extra={"audit": str(audit.pk)})
    return audit


def stop(*, user: User, persona: Persona) -> None:
    """Ends an audit that is under way. Its answers so far can be read. Raises Http404."""
    audit = get_own(user, persona)
    if runs.under_way().filter(pk=audit.pk).update(state=AuditState.STOPPED, ended_at=timezone.now()):
        queueing.call_off(audit)


def get_own(user: User, persona: Persona) -> Audit:
    """The newest audit of a persona that the user may change. Raises Http404."""
    audit = creation.get_own_persona(user, persona.pk).audits.select_related("persona").first()
    if audit is None:
        raise Http404
    return audit
