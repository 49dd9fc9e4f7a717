"""Tells the owner when a deadline has passed: in the log, in the audit trail, and by e-mail (compliance R30)."""

import logging
from collections.abc import Sequence
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from accounts import languages
from accounts.models import Role, User
from moderation import audit_trail
from moderation.desk import refusal_reviews
from moderation.desk.appeals import TIME_TO_ANSWER
from moderation.models import Appeal, Case, CaseStatus, ContactRequest, ContactState, RefusalReview

logger = logging.getLogger(__name__)


def watch() -> int:
    """Alerts once about each case, objection and question that is late now. Returns how many these are."""
    late = [*_late_cases(), *_late_objections(), *_late_contacts(), *_late_refusals()]
    if late:
        _send_mail(late)
    return len(late)


def _late_cases() -> list[str]:
    now = timezone.now()
    waiting = Case.objects.filter(due_at__lt=now, alerted_at__isnull=True).exclude(status=CaseStatus.DECIDED)
    subjects = []
    for case in waiting.order_by("due_at").defer("evidence", "findings"):
        with transaction.atomic():
            if not Case.objects.filter(pk=case.pk, alerted_at__isnull=True).update(alerted_at=now):
                continue  # another worker was faster
            subjects.append(f"case:{case.pk}")
            audit_trail.record(action="case.overdue", subject=subjects[-1], actor=None, data={"queue": case.queue})
        logger.warning("case.overdue", extra={"case": str(case.pk), "severity": case.severity, "queue": case.queue})
    return subjects


def _late_objections() -> list[str]:
    now = timezone.now()
    waiting = Appeal.objects.filter(outcome="", filed_at__lt=now - TIME_TO_ANSWER, alerted_at__isnull=True)
    subjects = []
    for appeal in waiting:
        if Appeal.objects.filter(pk=appeal.pk, alerted_at__isnull=True).update(alerted_at=now):
            subjects.append(f"restriction:{appeal.restriction_id}")
            logger.warning("appeal.overdue", extra={"restriction": str(appeal.restriction_id)})
    return subjects


def _late_contacts() -> list[str]:
    now = timezone.now()
    waiting = ContactRequest.objects.filter(state=ContactState.WAITING, due_at__lt=now, alerted_at__isnull=True)
    subjects = []
    for request in waiting:
        if ContactRequest.objects.filter(pk=request.pk, alerted_at__isnull=True).update(alerted_at=now):
            subjects.append(f"case:{request.case_id}")
            logger.warning("contact.overdue", extra={"case": str(request.case_id)})
    return subjects


def _late_refusals() -> list[str]:
    now = timezone.now()
    subjects = []
    for review in refusal_reviews.late():
        if RefusalReview.objects.filter(pk=review.pk, alerted_at__isnull=True).update(alerted_at=now):
            subjects.append(f"refusal:{review.pk}")
            logger.warning("refusal_review.overdue", extra={"review": str(review.pk)})
    return subjects


def _send_mail(subjects: Sequence[str]) -> None:
    """One e-mail to every owner, without any words of a person. The console is no way to reach an owner."""
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return
    owners = User.objects.filter(role=Role.OWNER, is_active=True).exclude(email="")
    address = settings.SITE_URL + reverse("moderation:figures")
    for owner in owners:
        with languages.speaking_to(owner):
            subject = gettext("Afterword: a case is late")
            text = ngettext(
                "%(number)s deadline has passed at the review desk. See %(address)s.",
                "%(number)s deadlines have passed at the review desk. See %(address)s.",
                len(subjects),
            ) % {"number": len(subjects), "address": address}
        try:
            send_mail(subject, text, None, [owner.email])
        except (OSError, SMTPException) as error:
            logger.error("mail.not_sent", extra={"error": type(error).__name__})
