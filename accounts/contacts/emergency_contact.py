"""Whom a moderator may write to if a person is in danger of their life (compliance CN4, K9).

The person names the contact and agrees to the text below. The contact is told at once, by e-mail, with a link to
decline. Only a moderator writes to the contact later (`moderation.desk.contacting`).

    ContactRefused          .user_message: why the contact was not stored
"""

import logging
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mail
from accounts.contacts import letters
from accounts.models import EmergencyContact, User
from accounts.personal_data import consents
from text import cleaning

logger = logging.getLogger(__name__)

KIND = "emergency-contact"  # of the consent
VERSION = "1"
CONSENT = gettext_lazy(
    "If what I write shows that my life may be in danger, a moderator of this site may write to this person. The "
    "message says who I am and that the site is worried about me. It holds nothing of what I wrote. A person decides "
    "this, never a program. I can withdraw this at any time."
)
_SALT = "accounts.emergency_contact"
_SUBJECT = "You are named as an emergency contact · 您被列为紧急联系人"
_BODY = (
    "Hello {name},\n\n"
    "{own_name} uses {site}, a site where people talk with an AI, and has named you as an emergency contact. If a "
    "moderator of the site is worried about {own_name}'s life, they may write to you once more at this address. "
    "You need not do anything now.\n"
    "If you would rather not be a contact, say so here: {link}\n\n"
    "{name}：您好。{own_name}在使用 {site}（一个与人工智能对话的网站），并把您列为紧急联系人。"
    "如果网站的管理员担心{own_name}的生命安全，可能会再次写信到这个邮箱。您现在不需要做任何事。\n"
    "如果您不愿意担任联系人，请在这里告知：{link}\n"
)


class ContactRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class LinkInvalid(Exception):
    pass


def of(user: User) -> EmergencyContact | None:
    """The contact that a moderator may write to. None if there is none, or they have declined."""
    return EmergencyContact.objects.filter(user=user, declined_at=None).first()


@transaction.atomic
def appoint(*, user: User, name: str, email: str, own_name: str) -> EmergencyContact:
    """Stores the contact with the person's consent, and tells the contact. Raises ContactRefused.

    `own_name` is the name under which the contact knows the person.
    """
    if not mail.goes_out():
        raise ContactRefused(_("This site sends no e-mail, so it could not tell the contact. Nothing was saved."))
    if letters.is_own(user, email):
        raise ContactRefused(_("This is your own address. Name somebody else."))
    name, own_name = cleaning.clean_line(name), cleaning.clean_line(own_name)
    if not (letters.is_name(name) and letters.is_name(own_name)):
        raise ContactRefused(str(letters.NO_NAME))
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    withdraw(user)
    if letters.has_declined(user, KIND, email):
        raise ContactRefused(_("This person has asked not to be your contact. Name somebody else."))
    contact = EmergencyContact.objects.create(user=user, name=name, email=email, own_name=own_name)
    consents.record(user=user, kind=KIND, text=str(CONSENT), text_version=VERSION)
    if not mail.is_sent(_SUBJECT, _BODY.format(name=name, own_name=own_name, **_places(contact)), [email]):
        raise ContactRefused(_("The site could not write to this address, so nothing was saved. Try later."))
    return contact


@transaction.atomic
def withdraw(user: User) -> None:
    """Deletes the contact. The record of the consent stays as a proof, with the account, and so does a refusal."""
    contact = EmergencyContact.objects.select_for_update().filter(user=user).first()
    if contact is None:
        return
    if contact.declined_at:
        letters.note_declined(user, KIND, contact.email)
    contact.delete()


def decline(token: str) -> EmergencyContact:
    """The contact does not want to be written to. Raises LinkInvalid."""
    contact = opened(token)
    EmergencyContact.objects.filter(pk=contact.pk, declined_at=None).update(declined_at=timezone.now())
    return contact


def opened(token: str) -> EmergencyContact:
    """The contact whose link this is. Raises LinkInvalid."""
    try:
        return EmergencyContact.objects.get(key=UUID(hex=signing.loads(token, salt=_SALT)))
    except (signing.BadSignature, ValueError, TypeError, AttributeError, EmergencyContact.DoesNotExist):
        raise LinkInvalid from None


def _places(contact: EmergencyContact) -> dict[str, str]:
    token = signing.dumps(contact.key.hex, salt=_SALT)
    return {"site": settings.SITE_URL, "link": settings.SITE_URL + reverse("decline_contact", args=[token])}
