"""Gives a new persona what its archive says beside the fields of the form."""

from personas import cards
from personas.models import Persona
from personas.portrait.models import Section, Statement
from personas.portrait.statements import MOST_CORRECTION

_KEY = 64  # characters


def restore(persona: Persona) -> None:
    """Grounds the persona, and keeps what was corrected or hidden of its portrait. Other cards change nothing.

    For a persona that gets words: a grounded one without any could say nothing. Call it before a worker reads them,
    since a portrait that is computed first keeps its statements.
    """
    if cards.own_fields(persona.card).get("is_grounded") is True:
        Persona.objects.filter(pk=persona.pk).update(is_grounded=True)
    Statement.objects.bulk_create(
        [
            Statement(
                persona=persona,
                section=edit.section,
                key=edit.key,
                correction=edit.correction[:MOST_CORRECTION],
                is_hidden=edit.is_hidden,
            )
            for edit in cards.portrait_edits(persona.card)
            if edit.section in Section.values and len(edit.key) == _KEY
        ],
        ignore_conflicts=True,
    )
