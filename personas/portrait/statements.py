"""The doors of a portrait: correct a statement, hide it or show it, and see the lines that it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404

from accounts.models import User
from personas import creation
from personas.models import Utterance
from personas.portrait.models import Statement
from text import cleaning, graphemes

MOST_CORRECTION = 500  # characters
_QUOTED = 400  # characters of a line before and after what it is quoted for


def get_for(user: User, persona_id: UUID, statement_id: UUID) -> Statement:
    """A statement on a persona of the user. Raises Http404."""
    persona = creation.get_own_persona(user, persona_id)
    statement = Statement.objects.filter(persona=persona, pk=statement_id).select_related("persona").first()
    if statement is None:
        raise Http404
    return statement


def correct(statement: Statement, text: str) -> None:
    """Puts the owner's words in the place of the computed ones. Empty words bring the computed ones back."""
    statement.correction = "" if cleaning.is_blank(text) else cleaning.clean_line(text)[:MOST_CORRECTION]
    statement.save(update_fields=["correction"])


def hide(statement: Statement, *, is_hidden: bool) -> None:
    statement.is_hidden = is_hidden
    statement.save(update_fields=["is_hidden"])


@dataclass(frozen=True)
class Quoted:
    """A line, cut around what it is quoted for: pieces of text, and whether each is that. `answered` may be empty."""

    line: Utterance
    pieces: tuple[tuple[str, bool], ...]
    answered: str


def lines_of(statement: Statement) -> list[Quoted]:
    """The lines that a statement rests on, each with the line of somebody else that it answers, in order of time."""
    lines = Utterance.objects.filter(pk__in=statement.lines, source__persona=statement.persona)
    return [
        Quoted(line, tuple(_pieces(line.text, statement.label)), _answered(line))
        for line in lines.select_related("source").order_by("sent_at", "pk")
    ]


def _pieces(text: str, label: str) -> Iterator[tuple[str, bool]]:
    """The text around the first place of the label, at most _QUOTED characters on each side."""
    place = _place(text, label)
    start, end = (place, place + len(label)) if place >= 0 else (0, 0)
    before, after = graphemes.ending(text[:start], _QUOTED), graphemes.beginning(text[end:], _QUOTED)
    yield ("… " if len(before) < start else "") + before, False
    if end > start:
        yield text[start:end], True
    yield after + (" …" if len(after) < len(text) - end else ""), False


def _place(text: str, label: str) -> int:
    """Where the label stands, whatever its case; -1 if nowhere. Some letters change their length without case."""
    folded = text.casefold()
    return folded.find(label.casefold()) if len(folded) == len(text) else text.find(label)


def _answered(line: Utterance) -> str:
    before = Utterance.objects.filter(source=line.source_id, position=line.position - 1, is_persona=False)
    return before.values_list("text", flat=True).first() or "" if line.position else ""
