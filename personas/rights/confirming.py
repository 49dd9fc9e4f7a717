"""The answer of the living person whom a persona depicts (compliance H6). Until they say yes, it talks with nobody.

The owner makes a link and hands it over. Who has the link answers, without an account, and can change the answer at any
time: so it has no end, and after an answer the owner can make no other link for the same name.

Covered: the link is signed, a new link ends the older one, the owner's own account cannot answer, a no stays a no.
Not covered: an owner who opens the link in another browser. The answer is stored with its text and time.

LinkInvalid             the link was never made, or a newer one has replaced it
ConfirmationRefused     `user_message` says why the owner can make no link now
"""

import logging
from uuid import UUID, uuid4

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from personas import creation
from personas.models import Answer, Confirmation, Depicts, Persona
from personas.rights.confirmation_texts import TEXTS, VERSION

logger = logging.getLogger(__name__)

_SALT = "personas.confirming"  # the name of old: links that were sent hold it


class LinkInvalid(Exception):
    pass


class ConfirmationRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def new_link(*, user: User, persona: Persona) -> Confirmation:
    """Makes a link for the owner to hand over, and ends an older one. Raises ConfirmationRefused, Http404."""
    persona = creation.get_own_persona(user, persona.pk)
    if persona.depicts != Depicts.LIVING:
        raise ConfirmationRefused(
            gettext("%(name)s depicts no living person, so nobody needs to confirm it.") % {"name": persona.name}
        )
    with transaction.atomic():
        earlier = Confirmation.objects.select_for_update().filter(persona=persona).first()
        if earlier and (earlier.is_refused or (earlier.name == persona.name and earlier.answer)):
            raise ConfirmationRefused(
                gettext("The person has answered already: %(get_answer_display)s. They can change it with their link.")
                % {"get_answer_display": earlier.get_answer_display()}
            )
        confirmation, _ = Confirmation.objects.update_or_create(
            persona=persona,
            defaults={"key": uuid4(), "name": persona.name, "answer": "", "text": "", "answered_at": None},
        )
    return confirmation


def address(confirmation: Confirmation) -> str:
    token = signing.dumps(confirmation.key.hex, salt=_SALT)
    return settings.SITE_URL + reverse("confirm_persona", args=[token])


def opened(token: str) -> Confirmation:
    """The confirmation of a link. Raises LinkInvalid."""
    try:
        key = UUID(hex=signing.loads(token, salt=_SALT))
        return Confirmation.objects.select_related("persona").get(key=key)
    except (signing.BadSignature, ValueError, TypeError, AttributeError, Confirmation.DoesNotExist):
        raise LinkInvalid from None


def answer(*, token: str, agrees: bool, language: str) -> Confirmation:
    """Stores the depicted person's answer with the text that they read. Raises LinkInvalid."""
    confirmation = opened(token)
    had_agreed = confirmation.answer == Answer.YES
    confirmation.answer = Answer.YES if agrees else Answer.WITHDRAWN if had_agreed else Answer.NO
    confirmation.text = "\n".join(TEXTS[language].read(confirmation.name))
    confirmation.text_version = VERSION
    confirmation.answered_at = timezone.now()
    confirmation.save(update_fields=["answer", "text", "text_version", "answered_at"])
    logger.info("persona.answered", extra={"persona": str(confirmation.persona_id), "answer": confirmation.answer})
    return confirmation
