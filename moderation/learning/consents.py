"""Whether a person's own words may teach the filter. Nobody's may, until they say so."""

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from accounts.personal_data import consents
from moderation.models import LearningConsent

KIND = "moderation.learning"
VERSION = "1"
TEXT = gettext_noop(
    "When a reviewer of this site decides about something in my conversations, the words that the decision is about "
    "may be used to improve this site’s own safety filter. The words stay on this site. The filter keeps numbers "
    "of them, from which they cannot be read. I can take this back at any time; later versions of the filter then "
    "learn without my words."
)


def has_given(user: User) -> bool:
    return LearningConsent.objects.filter(user=user).exists()


@transaction.atomic
def give(user: User) -> None:
    """Records the text that the person agreed to as well. Giving it twice changes nothing."""
    _, is_new = LearningConsent.objects.get_or_create(user=user)
    if is_new:
        consents.record(user=user, kind=KIND, text=gettext(TEXT), text_version=VERSION)


def withdraw(user: User) -> None:
    LearningConsent.objects.filter(user=user).delete()
