"""The notice before the service ends, so that people can take their words along (compliance CN10).

Every page shows the date, and every account with an address gets an e-mail in its own language.

NoticeTooShort          `user_message` names the first possible date
"""

import logging
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import mail
from accounts.interface import languages
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
    failed = [address for address, subject, text in letters if not mail.is_sent(subject, text, [address])]
    sent = len(letters) - len(failed)
    logger.info("closing.announced", extra={"closes_on": closes_on.isoformat(), "letters": sent, "failed": len(failed)})
    return sent, failed


def withdraw() -> bool:
    """Takes the notice back from the pages. False if there was none."""
    return Closing.objects.all().delete()[0] > 0


def _letters(closes_on: date) -> list[tuple[str, str, str]]:
    """The address, the subject and the text of each."""
    people = User.objects.filter(is_active=True).exclude(email="").exclude(email__endswith="@localhost")
    account = settings.SITE_URL + reverse("account")
    return [_letter(person, closes_on, account) for person in people.order_by("email", "pk").distinct("email")]


def _letter(person: User, closes_on: date, account: str) -> tuple[str, str, str]:
    with languages.speaking_to(person):
        subject = gettext("Afterword closes on {day}").format(day=closes_on)
        text = gettext(
            "This site closes on {day}. After that day, your personas and conversations can no longer be read.\n"
            "Download everything before then, or erase your account: {account}\n"
        )
        return person.email, subject, text.format(day=closes_on, account=account)
