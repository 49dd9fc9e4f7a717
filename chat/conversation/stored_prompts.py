"""Removes words that a person deletes from the stored prompts of replies.

A prompt holds a message as a turn, or a piece of it as something recalled. A long text is removed wherever it stands. A
short one may also be a part of other words, so it is removed only where it stands by itself. `persona_words` finds the
persona's own words.

The transaction that deletes calls `remove`. A reply that ends meanwhile may store its prompt after `remove` has looked.
So `remove` looks again after the commit at the prompts of replies that ended lately, and each reply looks after its own
commit for what was deleted meanwhile (`remembering.forget_late`). Whichever comes second finds the words.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat.models import Origin
from personas.memory import units
from personas.prompting.prompt import defused, one_line
from text.scripts import HAN, KANA

FORGOTTEN = "[…]"  # in place of what was forgotten; also how a prompt marks a cut
_LABELS = {"name", "form", "role"}  # of a stored prompt and its parts; no words of anybody
_CUT = 8  # characters; a shorter beginning or end beside a cut tells nothing of a text
_LONG = 2 * _CUT  # characters; such a text is no part of other words by chance
_LATELY = timedelta(minutes=5)  # much longer than the transaction that ends a reply

_IDEOGRAPH = f"[{HAN}{KANA}]"
_LETTER = f"[^\\W{HAN}{KANA}]"
_IS_IDEOGRAPH, _IS_LETTER = re.compile(_IDEOGRAPH), re.compile(_LETTER)
_CHINESE_WORD = 3  # ideographs that may be a word, or a part of one, in a text without spaces
# A whole turn: after the beginning of a line, a name, or the markup of a chat template, and before an end.
_TURN = r"(?:(?<![^\n])|(?<=[:：>\]])|(?<=[:：>\]] )){}(?= *(?:[\n<\[]|\Z))"

_Removal = Callable[[str], str]  # a text of a prompt → the text without the words


def remove(
    origins: QuerySet[Origin],
    *,
    turns: Iterable[str] = (),
    pieces: Iterable[str] = (),
    recalled: set[int] | None = None,
) -> None:
    """Removes whole messages (`turns`) and parts of messages (`pieces`) from stored prompts.

    With `recalled`, only from prompts that recalled one of these memories. Call it in the transaction that deletes.
    """
    removals = _removals(turns, pieces)

    def removals_of(origin: Origin) -> Sequence[_Removal]:
        has_recalled = recalled is None or any(recalled & set(part.get("rows", recalled)) for part in origin.parts)
        return removals if has_recalled else ()

    _remove(origins, removals_of)
    transaction.on_commit(partial(_remove, lately_ended(origins), removals_of), robust=True)


def remove_each(origins: QuerySet[Origin], turns_of: Callable[[Origin], Iterable[str]]) -> None:
    """Removes from each stored prompt the texts that `turns_of` gives for it, as `remove` removes `turns`."""
    _remove(origins, lambda origin: _removals(turns_of(origin), ()))


def of_persona(persona_id: UUID) -> QuerySet[Origin]:
    """How the persona's replies were written, to whomever it spoke."""
    spoken = Q(reply__message__speaker_id=persona_id)
    spoken |= Q(reply__message__speaker=None, reply__message__conversation__persona_id=persona_id)
    return Origin.objects.filter(spoken)


def lately_ended(origins: QuerySet[Origin]) -> QuerySet[Origin]:
    """Those whose reply may have stored its prompt while a transaction that deletes was looking for the words."""
    return origins.filter(reply__finished_at__gt=timezone.now() - _LATELY)


def _removals(turns: Iterable[str], pieces: Iterable[str]) -> list[_Removal]:
    """The longest texts first, since a shorter one may be a part of them."""
    forms = {(form, False) for text in turns for form in _forms(text)}
    forms |= {(form, True) for text in pieces for form in _forms(text)}
    return [
        _removal(form, is_piece=is_piece)
        for form, is_piece in sorted(forms, key=lambda each: len(each[0]), reverse=True)
    ]


