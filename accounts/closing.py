"""The notice before the service ends, so that people can take their words along (compliance CN10).

Every page shows the date, and every account with an address gets an e-mail in its own language.

NoticeTooShort          `user_message` names the first possible date
"""

import logging
from datetime import date, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import languages
from accounts.models import Closing, User

logger = logging.getLogger(__name__)

NOTICE = timedelta(days=30)


class NoticeTooShort(Exception):
    def __init__(self, closes_on: date, earliest: date) -> None:
        self.user_message = (
            f"People need {NOTICE.days} days to take their words along. The site can close on {earliest} or later; "
            f"you gave {closes_on}."
        )
        super().__init__(self.user_message)


def announced() -> date | None:
    """The day on which the site closes, if that is announced."""
    return Closing.objects.values_list("closes_on", flat=True).first()


def announce(closes_on: date) -> tuple[int, list[str]]:
    """Shows the date on every page and writes to everybody. Raises NoticeTooShort.

    Returns the number of e-mails, and the addresses that the mail server did not take.
    """
    earliest = timezone.localdate() + NOTICE
    if closes_on < earliest:
        raise NoticeTooShort(closes_on, earliest)
    with transaction.atomic():
        Closing.objects.all().delete()
        Closing.objects.create(closes_on=closes_on)
    letters = _letters(closes_on)
    failed = [letter.to[0] for letter in letters if not _is_sent(letter)]
    sent = len(letters) - len(failed)
    logger.info("closing.announced", extra={"closes_on": closes_on.isoformat(), "letters": sent, "failed": len(failed)})
    return sent, failed


def _is_sent(letter: EmailMessage) -> bool:
    try:
        return bool(letter.send())
    except (OSError, SMTPException) as error:
        logger.error("mail.not_sent", extra={"error": type(error).__name__})
        return False


def withdraw() -> bool:
    """Takes the notice back from the pages. False if there was none."""
    return Closing.objects.all().delete()[0] > 0


def _letters(closes_on: date) -> list[EmailMessage]:
    people = User.objects.filter(is_active=True).exclude(email="").exclude(email__endswith="@localhost")
    account = settings.SITE_URL + reverse("account")
    return [_letter(person, closes_on, account) for person in people.order_by("email", "pk").distinct("email")]


def _letter(person: User, closes_on: date, account: str) -> EmailMessage:
    with languages.speaking_to(person):
        subject = gettext("Afterword closes on {day}").format(day=closes_on)
        text = gettext(
            "This site closes on {day}. After that day, your personas and conversations can no longer be read.\n"
            "Download everything before then, or erase your account: {account}\n"
        )
        return EmailMessage(subject, text.format(day=closes_on, account=account), None, [person.email])
