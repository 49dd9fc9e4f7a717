"""The script of a line that is drafted for the person: the talk with its roles exchanged.

The model speaks the person's part, and hears the persona as it hears a person otherwise. What stands in the persona's
sheet and memory is not told, because the person does not speak from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from chat.reply import cleaning, ranking, sentences
from chat.reply.reply_run import Script
from generation import reply_text
from generation.engine import EngineInfo, Prompt, Sampling
from moderation.talk import Turn
from personas.models import Persona
from personas.prompting import prompt
from personas.prompting.phrases import phrases_for
from personas.prompting.prompt_sheet import Sheet

_MOST_TOKENS = 64  # of a line, which is to be read and changed
_EARLIER = 6  # of the person's messages that the line is compared with, so that it is no echo of them


def sheet_of(persona: Persona, others: Sequence[str] = ()) -> Sheet:
    """The person as the prompt names them, in a talk with this persona. `others`: further personas in it."""
    return Sheet(
        name=persona.calls_user or phrases_for(persona.language).friend,
        calls_user=persona.name,
        language=persona.language,
        others=tuple(others),
        is_person=True,
    )


def exchanged(persona: Persona, turns: Sequence[Turn]) -> list[prompt.Line]:
    """The turns with the person's own as the model's, and those of further personas under their names."""
    lines = []
    for turn in turns:
        if turn.speaker == "user":
            lines.append(prompt.Line("persona", turn.text))
        elif turn.persona_id in (None, persona.pk):
            lines.append(prompt.Line("user", turn.text))
        else:
            lines.append(prompt.Line("other", prompt.named(turn.name, turn.text, persona.language)))
    return lines


def script(sheet: Sheet, turns: Sequence[prompt.Spoken]) -> Script:
    """The person's next line after these turns, as `exchanged` gives them."""

    def after(talk: Sequence[prompt.Spoken], info: EngineInfo, count: Callable[[str], int]) -> Prompt:
        return prompt.build(sheet=sheet, memories=(), turns=talk, info=info, max_tokens=_MOST_TOKENS, count=count)

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        return after(turns, info, count), replace(prompt.sampling(sheet, info), max_tokens=_MOST_TOKENS)

    def rank(info: EngineInfo, count: Callable[[str], int]) -> ranking.ReplyRanking:
        return ranking.ReplyRanking(sheet, turns, partial(after, info=info, count=count), is_brief=info.is_brief)

    own = [turn.text for turn in turns if turn.speaker == "persona"][-_EARLIER:]
    return Script(
        build=build,
        stages=(
            partial(reply_text.without_label, name=sheet.name),
            partial(
                reply_text.until_next_turn, names=(prompt.label(sheet.calls_user), *map(prompt.label, sheet.others))
            ),
            cleaning.until_stuttering,
            sentences.split,
            cleaning.without_directions,
            cleaning.until_repeated,
            partial(cleaning.without_echoes, earlier=own),
            cleaning.without_broken_end,
        ),
        rank=rank if turns and turns[-1].speaker != "persona" else None,
    )
