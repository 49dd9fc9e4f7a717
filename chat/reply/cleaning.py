"""Removes the faults of small models from a reply while it streams: stutter, stage directions, repeats, echoes."""

import re
from collections.abc import Callable, Generator, Iterable

from text.scripts import HAN
from text.sentences import breaks_off, split

_WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_SEPARATORS = ",，、 "
_STUTTER = re.compile(r"\b([^\W\d_]+)(?:[,，、 ]+\1){3}[,，、 ]", re.IGNORECASE)
_STUTTER_CHARACTERS = 200  # the end of the text in which a stutter is searched
# An action in brackets or asterisks. An aside of the speaker contains an "I" or another verb.
_ACT = (
    r"(?:(?:she|he|they|softly|gently|quietly|short|long|a)\s+)?"
    r"(?:(?:paus|laugh|chuckl|giggl|smil|grin|smirk|sigh|nod|wink|shrug|blush|gasp|frown|whisper|yawn)(?:s|es|ed|ing|e)?"
    r"|(?:look|lean|turn|glanc|clear|tak)(?:s|es|ing)|silence|beat)\b"
)
_NO_SPEAKER = r"(?![^()*]*\b(?:I|me|my|myself|we|us|our|you|your)\b)"
_CHINESE_ACT = "(?:微笑|大笑|轻笑|苦笑|笑|停顿|叹气|点头|摇头|沉默|眨眼|耸肩|低声)"
_DIRECTION = (
    rf"(?:\({_NO_SPEAKER}{_ACT}[^()\n]{{0,120}}\)|\*{_NO_SPEAKER}{_ACT}[^*\n]{{0,120}}\*"
    rf"|[（(]{_CHINESE_ACT}[^（）()我你\n]{{0,20}}[）)])"
)
_DIRECTED = re.compile(_DIRECTION, re.IGNORECASE)
_WITH_BLANKS = re.compile(rf"(?:(?<!\s)\s++)?{_DIRECTION}(?=[.,;:!?…。，！？]|\s*$)|{_DIRECTION}\s*", re.IGNORECASE)
_SHORTEST_REPEATED = 3  # words; shorter sentences ("Yes." "Oh, my.") recur in any talk


def until_stuttering(pieces: Iterable[str]) -> Generator[str]:
    """The text up to a word that occurs four times in a row ("No, no, no, no, …"), ended with a full stop there."""
    recent = separators = ""
    for piece in pieces:
        recent = (recent + piece)[-_STUTTER_CHARACTERS:]
        if separators and not piece.strip(_SEPARATORS):
            separators += piece  # no word has come since the last search
            continue
        text = separators + piece
        words = text.rstrip(_SEPARATORS)
        separators = text[len(words) :]
        if words:
            yield words
        if _STUTTER.search(recent):
            yield "。" if recent[-1] in "，、" else "."
            return
    if separators:
        yield separators


def has_directions(text: str) -> bool:
    """Whether the text holds stage directions: "(smiles)", "*sighs and looks away*"."""
    return bool(_DIRECTED.search(text))


def without_directions(sentences: Iterable[str]) -> Generator[str]:
    """The sentences without stage directions, for a persona that is not written with them.

    If the reply holds nothing else, its first direction is kept.
    """
    direction = ""
    has_spoken = False
    for sentence in sentences:
        words = _WITH_BLANKS.sub("", sentence)
        if not words.strip():
            direction = direction or sentence
            continue
        has_spoken = True
        yield words
    if direction and not has_spoken:
        yield direction


def until_repeated(sentences: Iterable[str]) -> Generator[str]:
    """The sentences up to the first one that repeats an earlier one of the same reply: the model loops."""
    earlier: set[tuple[str, ...]] = set()
    beginning: tuple[str, ...] = ()  # words of a sentence that comes in parts
    for sentence in sentences:
        words = beginning + _words(sentence)
        if words in earlier:
            return
        if len(words) >= _SHORTEST_REPEATED:
            earlier.add(words)
        yield sentence
        beginning = words if breaks_off(sentence) else ()


def without_broken_end(sentences: Iterable[str]) -> Generator[str]:
    """Leaves out a last sentence that the token limit cut off, unless it is the only one."""
    has_whole = False
    for sentence in sentences:
        if has_whole and breaks_off(sentence):
            return
        yield sentence
        has_whole = True


def without_echoes(sentences: Iterable[str], earlier: Iterable[str]) -> Generator[str]:
    """The sentences that are not in the speaker's last replies. If there is no other, the first echo is kept.

    `earlier` holds the texts of the last replies. A small model that sees its own words in the prompt tends to
    repeat them.
    """
    earlier_words = {_words(sentence) for text in earlier for sentence in split(text)}
    echo = ""
    has_spoken = is_echo = goes_on = False
    for sentence in sentences:
        if not goes_on:  # if the beginning of a sentence is dropped, so is the rest
            words = _words(sentence)
            is_echo = words in earlier_words and len(words) >= _SHORTEST_REPEATED
        goes_on = breaks_off(sentence)
        if is_echo:
            echo = echo or sentence
            continue
        has_spoken = True
        yield sentence
    if echo and not has_spoken:
        yield echo


def begins_no_echo(earlier: Iterable[str]) -> Callable[[str], bool]:
    """A test of the first words of a reply. It is true if no sentence of the earlier replies begins with them."""
    earlier_words = [_words(sentence) for text in earlier for sentence in split(text)]

    def begins(text: str) -> bool:
        words = _words(text)
        return all(sentence[: len(words)] != words for sentence in earlier_words)

    return begins


def _words(sentence: str) -> tuple[str, ...]:
    """The words of a sentence, casefolded. Chinese has no blanks between words, so each character counts as one."""
    return tuple(_WORD.findall(sentence.casefold()))
