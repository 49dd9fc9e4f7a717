"""The declarations about the person that a persona depicts (compliance H6). Consents refer to their version."""

from django.utils.translation import gettext_noop

from personas.models import Depicts

VERSION = "2026-11"
TEXTS: dict[str, str] = {
    Depicts.SELF: gettext_noop("This persona depicts me, and the words I upload are mine."),
    Depicts.LIVING: gettext_noop(
        "This persona depicts a living person who knows about it and has agreed to it, "
        "and I will delete it as soon as they no longer agree."
    ),
    Depicts.DEAD: gettext_noop(
        "This persona depicts somebody who has died. I was close to them or act for those who were, "
        "and I know of nothing that they said or wrote against it."
    ),
    Depicts.HISTORICAL: gettext_noop(
        "This persona depicts a historical person, and I may use the words that I upload."
    ),
    Depicts.FICTIONAL: gettext_noop(
        "This persona is a fictional character and depicts no real person, and I may use the words that I upload."
    ),
}
