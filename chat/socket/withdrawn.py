"""What a person reads in place of a reply that the filter withdrew: kindly, by its kind, without blame.

The person asked for none of what the model wrote, so no sentence says that they did.
"""

from django.utils.translation import gettext_lazy as _

from moderation.categories import Category

_KINDS = (
    (
        {Category.SELF_HARM, Category.SELF_HARM_INTENT, Category.SELF_HARM_INSTRUCTIONS},
        _(
            "The model began to write about self-harm, so the reply was withdrawn. You did nothing wrong. If you are "
            "thinking of hurting yourself, please talk to somebody now: the help lines are linked on this page."
        ),
    ),
    (
        {Category.SEXUAL_MINORS},
        _("The reply was withdrawn. Nothing sexual about or with a person under 18 is shown here."),
    ),
    (
        {Category.SEXUAL},
        _(
            "The model wrote something sexual that the rules of this site do not show. You can ask for another one, or "
            "say something else."
        ),
    ),
    (
        {Category.HATE, Category.HATE_THREATENING},
        _(
            "The model wrote something that demeans a group of people, so the reply was withdrawn. You can ask for "
            "another one, or say something else."
        ),
    ),
    (
        {Category.HARASSMENT, Category.HARASSMENT_THREATENING},
        _(
            "The model wrote something hurtful. Nobody should be spoken to like that, so it was withdrawn. You can ask "
            "for another one, or say something else."
        ),
    ),
    (
        {Category.PII},
        _(
            "The reply held personal data that looks real, so it was withdrawn. You can ask for another one, or say "
            "something else."
        ),
    ),
    (
        {Category.VIOLENCE, Category.VIOLENCE_GRAPHIC, Category.ILLICIT},
        _(
            "The model wrote about violence or crime in a way that this site does not show. You can ask for another "
            "one, or say something else."
        ),
    ),
)
_OTHER = _("The reply was withdrawn by the safety filter. You can ask for another one, or say something else.")


def notice(category: str) -> str:
    """The sentences for a reply that was withdrawn for this category."""
    return str(next((text for names, text in _KINDS if category in names), _OTHER))
