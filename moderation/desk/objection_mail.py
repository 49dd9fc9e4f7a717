"""Tells both sides about an objection to a persona (compliance GD7), by e-mail and after the transaction.

No mail names the other side. A mail that did not go out leaves `told_at` null, and the desk shows the objection on its
list until a moderator has written to the person.
"""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from accounts import mail
from accounts.interface import languages
from moderation.models import Action, ActionKind, Case, Objection

logger = logging.getLogger(__name__)

_SUBJECT = gettext_noop("Afterword: an objection to a persona")
_OPENED = gettext_noop(
    "Somebody has objected to your persona {name} at {site}. It rests until a person has decided about the objection. "
    "You will be told."
)
_CLOSED = gettext_noop("The persona is closed: nobody can talk with it any more.")
_NOT_CLOSED = gettext_noop("The persona is not closed.")
_NONE_CLOSED = gettext_noop("No persona was closed.")
_TO_OBJECTOR = gettext_noop(
    "You objected to a persona at {site}. A person has looked at it. {outcome}\n\nThe reason: {reason}"
)
_TO_OWNER = gettext_noop(
    "A person has decided about the objection to your persona {name} at {site}. {outcome}\n\nThe reason: {reason}\n\n"
    "If the persona is closed, you can object under “Decisions about you” on your account page."
)


def opened(case: Case) -> None:
    """Tells the owner that the persona rests."""
    with languages.speaking_to(case.user):
        subject, text = gettext(_SUBJECT), gettext(_OPENED).format(name=case.persona_name, site=settings.SITE_URL)
    transaction.on_commit(lambda: _sent(case.user.email, subject, text))


def decided(action: Action) -> None:
    """Closes the objections of the decided case and tells both sides. Does nothing for other cases."""
    outcome = _CLOSED if action.kind == ActionKind.DISABLE_PERSONA else _NOT_CLOSED
    waiting = list(action.case.objections.filter(closed_at__isnull=True))
    if not waiting:
        return
    close(waiting, text=_to_objector(outcome, action.reason))
    owner = action.case.user
    with languages.speaking_to(owner):
        subject = gettext(_SUBJECT)
        text = gettext(_TO_OWNER).format(
            site=settings.SITE_URL, name=action.case.persona_name, outcome=gettext(outcome), reason=action.reason
        )
    transaction.on_commit(lambda: _sent(owner.email, subject, text))


def close_without_case(objection: Objection, *, reason: str) -> None:
    close([objection], text=_to_objector(_NONE_CLOSED, reason))


def _to_objector(outcome: str, reason: str) -> str:
    """In all languages of the site, since the person has no account that would keep theirs."""
    texts = []
    for code, _ in settings.LANGUAGES:
        with translation.override(code):
            texts.append(gettext(_TO_OBJECTOR).format(site=settings.SITE_URL, outcome=gettext(outcome), reason=reason))
    return "\n\n\n".join(texts)


def close(waiting: Sequence[Objection], *, text: str) -> None:
    ids = [objection.pk for objection in waiting]
    Objection.objects.filter(pk__in=ids).update(closed_at=timezone.now())
    transaction.on_commit(lambda: _tell(waiting, text))


def _tell(waiting: Sequence[Objection], text: str) -> None:
    for objection in waiting:
        if _sent(objection.email, _SUBJECT, text):
            Objection.objects.filter(pk=objection.pk).update(told_at=timezone.now())


def _sent(address: str, subject: str, text: str) -> bool:
    """Whether the mail went out. The console reaches nobody, and would put private words in the log."""
    if not address or not mail.goes_out():
        return False
    return mail.is_sent(subject, text, [address])
