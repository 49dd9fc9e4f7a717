"""Tells the owner when a deadline has passed: in the log, in the audit trail, and by e-mail (compliance R30)."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from accounts import mail
from accounts.interface import languages
from accounts.models import Role, User
from moderation import audit_trail
from moderation.desk import refusal_reviews
from moderation.desk.appeals import TIME_TO_ANSWER
from moderation.models import Appeal, Case, CaseStatus, ContactRequest, ContactState, Objection
from persona_site.redis import connection

logger = logging.getLogger(__name__)

_NOT_MAILED = "deadlines:not_mailed"  # how many alerts no owner was told of


def watch() -> int:
    """Alerts once about each case, objection and question that is late now. Returns how many these are.

    Where no owner could be reached by e-mail, the next call writes again.
    """
    late = _late_cases() + _late_objections() + _late_contacts() + _late_refusals() + _late_objections_to_personas()
    number = late + int(connection().getdel(_NOT_MAILED) or 0)
    if number and not _is_mailed(number):
        connection().set(_NOT_MAILED, number)
    return late


def _late_cases() -> int:
    waiting = Case.objects.filter(due_at__lt=timezone.now()).exclude(status=CaseStatus.DECIDED)
    rows = waiting.order_by("due_at").defer("evidence", "findings")
    return _marked(rows, lambda case: ("case.overdue", f"case:{case.pk}", {"queue": case.queue}))


def _late_objections() -> int:
    waiting = Appeal.objects.filter(outcome="", filed_at__lt=timezone.now() - TIME_TO_ANSWER)
    return _marked(waiting, lambda appeal: ("appeal.overdue", f"restriction:{appeal.restriction_id}", {}))


def _late_contacts() -> int:
    waiting = ContactRequest.objects.filter(state=ContactState.WAITING, due_at__lt=timezone.now())
    return _marked(waiting, lambda request: ("contact.overdue", f"case:{request.case_id}", {}))


def _late_refusals() -> int:
    return _marked(refusal_reviews.late(), lambda review: ("refusal_review.overdue", f"refusal:{review.pk}", {}))


def _late_objections_to_personas() -> int:
    """Those without a case. A case has a deadline of its own."""
    filed_before = timezone.now() - TIME_TO_ANSWER
    waiting = Objection.objects.filter(case__isnull=True, closed_at__isnull=True, filed_at__lt=filed_before)
    return _marked(waiting, lambda objection: ("objection.overdue", f"objection:{objection.pk}", {}))


def _marked(rows: QuerySet[Any], entry: Callable[[Any], tuple[str, str, dict[str, str]]]) -> int:
    """Marks and records these late rows. Returns how many were not marked before.

    `entry` gives the action, the subject and the data of a row's entry in the audit trail.
    """
    number = 0
    for row in rows.filter(alerted_at__isnull=True):
        action, subject, data = entry(row)
        with transaction.atomic():
            if not rows.model.objects.filter(pk=row.pk, alerted_at__isnull=True).update(alerted_at=timezone.now()):
                continue  # another worker was faster
            audit_trail.record(action=action, subject=subject, actor=None, data=data)
        logger.warning(action, extra={"subject": subject, **data})
        number += 1
    return number


def _is_mailed(number: int) -> bool:
    """One e-mail to every owner, without any words of a person. False if owners have an address and none was reached.

    Where the site sends no e-mail, there is nothing to be tried again.
    """
    if not mail.goes_out():
        return True
    owners = User.objects.filter(role=Role.OWNER, is_active=True).exclude(email="")
    address = settings.SITE_URL + reverse("moderation:figures")
    failures = 0
    for owner in owners:
        with languages.speaking_to(owner):
            subject = gettext("Afterword: a case is late")
            text = ngettext(
                "%(number)s deadline has passed at the review desk. See %(address)s.",
                "%(number)s deadlines have passed at the review desk. See %(address)s.",
                number,
            ) % {"number": number, "address": address}
        failures += not mail.is_sent(subject, text, [owner.email])
    return not failures or failures < len(owners)