def _forms(text: str) -> set[str]:
    """The text as the forms of a prompt show it."""
    return {text, defused(text), one_line(text)} - {""}


def _remove(origins: QuerySet[Origin], removals_of: Callable[[Origin], Sequence[_Removal]]) -> None:
    for origin in origins.order_by("pk").only("attempt", "parts", "prompt", "rendered").iterator(chunk_size=50):
        removals = removals_of(origin)
        if _shortened(origin, removals):
            _shorten(origin, removals)


@transaction.atomic
def _shorten(origin: Origin, removals: Sequence[_Removal]) -> None:
    """Reads the prompt again under a lock, so that two deletions at once do not bring each other's words back."""
    locked = Origin.objects.select_for_update(of=["self"]).only("parts", "prompt", "rendered").filter(pk=origin.pk)
    for current in locked:
        if _shortened(current, removals):
            current.save(update_fields=["parts", "prompt", "rendered"])


def _shortened(origin: Origin, removals: Sequence[_Removal]) -> bool:
    """Removes the words from the instance. Returns whether it held any."""
    before = origin.parts, origin.prompt, origin.rendered
    origin.parts, origin.prompt, origin.rendered = (_without(value, removals) for value in before)
    return before != (origin.parts, origin.prompt, origin.rendered)


def _without(value: Any, removals: Sequence[_Removal]) -> Any:
    """The JSON value with the words removed from every string of it."""
    if isinstance(value, str):
        for removal in removals:
            value = removal(value)
        return value
    if isinstance(value, list):
        return [_without(item, removals) for item in value]
    if isinstance(value, dict):
        return {key: item if key in _LABELS else _without(item, removals) for key, item in value.items()}
    return value


def _removal(text: str, *, is_piece: bool) -> _Removal:
    if len(text) >= _LONG:
        return lambda value: _without_cut(value.replace(text, FORGOTTEN), text)
    pattern = re.compile(_by_itself(text, is_piece=is_piece))
    return lambda value: pattern.sub(FORGOTTEN, value) if text in value else value


def _by_itself(text: str, *, is_piece: bool) -> str:
    """The pattern of a short text that is no part of other words.

    A message that tells nothing ("Hi", "?") is removed as a whole turn only, since anybody's sentences hold its words.
    Chinese has no spaces: a message of a few ideographs is no part of a longer run of them. A piece of a message may
    stand beside another piece without a mark between them.
    """
    words = re.escape(text)
    if not is_piece and not units.has_words(text):
        return _TURN.format(words)
    few = len(text) <= (1 if is_piece else _CHINESE_WORD)
    edges = [_kind(edge) for edge in (text[0], text[-1])]
    first, last = ("" if kind == _IDEOGRAPH and not few else kind for kind in edges)
    return (f"(?<!{first})" if first else "") + words + (f"(?!{last})" if last else "")


def _kind(character: str) -> str:
    """The pattern of its kind, or "" for a mark."""
    return _IDEOGRAPH if _IS_IDEOGRAPH.match(character) else _LETTER if _IS_LETTER.match(character) else ""


def _without_cut(value: str, text: str) -> str:
    """The value without a beginning and an end of the text beside a cut: a prompt cuts a long text in the middle."""
    if FORGOTTEN not in value:
        return value
    pieces = value.split(FORGOTTEN)
    for number in range(len(pieces) - 1):
        pieces[number] = _without_end(pieces[number], text)
        pieces[number + 1] = _without_end(pieces[number + 1][::-1], text[::-1])[::-1]
    return FORGOTTEN.join(pieces)


def _without_end(piece: str, text: str) -> str:
    """The piece of a prompt without the longest beginning of the text that it ends with, if it has _CUT characters."""
    whole = piece.rstrip()
    start = whole.find(text[:_CUT])
    while start >= 0:
        if text.startswith(whole[start:]):
            return piece[:start]
        start = whole.find(text[:_CUT], start + 1)
    return piece
