"""The guardian of a person under 18: named by them, told by e-mail, free to decline (compliance CN5).

The guardian needs no account: a signed link opens their page. Before they accept, nothing changes. Then they can set
limits, which `accounts.contacts.guardian_limits` keeps, and ask for an e-mail when the site has answered a crisis. They
never see a word, a persona or a time of use. Each step is written to the audit trail.

Covered: the link is signed, belongs to one account, and ends when the guardian is removed or the person is 18; the
person's own session cannot use it; a guardian who has accepted is told of their removal. Not covered: a person who
names an address of their own that their account does not know.

    GuardianRefused         .user_message: why nothing was changed
    LinkInvalid             the link was never made, or has ended
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mail
from accounts.contacts import guardian_mail, letters
from accounts.models import Guardian, User
from accounts.personal_data import consents
from accounts.sign_in import ages, roles
from text import cleaning

KIND = "guardian"  # of the consent
VERSION = "1"
CONSENT = gettext_lazy(
    "This person gets an e-mail with a link. If they accept, they can set how many minutes and messages I have here in "
    "a day, and which personas I can talk with. They can choose to get an e-mail when this site had to help me in a "
    "crisis. They never see what I write, what is written to me, or with whom I talk. If I remove them, the site "
    "tells them."
)
MINUTES = (30, 60, 120)  # a day
MESSAGES = (50, 100)  # a day
_ALERT_EVERY = timedelta(days=1)
_SALT = "accounts.guardians"


class GuardianRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class LinkInvalid(Exception):
    pass


@dataclass(frozen=True)
class Limits:
    """What a guardian sets. None: no limit."""

    minutes_per_day: int | None = None  # one of MINUTES
    messages_per_day: int | None = None  # one of MESSAGES
    only_shipped: bool = False
    is_alerted: bool = False


def of(user: User) -> Guardian | None:
    """The guardian whose limits hold for this person now. None for an adult."""
    guardian = named_by(user)
    return guardian if guardian is not None and guardian.is_in_force else None


def named_by(user: User) -> Guardian | None:
    """The guardian of a person under 18, whether they have accepted or not."""
    return Guardian.objects.filter(user=user).first() if ages.is_minor(user) else None


# --- The person's doors ---------------------------------------------------------------------------


@transaction.atomic
def appoint(*, user: User, name: str, email: str, own_name: str) -> Guardian:
    """Stores the guardian with the person's consent, and writes to them. Raises GuardianRefused.

    `own_name` is the name under which the guardian knows the person.
    """
    if not ages.is_minor(user):
        raise GuardianRefused(_("Only people under 18 have a guardian here."))
    if not mail.goes_out():
        raise GuardianRefused(_("This site sends no e-mail, so it could not tell the guardian. Nothing was saved."))
    if letters.is_own(user, email):
        raise GuardianRefused(_("This is your own address. Name somebody else."))
    earlier = Guardian.objects.select_for_update().filter(user=user).first()
    if earlier is not None and earlier.is_in_force:
        raise GuardianRefused(_("You have a guardian. Remove them first, then name somebody else."))
    names = {"name": cleaning.clean_line(name), "own_name": cleaning.clean_line(own_name)}
    if not all(map(letters.is_name, names.values())):
        raise GuardianRefused(str(letters.NO_NAME))
    if earlier is not None:
        _delete(earlier)
    if letters.has_declined(user, KIND, email):
        raise GuardianRefused(_("This person would rather not be your guardian. Name somebody else."))
    guardian = Guardian.objects.create(user=user, email=email, **names)
    consents.record(user=user, kind=KIND, text=str(CONSENT), text_version=VERSION)
    if not guardian_mail.invite(guardian, link=address(guardian)):
        raise GuardianRefused(_("The site could not write to this address, so nothing was saved. Try later."))
    _record("guardian.named", guardian)
    return guardian


@transaction.atomic
def remove(user: User) -> None:
    """Removes the guardian. One who has accepted is told first. Raises GuardianRefused if they cannot be told."""
    guardian = Guardian.objects.select_for_update().filter(user=user).first()
    if guardian is None:
        return
    if guardian.is_in_force and not guardian_mail.tell_of_end(guardian):
        raise GuardianRefused(
            _("The site could not tell {name}, so nothing was changed. Try later.").format(name=guardian.name)
        )
    _delete(guardian)
    _record("guardian.removed", guardian)


def _delete(guardian: Guardian) -> None:
    """A refusal outlives the row."""
    if guardian.declined_at:
        letters.note_declined(guardian.user, KIND, guardian.email)
    guardian.delete()


def erase(user: User) -> None:
    """Removes the guardian of an account that is erased. One who has accepted is told, if an e-mail reaches them."""
    guardian = Guardian.objects.filter(user=user).first()
    if guardian is None:
        return
    if guardian.is_in_force:
        transaction.on_commit(lambda: guardian_mail.tell_of_end(guardian), robust=True)
    Guardian.objects.filter(user=user).delete()


def forget_of_adults() -> None:
    """Deletes the guardians of people who are 18 by now."""
    for guardian in Guardian.objects.select_related("user").iterator():
        if not ages.is_minor(guardian.user):
            guardian.delete()


# --- The guardian's doors -------------------------------------------------------------------------


def address(guardian: Guardian) -> str:
    token = signing.dumps(guardian.key.hex, salt=_SALT)
    return settings.SITE_URL + reverse("guardian_page", args=[token])


def opened(token: str) -> Guardian:
    """The guardian whose link this is. Raises LinkInvalid."""
    return _opened(token, is_locked=False)


@transaction.atomic
def accept(token: str) -> None:
    """Accepts once. A guardian who has declined stays declined. Raises LinkInvalid."""
    guardian = _opened(token)
    if guardian.accepted_at is None and guardian.declined_at is None:
        guardian.accepted_at = timezone.now()
        guardian.save(update_fields=["accepted_at"])
        _record("guardian.accepted", guardian, {"text_version": VERSION})


@transaction.atomic
def decline(token: str) -> None:
    """Declines, or withdraws later: every limit ends. Raises LinkInvalid."""
    guardian = _opened(token)
    if guardian.declined_at is None:
        guardian.declined_at = timezone.now()
        guardian.save(update_fields=["declined_at"])
        _record("guardian.withdrew" if guardian.accepted_at else "guardian.declined", guardian)


@transaction.atomic
def set_limits(token: str, limits: Limits) -> None:
    """Replaces the limits, which hold from now on. Raises GuardianRefused, LinkInvalid, and ValueError."""
    if limits.minutes_per_day not in {None, *MINUTES} or limits.messages_per_day not in {None, *MESSAGES}:
        raise ValueError(f"{limits} has a limit that nobody can choose.")
    guardian = _opened(token)
    if not guardian.is_in_force:
        raise GuardianRefused(_("You are not a guardian now, so nothing was saved."))
    before, after = asdict(limits_of(guardian)), asdict(limits)
    if changed := [name for name in after if after[name] != before[name]]:
        Guardian.objects.filter(pk=guardian.pk).update(**after)
        _record("guardian.limits_set", guardian, {"changed": changed})  # the numbers are nobody else's business


def limits_of(guardian: Guardian) -> Limits:
    return Limits(guardian.minutes_per_day, guardian.messages_per_day, guardian.only_shipped, guardian.is_alerted)


def _opened(token: str, *, is_locked: bool = True) -> Guardian:
    guardians = Guardian.objects.select_for_update(of=["self"]) if is_locked else Guardian.objects.all()
    try:
        key = UUID(hex=signing.loads(token, salt=_SALT))
        guardian = guardians.select_related("user").get(key=key)
    except (signing.BadSignature, ValueError, TypeError, AttributeError, Guardian.DoesNotExist):
        raise LinkInvalid from None
    if not ages.is_minor(guardian.user):
        raise LinkInvalid
    return guardian


def _record(action: str, guardian: Guardian, data: Mapping[str, Any] | None = None) -> None:
    """Writes a step to the audit trail, which keeps no name and no address."""
    roles.record(action=action, subject=f"user:{guardian.user_id}", actor=None, data=data or {})


# --- The alert ------------------------------------------------------------------------------------


def note_crisis(user: User) -> None:
    """The site has answered a crisis of this person: owes the guardian an e-mail who asked for it, once a day."""
    if of(user) is not None:
        now = timezone.now()
        is_due = Q(alerted_at=None) | Q(alerted_at__lt=now - _ALERT_EVERY)
        Guardian.objects.filter(is_due, user=user, is_alerted=True, alert_owed_at=None).update(alert_owed_at=now)


def send_alerts() -> None:
    """Sends the e-mails that are owed. One that cannot be sent stays owed."""
    for guardian in Guardian.objects.exclude(alert_owed_at=None).select_related("user"):
        is_wanted = guardian.is_in_force and guardian.is_alerted and ages.is_minor(guardian.user)
        # Claimed first, so that two workers send one e-mail.
        owed = Guardian.objects.filter(pk=guardian.pk, alert_owed_at=guardian.alert_owed_at)
        if not owed.update(alert_owed_at=None, alerted_at=timezone.now()) or not is_wanted:
            continue
        if not guardian_mail.alert(guardian):
            Guardian.objects.filter(pk=guardian.pk).update(
                alert_owed_at=guardian.alert_owed_at, alerted_at=guardian.alerted_at
            )
