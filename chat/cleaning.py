"""What a small model adds to a reply that no person would write, taken out on the way."""

import re
from collections.abc import Callable, Generator, Iterable

from text.scripts import HAN
from text.sentences import breaks_off, split

_WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_SEPARATORS = ",，、 "
_STUTTER = re.compile(r"\b([^\W\d_]+)(?:[,，、 ]+\1){3}[,，、 ]", re.IGNORECASE)
_STUTTER_CHARACTERS = 200  # looked back over
# What an actor does, in brackets or asterisks; an aside of the speaker's own has an "I" in it, or another verb.
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
_SHORTEST_REPEATED = 3  # words; shorter ones ("Yes." "Oh, my.") come again in any talk


def until_stuttering(pieces: Iterable[str]) -> Generator[str]:
    """The text up to a word that was said four times in a row ("No, no, no, no, …"), ended there."""
    said = held = ""
    for piece in pieces:
        said = (said + piece)[-_STUTTER_CHARACTERS:]
        if held and not piece.strip(_SEPARATORS):
            held += piece  # no word has come since the last look
            continue
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


def has_directions(text: str) -> bool:
    """Whether it holds stage directions: "(smiles)", "*sighs and looks away*"."""
    return bool(_DIRECTED.search(text))


def without_directions(sentences: Iterable[str]) -> Generator[str]:
    """The sentences without stage directions, for a persona that speaks and does not act; if there is nothing else,
    the first direction after all."""
    held = ""
    has_spoken = False
    for sentence in sentences:
        spoken = _WITH_BLANKS.sub("", sentence)
        if not spoken.strip():
            held = held or sentence
            continue
        has_spoken = True
        yield spoken
    if held and not has_spoken:
        yield held


def until_repeated(sentences: Iterable[str]) -> Generator[str]:
    """The sentences up to the first that was said before in the same reply: the model has begun to loop."""
    said: set[tuple[str, ...]] = set()
    begun: tuple[str, ...] = ()  # of a sentence that comes in parts
    for sentence in sentences:
        words = begun + _words(sentence)
        if words in said:
            return
        if len(words) >= _SHORTEST_REPEATED:
            said.add(words)
        yield sentence
        begun = words if breaks_off(sentence) else ()


def without_echoes(sentences: Iterable[str], earlier: Iterable[str]) -> Generator[str]:
    """The sentences that the speaker has not said before; if there is no other, the first echo after all.

    `earlier` is what was said in the last replies, a text each. A small model that sees its own words in
    the prompt is drawn to say them again.
    """
    said = {_words(each) for text in earlier for each in split(text)}
    held = ""
    has_spoken = is_echo = goes_on = False
    for sentence in sentences:
        if not goes_on:  # the rest of a sentence shares the lot of its beginning
            words = _words(sentence)
            is_echo = words in said and len(words) >= _SHORTEST_REPEATED
        goes_on = breaks_off(sentence)
        if is_echo:
            held = held or sentence
            continue
        has_spoken = True
        yield sentence
    if held and not has_spoken:
        yield held


def begins_no_echo(earlier: Iterable[str]) -> Callable[[str], bool]:
    """Whether first words are new: none of the sentences said earlier begins with them."""
    said = [_words(each) for text in earlier for each in split(text)]

    def begins(text: str) -> bool:
        words = _words(text)
        return all(each[: len(words)] != words for each in said)

    return begins


def _words(sentence: str) -> tuple[str, ...]:
    """Its words, folded; in Chinese, which has no blanks between them, its characters."""
    return tuple(_WORD.findall(sentence.casefold()))
