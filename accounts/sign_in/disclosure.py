"""The text that a person reads and accepts before they have an account. Consents refer to its version.

Rows CA2 and NY3 (software, not a person), CA9 (minors) and T3 (monitoring) of docs/compliance.md.
"""

from django.utils.translation import gettext_lazy as _

VERSION = "2026-12"
SOFTWARE = _("Personas are software that writes in somebody's manner. None of them is a person, alive or dead.")
MINORS = _("Companion chatbots may not be suitable for some minors.")
MONITORING = _(
    "What you and a persona write is checked automatically, message by message and as a whole. "
    "Where something serious is found, a moderator of this site may read the lines around it."
)
AGREEMENT = _("I have read this, and I accept the rules of this site.")


def full_text() -> str:
    """The whole text that a person agrees to, in the language in which they read it."""
    return "\n".join(map(str, [SOFTWARE, MINORS, MONITORING, AGREEMENT]))
