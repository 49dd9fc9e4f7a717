"""What a small model adds to a reply that no person would write, taken out on the way."""

import re
from collections.abc import Iterable, Iterator

from chat.sentences import split

_LABEL_MARKS = ":："
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_SEPARATORS = ",，、 "
_STUTTER = re.compile(r"\b([^\W\d_]+)(?:[,，、 ]+\1){3}[,，、 ]", re.IGNORECASE)
_STUTTER_CHARACTERS = 200  # looked back over
_SHORTEST_REPEATED = 3  # words; shorter ones ("Yes." "Oh, my.") come again in any talk


def without_label(pieces: Iterable[str], name: str) -> Iterator[str]:
    """The text without blanks at its beginning, and without the speaker's name and colon there."""
    labels = tuple(name + mark for mark in _LABEL_MARKS)
    held = ""
    pieces = iter(pieces)
    for piece in pieces:
        held = (held + piece).lstrip()
        if held.startswith(labels):
            held = held[len(name) + 1 :].lstrip()
        elif any(label.startswith(held) for label in labels):
            continue
        if held:
            yield held
            yield from pieces
            return
    if held:
        yield held


def until_stuttering(pieces: Iterable[str]) -> Iterator[str]:
    """The text up to a word that was said four times in a row ("No, no, no, no, …"), ended there."""
    said = held = ""
    for piece in pieces:
        said = (said + piece)[-_STUTTER_CHARACTERS:]
        text = held + piece
        shown = text.rstrip(_SEPARATORS)
        held = text[len(shown) :]
        if shown:
            yield shown
        if _STUTTER.search(said):
            yield "。" if said[-1] in "，、" else "."
            return
    if held:
        yield held


def until_repeated(sentences: Iterable[str]) -> Iterator[str]:
    """The sentences up to the first that was said before in the same reply: the model has begun to loop."""
    said: set[tuple[str, ...]] = set()
    for sentence in sentences:
        words = _words(sentence)
        if words in said:
            return
        if len(words) >= _SHORTEST_REPEATED:
            said.add(words)
        yield sentence


def without_echoes(sentences: Iterable[str], earlier: Iterable[str]) -> Iterator[str]:
    """The sentences that the speaker has not said before; if there is no other, the first echo after all.

    `earlier` is what was said in the last replies, a text each. A small model that sees its own words in
    the prompt is drawn to say them again.
    """
    said = {_words(each) for text in earlier for each in split(text)}
    held = ""
    has_spoken = False
    for sentence in sentences:
        words = _words(sentence)
        if words in said and len(words) >= _SHORTEST_REPEATED:
            held = held or sentence
            continue
        has_spoken = True
        yield sentence
    if held and not has_spoken:
        yield held


def _words(sentence: str) -> tuple[str, ...]:
    """Its words, folded; in Chinese, which has no blanks between them, its characters."""
    return tuple(_WORD.findall(sentence.casefold()))
