"""Search over a person's own conversations, on every branch.

English words match by their stems. A run of Chinese, Japanese or Korean characters, and one of emoji, matches where it
stands as it is. Withheld messages are never found.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

import regex
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import User
from chat.models import Message
from text.marks import without_marks

LONGEST_QUERY = 200  # characters
PER_PAGE = 30
_BEFORE, _AFTER = 60, 180  # characters of an excerpt before and after its first match
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUN = re.compile(f"[{_UNSPACED}]+")
_PICTURES = regex.compile(r"[\p{So}\p{RI}][\p{So}\p{RI}\p{EMod}\u200D\uFE0F]*+")
_PIECE = re.compile(r'-?"[^"]*"|\S+')
_WORD = re.compile(rf"[^\W{_UNSPACED}]+")


@dataclass(frozen=True)
class Piece:
    """A part of an excerpt. `is_match`: it is what was searched for."""

    text: str
    is_match: bool


@dataclass(frozen=True)
class Match:
    message: Message
    excerpt: list[Piece]


def search(*, user: User, query: str, page: int = 0) -> list[Match]:
    """The newest messages that have all words of the query, newest first, PER_PAGE at a time; `page` counts from 0.

    Double quotes, `or` and a leading minus work as web searches use them.
    """
    runs = [run for terms in _terms(query) for run in terms.parts]
    rows = (
        _matching_messages(user, query)
        .select_related("conversation__persona", "speaker")
        .prefetch_related("conversation__members__persona")
        .order_by("-created_at")
    )
    messages = list(rows[page * PER_PAGE : (page + 1) * PER_PAGE])
    matching = _matching_words(query, messages)
    return [Match(message, _excerpt(without_marks(message.text), runs, matching)) for message in messages]


def has_page(*, user: User, query: str, page: int) -> bool:
    """Whether `search` gives anything for this page."""
    return _matching_messages(user, query)[page * PER_PAGE :].exists()


def _matching_messages(user: User, query: str) -> QuerySet[Message]:
    conditions = reduce(or_, [terms.condition() for terms in _terms(query)], Q(pk=None))
    return Message.objects.filter(conditions, conversation__owner=user, is_withheld=False)


def _terms(query: str) -> "list[_Terms]":
    return [_Terms(words) for words in _alternatives(query)]


def _alternatives(query: str) -> list[list[str]]:
    """The words and quotations of a query, divided at each `or`."""
    alternatives: list[list[str]] = [[]]
    for word in _PIECE.findall(query):
        if word.lower() == "or":
            alternatives.append([])
        else:
            alternatives[-1].append(word)
    return [words for words in alternatives if words]


class _Terms:
    """Words that a message must all have, or must not have if a minus leads them."""

    def __init__(self, words: Sequence[str]) -> None:
        wanted = [word for word in words if not word.startswith("-")]
        self._runs = [run for word in wanted for run in _RUN.findall(word)]
        self.parts = [*self._runs, *(part for word in wanted for part in _PICTURES.findall(word))]
        unwanted = [word for word in words if word.startswith("-")]
        self._without = [parts for word in unwanted if (parts := _RUN.findall(word) + _PICTURES.findall(word))]
        others = [_RUN.sub(" ", word) for word in words]
        self._others = " ".join(word for word in others if _WORD.search(word))

    def condition(self) -> Q:
        # PostgreSQL counts on all words of the other scripts together, of which it leaves out those like "the".
        query = SearchQuery(self._others, config="english", search_type="websearch")
        for run in self._runs:
            query &= SearchQuery(" & ".join(_pairs(run)), config="simple", search_type="raw")
        condition = Q(terms=query) if self._others or self._runs else ~Q(pk=None)
        if not (self._others or self.parts or self._without):
            return Q(pk=None)  # marks alone
        for part in self.parts:  # a message may have all the pairs of a run at different places
            condition &= Q(text__contains=part)
        for runs in self._without:
            condition &= ~reduce(and_, [Q(text__contains=run) for run in runs])
        return condition


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


_SAME_STEM = """
    SELECT word FROM unnest(%s::text[]) AS word
    WHERE tsvector_to_array(to_tsvector('english', word)) && tsvector_to_array(to_tsvector('english', %s))
"""


def _matching_words(query: str, messages: Sequence[Message]) -> set[str]:
    """The words of these messages, in lower case, that have the stem of a word of the query."""
    words = {word.lower() for message in messages for word in _WORD.findall(message.text)}
    with connection.cursor() as cursor:
        cursor.execute(_SAME_STEM, [list(words), _RUN.sub(" ", query)])
        return {row[0] for row in cursor.fetchall()}


def _excerpt(text: str, runs: list[str], words: set[str]) -> list[Piece]:
    spans = list(_spans(text, runs, words))
    first = spans[0][0] if spans else 0
    start, end = max(0, first - _BEFORE), min(len(text), first + _AFTER)
    pieces = [Piece("…", False)] if start else []
    at = start
    for begin, stop in spans:
        if begin < at or begin >= end:
            continue
        pieces += [Piece(text[at:begin], False), Piece(text[begin:stop], True)]
        at = stop
    return [*pieces, Piece(text[at:end], False), *([Piece("…", False)] if end < len(text) else [])]


def _spans(text: str, runs: list[str], words: set[str]) -> Iterator[tuple[int, int]]:
    """Where the text has what was searched for, in order."""
    spans = [match.span() for match in _WORD.finditer(text) if match[0].lower() in words]
    for run in runs:
        at = text.find(run)
        while at >= 0:
            spans.append((at, at + len(run)))
            at = text.find(run, at + len(run))
    yield from sorted(spans)
