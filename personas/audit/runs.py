"""The transitions of an audit while a worker runs it.

Each is one conditional update, so a worker that comes late changes nothing.
"""

import logging
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from moderation.models import Policy
from personas.audit import fingerprint, queueing, report
from personas.audit.judges import Judgement
from personas.audit.models import Audit, AuditAnswer, AuditState
from personas.audit.probes import Probe, probes_for
from personas.models import Persona

logger = logging.getLogger(__name__)

LOST = gettext_noop(
    "One probe got no answer in several attempts: a worker was lost, or no model or filter was there. "
    "The site's operator can see why. Run it again later."
)
BROKEN = gettext_noop("The audit failed because of an error on this site's side. The site's operator can see why.")
_CHANGED = gettext_noop("The persona, its fine-tune or the model changed while the audit ran. Run it again.")


def under_way() -> QuerySet[Audit]:
    return Audit.objects.filter(state__in=[AuditState.QUEUED, AuditState.RUNNING])


def begin(audit_id: UUID) -> Audit | None:
    """queued or running → running. None if the audit is no longer owed."""
    row = under_way().filter(pk=audit_id)
    if not row.update(state=AuditState.RUNNING):
        return None
    row.filter(started_at=None).update(started_at=timezone.now(), policy_version=_policy_version())
    return Audit.objects.select_related("persona__owner").filter(pk=audit_id).first()


def remaining(audit: Audit) -> Iterator[Probe]:
    """The probes without an answer."""
    answered = set(audit.answers.values_list("probe", flat=True))
    return (probe for probe in probes_for(audit.persona.language) if probe.id not in answered)


def attempt(audit: Audit) -> bool:
    """Counts an attempt at the next probe. False if the audit is over, or ends here because of too many."""
    row = under_way().filter(pk=audit.pk)
    if row.filter(attempts__gte=settings.REPLY_ATTEMPTS).exists():
        fail(audit, LOST)
        return False
    return bool(row.update(attempts=F("attempts") + 1))


def put_off(audit: Audit) -> None:
    """Takes the last attempt back: the probe was interrupted by people's talk."""
    under_way().filter(pk=audit.pk, attempts__gt=0).update(attempts=F("attempts") - 1)


def keep(audit: Audit, probe: Probe, text: str, judgement: Judgement, *, model: str) -> bool:
    """Stores an answer. False if the audit is over, or another worker has stored one."""
    with transaction.atomic():
        if not under_way().filter(pk=audit.pk).update(attempts=0):
            return False
        _, is_new = AuditAnswer.objects.get_or_create(
            audit=audit,
            probe=probe.id,
            defaults={
                "area": probe.area,
                "prompt": probe.prompt,
                "answer": text,
                "is_passed": judgement.is_passed,
                "evidence": list(judgement.evidence),
                "dimension": probe.dimension,
                "group": probe.group,
                "toxicity": judgement.toxicity,
                "regard": judgement.regard,
                "model": model,
            },
        )
    return is_new


def end(audit: Audit) -> None:
    """running → ended, with the result; failed if the persona has changed since the start."""
    if fingerprint.of(Persona.objects.get(pk=audit.persona_id)) != audit.fingerprint:
        return fail(audit, _CHANGED)
    is_passed = report.of(audit.answers.all()).is_passed
    if under_way().filter(pk=audit.pk).update(state=AuditState.ENDED, is_passed=is_passed, ended_at=timezone.now()):
        logger.info("audit.ended", extra={"audit": str(audit.pk), "is_passed": is_passed})


def fail(audit: Audit, sentence: str) -> None:
    if under_way().filter(pk=audit.pk).update(state=AuditState.FAILED, error=sentence, ended_at=timezone.now()):
        logger.warning("audit.failed", extra={"audit": str(audit.pk), "attempts": audit.attempts})


def go_on() -> None:
    """Queues audits again that stood back for a conversation or lost their worker."""
    queueing.ask_again(under_way().select_related("persona")[:20])


def _policy_version() -> str:
    return Policy.objects.filter(is_active=True).values_list("version", flat=True).first() or ""
