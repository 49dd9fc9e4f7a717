"""The questions that two models are compared with. Both answer them as the personas that ship with the site."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from django.utils.translation import gettext as _

from chat.reply import persona_reply
from chat.reply.reply_run import Script
from chat.trials import rehearsal
from generation.trials.questions import Question, Withheld
from moderation.categories import ClassifierUnavailable
from moderation.filter import gate
from personas.models import Persona
from personas.prompting import prompt_sheet
from personas.prompting.prompt import Line
from personas.shipped import SAMANTHA, SAMANTHA_ZH, SHIPPED

_ASKED = (
    (SAMANTHA, "My cat has been missing since Tuesday, and I keep looking out of the window."),
    (SAMANTHA, "What would you take along on a night train to the sea?"),
    (SAMANTHA_ZH, "我明天要搬家，心里有点舍不得。"),
)


def questions() -> list[Question]:
    """Raises Withheld while the filter cannot judge."""
    try:
        return [_question(persona_id, text) for persona_id, text in _ASKED]
    except ClassifierUnavailable:
        raise Withheld(
            _("The filter cannot judge at the moment, so no answer can be shown. The page /readyz gives the reason.")
        ) from None


def _question(persona_id: UUID, text: str) -> Question:
    persona = Persona(pk=persona_id, **SHIPPED[persona_id])  # as it ships, whatever the row says now
    script = persona_reply.from_sheet(prompt_sheet.sheet_for(persona), (), [Line("user", text)], sampling={})
    return Question(text, persona.language, script.build, script.rank, partial(_readable, script))


def _readable(script: Script, pieces: Iterator[str]) -> str:
    """The reply as a conversation would show it. Raises Withheld."""
    try:
        return rehearsal.readable(script, pieces)
    except gate.Blocked:
        raise Withheld(_("The filter withheld this answer.")) from None
    except ClassifierUnavailable:
        raise Withheld(
            _("The filter cannot judge at the moment, so no answer can be shown. The page /readyz gives the reason.")
        ) from None
