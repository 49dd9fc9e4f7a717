"""The site's letters to people whom a person names: what name they may hold, and to whom none goes.

Without this, somebody could have the site write words of theirs to a stranger, as often as they like.
"""

import re
import unicodedata

from allauth.account.models import EmailAddress
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import DeclinedAddress, User
from text import cleaning

NO_NAME = _("A name holds no address of a page or a mailbox. Write a space after a full stop, as in “Dr. Li”.")
# A sign of addresses, or a dot between letters, where a mail program would make a link.
_ADDRESS = re.compile(r"[@/\\]|\bwww\.|[^\W_]\.[a-z]{2}", re.IGNORECASE)
_SUFFIX = re.compile(r"\+[^@]*")


def is_name(name: str) -> bool:
    """Whether a name of one line may stand in a letter: something is seen of it, and it holds no address."""
    return not cleaning.is_blank(name) and not _ADDRESS.search(unicodedata.normalize("NFKC", name).replace("。", "."))


def is_own(user: User, email: str) -> bool:
    """Whether the address reaches a mailbox of the person, as far as their account knows them."""
    known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return _mailbox(email) in {_mailbox(each) for each in (user.email, *known)}


def note_declined(user: User, role: str, email: str) -> None:
    """Notes that nobody at this address wants to be named in this role by this person."""
    DeclinedAddress.objects.get_or_create(user=user, digest=_digest(user, role, email))


def has_declined(user: User, role: str, email: str) -> bool:
    return DeclinedAddress.objects.filter(user=user, digest=_digest(user, role, email)).exists()


def _digest(user: User, role: str, email: str) -> str:
    """The same for every way to write the address that reaches the same box."""
    return salted_hmac("accounts.letters", f"{user.pk}\0{role}\0{_mailbox(email)}", algorithm="sha256").hexdigest()


def _mailbox(email: str) -> str:
    return _SUFFIX.sub("", email.casefold(), count=1)
