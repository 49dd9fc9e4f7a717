"""Writing to the emergency contact of a person who may be in danger (compliance CN4, K9).

A case of active or imminent danger asks a moderator whether to write, if the person has named a contact. Nothing is
sent without a person and a reason. If nobody decides in time, the owner is told (`deadlines`).

    ContactRefused          .user_message: a sentence for the moderator
"""

import logging
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import mail
from accounts.contacts import emergency_contact
from accounts.models import EmergencyContact, User
from moderation import audit_trail
from moderation.desk import sight, urgency
from moderation.models import Case, ContactRequest, ContactState
from moderation.talk import Finding

logger = logging.getLogger(__name__)

_SUBJECT = "Please look after {own_name} · 请关心一下{own_name}"
_BODY = (
    "Hello {name},\n\n"
    "{own_name} named you as an emergency contact at {site}. A person at this site is worried that {own_name}'s life "
    "may be in danger, and asks you to get in touch now: by telephone, or by going there. If you cannot reach "
    "{own_name} and fear for their life, call the emergency number of the place where they are. "
    "We do not pass on what {own_name} wrote.\n"
    "What you can say, and whom you can ask for advice: {help}\n\n"
    "{name}：您好。{own_name}在 {site} 把您列为紧急联系人。网站的工作人员担心{own_name}可能有生命危险，"
    "请您现在就联系：打电话，或者亲自去看看。如果联系不上，又担心其生命安全，请拨打当地的急救或报警电话。"
    "我们不会转告{own_name}写过的内容。\n"
    "可以说些什么、可以向谁求助：{help}\n"
)


class ContactRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def ask(case: Case, fresh: Iterable[Finding]) -> None:
    """Asks a moderator, once per case, if a finding is of danger and the person has named a contact."""
    is_danger = any(
        finding.category in urgency.SELF_HARM and finding.severity >= urgency.ACTIVE_SEVERITY for finding in fresh
    )
    if not is_danger or emergency_contact.of(case.user) is None:
        return
    due_at = timezone.now() + settings.EMERGENCY_CONTACT_WITHIN
    _, is_new = ContactRequest.objects.get_or_create(case=case, defaults={"due_at": due_at})
    if is_new:
        _record("contact.asked", case, None)


def of(case: Case) -> ContactRequest | None:
    return ContactRequest.objects.filter(case=case).first()


def notify(*, case: Case, moderator: User, reason: str) -> None:
    """waiting → contact_notified, with the e-mail. If it cannot be sent, the question stays open.

    Raises ContactRefused and PermissionDenied.
    """
    with transaction.atomic():
        request = _waiting(case, moderator, reason)
        contact = emergency_contact.of(case.user)
        if contact is None:
            raise ContactRefused(
                gettext("The person has withdrawn their contact, or the contact has declined. Nothing is sent.")
            )
        _send(contact)
        _end(request, ContactState.NOTIFIED, moderator, reason)
        _record("contact.notified", case, moderator)


def leave(*, case: Case, moderator: User, reason: str) -> None:
    """waiting → not_needed. Raises ContactRefused and PermissionDenied."""
    with transaction.atomic():
        _end(_waiting(case, moderator, reason), ContactState.NOT_NEEDED, moderator, reason)
        _record("contact.not_needed", case, moderator)


def _waiting(case: Case, moderator: User, reason: str) -> ContactRequest:
    """The open question of the case, locked until the transaction ends."""
    sight.require(case, moderator)
    if not reason.strip():
        raise ContactRefused(gettext("Give a reason. It is kept with the decision."))
    request = ContactRequest.objects.select_for_update().filter(case=case, state=ContactState.WAITING).first()
    if request is None:
        raise ContactRefused(gettext("Somebody has decided this in the meantime."))
    return request


def _send(contact: EmergencyContact) -> None:
    values = {
        "name": contact.name,
        "own_name": contact.own_name,
        "site": settings.SITE_URL,
        "help": f"{settings.SITE_URL}/safety/help/",
    }
    if not mail.is_sent(_SUBJECT.format(**values), _BODY.format(**values), [contact.email]):
        raise ContactRefused(gettext("The e-mail could not be sent. Try again, or reach the owner."))


def _end(request: ContactRequest, state: ContactState, moderator: User, reason: str) -> None:
    request.state, request.decided_by = state, moderator
    request.decided_at, request.reason = timezone.now(), reason.strip()
    request.save(update_fields=["state", "decided_by", "decided_at", "reason"])


def _record(action: str, case: Case, actor: User | None) -> None:
    audit_trail.record(action=action, subject=f"case:{case.pk}", actor=actor, data={})
