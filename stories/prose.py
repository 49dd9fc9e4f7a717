"""How the passages of a story join into paragraphs, and whose words a passage holds. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stories.models import Author
from text import sentences
from text.scripts import is_mostly_han


class Written(Protocol):
    """A passage."""

    @property
    def author(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Span:
    """A part of a paragraph by one author."""

    text: str
    author: str


Paragraph = tuple[Span, ...]


def paragraphs(passages: Iterable[Written]) -> list[Paragraph]:
    """The paragraphs of a scene. A passage whose last sentence has no end is continued by the next passage.

    A line of a passage is a paragraph.
    """
    found: list[list[Span]] = []
    is_open = False
    for passage in passages:
        for line in filter(None, map(str.strip, passage.text.splitlines())):
            if is_open:
                found[-1].append(Span(_blank_between(found[-1][-1].text, line) + line, passage.author))
            else:
                found.append([Span(line, passage.author)])
            is_open = False
        is_open = bool(found) and not sentences.has_end(passage.text)
    return [tuple(spans) for spans in found]


def text_of(paragraph: Paragraph) -> str:
    return "".join(span.text for span in paragraph)


def own_words(text: str, drawn: Sequence[str]) -> str:
    """The sentences of a text that the narrator had not offered among the texts `drawn`."""
    offered = {sentence for each in drawn for sentence in _sentences(each)}
    return mixed([sentence for sentence in _sentences(text) if sentence not in offered])


def author_of(text: str, drawn: Sequence[str]) -> Author:
    """Whose words a text is, where the narrator had offered the texts `drawn`."""
    own = own_words(text, drawn)
    if own == mixed(_sentences(text)):
        return Author.USER
    return Author.BOTH if own else Author.PERSONA


def mixed(chosen: Sequence[str]) -> str:
    """Sentences in the order in which they were chosen, as one text."""
    text = ""
    for sentence in chosen:
        text += _blank_between(text, sentence) + sentence
    return text


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in map(str.strip, sentences.split(text)) if sentence]


def _blank_between(before: str, after: str) -> str:
    """Chinese has no blanks between words or sentences."""
    return "" if not before or is_mostly_han(before[-2:] + after[:2]) else " "
