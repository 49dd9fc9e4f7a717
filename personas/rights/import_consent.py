"""The explicit consent before letters and messages are imported, and its withdrawal (GD2; GDPR art. 9(2)(a)).

The consent is a row with its text, version and time; so is its withdrawal, which deletes what came from the import.
"""

from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, User
from accounts.personal_data import consents
from personas.models import Persona

KIND, WITHDRAWN = "persona.import", "persona.import-withdrawn"
VERSION = "1"
LABEL = _("I agree that the site reads and stores these words.")
TEXT = _(
    "Letters and messages can tell of health, belief, love and sexuality, mine and that of others. I agree that this "
    "site reads these files, stores their words, and lets the AI use them when it speaks as this persona. I can "
    "withdraw this at any time on the persona’s page. Then the site deletes the words and what it made of them."
)


def record(user: User, persona: Persona) -> None:
    consents.record(user=user, kind=KIND, text=str(TEXT), text_version=VERSION, subject_id=persona.pk)


def record_withdrawal(user: User, persona: Persona) -> None:
    consents.record(user=user, kind=WITHDRAWN, text="", text_version=VERSION, subject_id=persona.pk)


def carry_over(original: Persona, copy: Persona) -> None:
    """Lets a consent hold for the owner's own copy too, with its text and version. It is withdrawn there by itself."""
    if original.owner_id == copy.owner_id and is_given(original):
        given = Consent.objects.filter(user=original.owner, subject_id=original.pk, kind=KIND).latest("given_at", "pk")
        given.pk, given.subject_id, given._state.adding = None, copy.pk, True
        given.save()


def is_given(persona: Persona) -> bool:
    """Whether the owner's newest word about the import of this persona is the consent."""
    words = Consent.objects.filter(user=persona.owner, subject_id=persona.pk, kind__in=[KIND, WITHDRAWN])
    return words.order_by("-given_at", "-pk").values_list("kind", flat=True).first() == KIND
