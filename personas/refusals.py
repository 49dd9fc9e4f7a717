"""Why a persona is not made, changed, copied or handed out.

CreationRefused         `user_message` says what is wrong and what to do
├── WordsRefused        the filter refuses these words for a persona
├── PersonaDisabled     a moderator has disabled it
├── NotForMinors        its owner is under 18, and it is somebody close
├── ImportNotAgreed     its owner has not agreed to the import of words (compliance GD2)
└── FilterUnavailable   the filter cannot judge now, so nothing is saved
"""

from django.utils.translation import gettext

from accounts.models import User
from moderation import plain_words
from moderation.categories import ClassifierUnavailable
from moderation.desk import restrictions
from moderation.filter import gate
from personas import access, judging
from personas.models import Answer, Confirmation, Persona
from personas.persona_fields import PersonaFields
from personas.prompting import prompt_sheet


class CreationRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class WordsRefused(CreationRefused):
    pass


class PersonaDisabled(CreationRefused):
    def __init__(self, persona: Persona) -> None:
        super().__init__(
            gettext(
                "A moderator has disabled %(name)s, so it can be neither copied nor changed. Its owner can "
                "object to the decision. Until the decision is lifted, everything stays as it is."
            )
            % {"name": persona.name}
        )


class NotForMinors(CreationRefused):
    pass


class ImportNotAgreed(CreationRefused):
    def __init__(self) -> None:
        super().__init__(
            gettext(
                "The words of these files are read and stored only if you agree. Tick the box for that in the form."
            )
        )


class FilterUnavailable(CreationRefused):
    pass


def refuse_to_minor(user: User, portrait: access.Portrait) -> None:
    """Raises NotForMinors (compliance CN5)."""
    if refusal := access.refusal_to_minor(user, portrait):
        raise NotForMinors(refusal.user_message)


def refuse_after_no(persona: Persona) -> None:
    """Raises CreationRefused if the living person whom the persona depicts has said no: it cannot become another's."""
    if _is_refused(persona):
        raise CreationRefused(
            gettext(
                "The person whom %(name)s depicts does not agree, so it cannot depict somebody else now. Delete it."
            )
            % {"name": persona.name}
        )


def _is_refused(persona: Persona) -> bool:
    return Confirmation.objects.filter(persona=persona, answer__in=[Answer.NO, Answer.WITHDRAWN]).exists()


def refuse_unconfirmed_copy(persona: Persona) -> None:
    """Raises CreationRefused for a living person's persona without their yes: a copy would not know of a later no."""
    if not _is_refused(persona) and access.unconfirmed(persona):
        raise CreationRefused(
            gettext("%(name)s depicts a living person, who has not agreed yet. It can be copied when they have.")
            % {"name": persona.name}
        )


def refuse_to_hand_out(persona: Persona) -> None:
    """Raises CreationRefused if no copy and no file may be made of a persona: what is made of it would be free to talk.

    So it is while it rests or is disabled, and after the living person whom it depicts has said no (compliance H6).
    """
    refuse_disabled(persona)
    if _is_refused(persona):
        raise CreationRefused(
            gettext("The person whom %(name)s depicts does not agree, so it can be neither copied nor downloaded.")
            % {"name": persona.name}
        )


def reason_against_handing_out(persona: Persona) -> str:
    """What `refuse_to_hand_out` says, or ""."""
    try:
        refuse_to_hand_out(persona)
    except CreationRefused as refusal:
        return refusal.user_message
    return ""


def refuse_disabled(persona: Persona) -> None:
    """Raises CreationRefused while an objection waits, PersonaDisabled while a decision against the persona stands."""
    if resting := access.resting(persona):
        raise CreationRefused(resting.user_message)
    if restrictions.is_disabled(persona.pk):
        raise PersonaDisabled(persona)


def refuse_restricted(user: User, persona: Persona) -> None:
    """Raises CreationRefused with the statement of a decision that keeps this person from the model."""
    if active := restrictions.active_for(user=user, persona_id=persona.pk):
        raise CreationRefused(active[0].statement)


def refuse_unfit(fields: PersonaFields) -> None:
    """Raises WordsRefused if the filter finds hatred or the sexualisation of children. Raises FilterUnavailable."""
    labels = {text: label for label, text in reversed(list(fields.texts())) if text.strip()}
    # A card's placeholders and comments can split a word. So the text with placeholders filled is judged too.
    filled_labels = {prompt_sheet.fill(fields, text): label for text, label in labels.items()}
    labels = filled_labels | labels
    texts = list(labels)
    try:
        refusals = judging.refusals(texts, beside_child=judging.mentions_child(texts))
    except ClassifierUnavailable:
        raise unavailable() from None
    for text, category in zip(texts, refusals, strict=True):
        if category:
            raise WordsRefused(
                gettext(
                    "A persona may not be made of these words: the filter reads %(text)s as “%(category)s” "
                    "(%(category_in_words)s). Change that, and look at the preview again."
                )
                % {
                    "text": labels[text],
                    "category": category,
                    "category_in_words": plain_words.category_in_words(category),
                }
            )


def refuse_unfit_opening(fields: PersonaFields) -> None:
    """Raises WordsRefused if the filter would block the opening line. Raises FilterUnavailable."""
    try:
        for _ in gate.cleared(iter(filter(None, [prompt_sheet.fill(fields, fields.opening_line)]))):
            pass
    except gate.Blocked as blocked:
        raise WordsRefused(
            gettext(
                "The opening line would be withheld from its readers: the filter reads it as “%(category)s” "
                "(%(blocked)s). Change it, or leave it empty."
            )
            % {"category": blocked.verdict.category, "blocked": plain_words.category_in_words(blocked.verdict.category)}
        ) from None
    except ClassifierUnavailable:
        raise unavailable() from None


def unavailable() -> FilterUnavailable:
    """The error that the doors raise while the filter cannot judge."""
    return FilterUnavailable(
        gettext(
            "The filter that reads new personas is not available right now, so nothing was saved. "
            "What you typed is kept; try again in a few minutes."
        )
    )
