"""Grounded answers: a persona that says only what its own words say (`Persona.is_grounded`).

A small model follows no such rule by itself, so each sentence of a reply is compared with the passages that were
recalled. A sentence whose words they do not hold is left out. If none is left, the persona quotes the passage that
bears most on the message; if none bears on it, it says in its voice that it left no words about that.

Covered: what a sentence names. Not covered: a sentence that puts the words of a passage together in another sense.
"""

import re
from collections.abc import Callable, Generator, Iterable, Sequence

from personas.memory.passages import Recalled
from personas.memory.search import terms
from personas.prompting.phrases import phrases_for
from text import sentences
from text.scripts import HAN

_NEAR = 0.45  # closeness of a passage that bears on a message without sharing a word with it
_LEAST_SHARE = 0.6  # of a sentence's words that the passages or the message must hold
_HAN_RUN = re.compile(f"[{HAN}]")


def grounded(passages: Sequence[Recalled], message: str, language: str) -> Callable[[Iterable[str]], Generator[str]]:
    """A stage that leaves out the sentences that rest on none of the passages. It needs whole sentences."""
    passages = [passage for passage in passages if bears_on(passage, message)]
    known = _words(" ".join([message, *(passage.text for passage in passages)]))

    def rests_on_words(texts: Iterable[str]) -> Generator[str]:
        if not passages:
            yield phrases_for(language).nothing_left
            return
        has_spoken = False
        for sentence in texts:
            if is_supported(sentence, known):
                has_spoken = True
                yield sentence
        if not has_spoken:
            yield _quotation(passages, message, language)

    return rests_on_words


def bears_on(passage: Recalled, message: str) -> bool:
    """Whether a passage says something about what the message asks."""
    return passage.closeness >= _NEAR or bool(_words(f"{passage.text} {passage.prompted_by}") & _words(message))


def is_supported(sentence: str, known: set[str]) -> bool:
    """Whether the known words hold enough of the sentence's. A sentence without words of its own claims nothing."""
    words = _words(sentence)
    return not words or len(words & known) >= _LEAST_SHARE * len(words)


def _words(text: str) -> set[str]:
    pieces = (piece for sentence in sentences.split(text) for piece in terms(sentence))
    return {piece for piece in pieces if piece.isascii() or _HAN_RUN.search(piece)}


def _quotation(passages: Sequence[Recalled], message: str, language: str) -> str:
    """The sentence of the best passage that shares most words with the message, as the persona's own quotation."""
    asked = _words(message)
    best = max(sentences.split(passages[0].text), key=lambda sentence: len(_words(sentence) & asked))
    return phrases_for(language).as_i_wrote.format(words=best.strip())
