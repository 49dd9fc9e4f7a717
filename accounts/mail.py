"""The one door for the site's e-mails."""

import logging
from collections.abc import Sequence
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

logger = logging.getLogger(__name__)

_REACH_NOBODY = ("console.EmailBackend", "dummy.EmailBackend", "filebased.EmailBackend")


def goes_out() -> bool:
    """Whether the site sends e-mails. Without a mail server they are printed, kept in files or thrown away."""
    return not settings.EMAIL_BACKEND.endswith(_REACH_NOBODY)


def is_sent(subject: str, text: str, addresses: Sequence[str]) -> bool:
    """Whether the mail server took the e-mail. A fault is logged, without a word of the e-mail or an address."""
    try:
        return send_mail(subject, text, None, list(addresses)) > 0
    except (OSError, SMTPException) as error:
        logger.error("mail.not_sent", extra={"error": type(error).__name__})
        return False
