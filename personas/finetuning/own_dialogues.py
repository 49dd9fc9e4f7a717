"""A persona's own words as dialogues to measure with: those that its fine-tune does not learn."""

from collections.abc import Sequence
from dataclasses import replace

from personas.finetuning import material
from personas.models import Persona
from personas.prompting import prompt_sheet
from personas.prompting.dialogues import Dialogue
from personas.prompting.phrases import phrases_for
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet
from personas.prompting.samples import Prompted
from text import sentences

_LONG = 160  # characters of a line, after which it ends with its sentence


def of(persona: Persona) -> list[Dialogue]:
    """A dialogue for each run of held-out passages, with the persona's sheet, and without its fine-tune.

    A letter answers no message. Its lines get a natural question, as the samples of a prompt do. Held-out words are
    no samples here.
    """
    windows = material.held_out(list(persona.passages.order_by("id")))
    texts = [passage.text for window in windows for passage in window]
    sheet = prompt_sheet.sheet_for(persona)
    samples = tuple(e for e in sheet.exchanges if not any(e.persona in text for text in texts))
    plain = replace(sheet, exchanges=samples, adapter=None)
    return [Dialogue(plain, tuple(_turns(plain, window))) for window in windows]


def _turns(sheet: Sheet, window: Sequence[Prompted]) -> list[Line]:
    turns = []
    for number, passage in enumerate(window):
        turns.append(Line("user", passage.prompted_by or _question(sheet.language, passage.text, number)))
        turns.append(Line("persona", _beginning(passage.text)))
    return turns


def _question(language: str, text: str, number: int) -> str:
    phrases = phrases_for(language)
    fitting = (cue.question for cue in phrases.cues if cue.pattern.search(text))
    return next(fitting, phrases.anything[number % len(phrases.anything)])


def _beginning(text: str) -> str:
    """The first sentences, since people talk in short lines and a comparison reads ten of them."""
    end = next((end for end in sentences.ends(text) if end >= _LONG), len(text))
    return text[: min(end, 3 * _LONG)].strip()


def spoken_by(persona: Persona, dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """The same talks, held with this persona and without its fine-tune."""
    sheet = replace(prompt_sheet.sheet_for(persona), adapter=None)
    return [replace(dialogue, sheet=sheet) for dialogue in dialogues]
