"""Cuts what a person said into the pieces that are remembered, one by one.

A piece is a sentence. One that leans on the sentence before it ("His name is Bruno.") or is very short stays with it. A
sentence that states two facts is cut between them, so that one can be replaced without the other. Questions are left
out unless they tell something ("Did I tell you that my dog is called Bruno?").

The number of a piece within its message is stored. A change to these rules changes the numbers of messages that are
read later, never of those that were read.
"""

import re
from collections.abc import Iterator

from personas.memory.facts import fact_in
from personas.memory.search import terms
from personas.prompting.phrases import CHINESE, ENGLISH
from personas.reading import corpus
from text import sentences
from text.scripts import wide_characters

LONGEST = 240  # characters that hang together; Chinese characters count three times
_SHORT = 18  # characters, counted so: a shorter sentence stays with the one before it
_ANSWER = 16  # characters, counted so: a shorter message may need the question before it
_MOST = 8_000  # characters of a message that are read
_QUESTION = re.compile(r"[?？][\"'”’」』）)\s]*$")
# Questions are often typed without their mark. Nobody wants to be told their own question again.
_UNMARKED = re.compile(
    r"^\s*(?:(?:and|so|but|ok|hey|well|wait)[,\s]+)?(?:"
    r"(?:what|where|who|whose|which|how|why)(?:'?s\b|\s(?:\w+\s)?(?:is|was|did|do|does|are|am|were|will|can|have|has|should)\b)"
    r"|when(?:'?s|\s(?:is|was|did|do|does|are|am|were|will|can|have|has|should))\b"
    r"|(?:do|did|can|are|have) you\b|remember (?:what|where|when|who|my|how)\b)"
    r"|\bwhat\w{0,3} (?:my|i)\b|\b(?:did|do) i (?:say|tell)\b"
    r"|[你您]?还?记得.{0,12}[吗么哪谁啥]|考考?你|(?:什么|啥|谁|哪儿?|哪里|几岁|多少|多大|来着|吗|呢)[\s。]*$"
    r"|(?:谁|什么|啥|哪|怎么).{0,6}[的呀啊呢了]?$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:what|where|when|who|whose|which|how|why)\b|什么|谁|哪|几|怎么|多少|多大|吗[?？]", re.IGNORECASE
)
_TELLS = re.compile(
    r"\b(?:did|have) i (?:ever )?(?:tell|told|mention)|\bdid you know\b|你知道吗|跟你说过", re.IGNORECASE
)
_JOINT = re.compile(r",?\s(?:and|but|while)\s(?=(?:i|we|my|our|the)\b)|[，；](?=我|咱)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


def units(text: str) -> dict[int, str]:
    """The pieces of a message by their numbers, in order; each is a part of it. Blank ones are left out."""
    pieces: list[str] = []
    for sentence in _sentences(text[:_MOST]):
        if _asks(sentence):
            pieces.append("")  # nothing joins what comes before a question with what comes after it
        elif pieces and pieces[-1] and _leans(sentence) and _length(pieces[-1] + sentence) <= LONGEST:
            pieces[-1] += sentence
        else:
            pieces.extend(_clauses(sentence))
    return {number: piece.strip() for number, piece in enumerate(pieces) if piece.strip()}


def has_words(piece: str) -> bool:
    """Whether a piece holds something to remember: a word of its own, or a number. "Thanks!" does not."""
    return bool(terms(piece) or _DIGIT.search(piece))


def last_question(text: str) -> str:
    """The question with which a text ends, or ""."""
    last = sentences.split(text[-2 * LONGEST :].strip())[-1:]
    return last[0].strip() if last and _QUESTION.search(last[0]) else ""


def is_short(text: str) -> bool:
    """Whether a message is so short that it may only be understood with the question before it."""
    return _length(text) <= _ANSWER


def _sentences(text: str) -> Iterator[str]:
    """Sentences with the blanks behind them; a very long one in parts."""
    for sentence in sentences.split(text):
        yield from [sentence] if _length(sentence) <= LONGEST else corpus.split(sentence)


def _clauses(sentence: str) -> list[str]:
    """The sentence, or its clauses if each of two states a fact that something newer may replace."""
    joints = list(_JOINT.finditer(sentence))
    starts, ends = [0, *(joint.end() for joint in joints)], [*(joint.start() for joint in joints), len(sentence)]
    clauses = [sentence[start:end] for start, end in zip(starts, ends, strict=True)]
    if len(clauses) > 1 and all((fact := fact_in(clause)) and fact.slot for clause in clauses):
        return clauses
    return [sentence]


def _asks(sentence: str) -> bool:
    if not _QUESTION.search(sentence):
        return bool(_UNMARKED.search(sentence))
    return not _TELLS.search(sentence) or bool(_ASKS.search(sentence))


def _leans(sentence: str) -> bool:
    start = sentence.lstrip()
    leans_back = ENGLISH.leans_back.match(start) or CHINESE.leans_back.match(start)
    return bool(leans_back) or _length(start.strip()) < _SHORT


def _length(text: str) -> int:
    return len(text) + 2 * wide_characters(text)
