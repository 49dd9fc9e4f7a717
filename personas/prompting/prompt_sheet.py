"""What a prompt needs to know of a persona: its fields, its samples, and the honest answer.

Everything is deterministic: the same rows always give the same sheet, and a cached prompt stays valid.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from generation.engine import Adapter
from personas.finetuning import files
from personas.lorebook import book
from personas.lorebook.book import Book
from personas.models import Depicts, FineTune, Passage, Persona
from personas.prompting.phrases import phrases_for
from personas.prompting.samples import Exchange, samples
from text import cleaning

PASSAGES_READ = 400  # of a persona, spread evenly over its corpus; reading all of a large one costs seconds

_MACRO_COMMENT = re.compile(r"\{\{\s*+(?://|comment:|hidden_key:)[^}]*+(\}\})?", re.IGNORECASE)
_MACRO = re.compile(r"\{\{\s*(char|user|original)\s*\}\}|<(BOT|USER)>", re.IGNORECASE)
_MACRO_VALUE = re.compile(r"\{\{\s*+(random|pick|roll|reverse)\s*+::?([^{}]*+)\}\}", re.IGNORECASE)
_HIDDEN_KEY = re.compile(r"\{\{\s*+hidden_key:([^{}]*+)\}\}", re.IGNORECASE)
_COMMA = re.compile(r"(?<!\\),")


class Named(Protocol):
    """The values that fill the placeholders in a persona's texts."""

    @property
    def name(self) -> str: ...

    @property
    def calls_user(self) -> str: ...

    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class Sheet:
    """The facts of a persona that a prompt is built from."""

    name: str
    description: str = ""
    scenario: str = ""
    relation: str = ""
    calls_user: str = ""
    depicts: str = Depicts.FICTIONAL
    language: str = "en"
    exchanges: tuple[Exchange, ...] = ()  # the most telling first
    has_own_words: bool = False  # whether it has passages, not only a description and samples
    is_grounded: bool = False  # its replies hold only what its own words hold
    sampling: Mapping[str, Any] = field(default_factory=dict)
    adapter: Adapter | None = None  # its own fine-tune, if it talks with it
    lorebook: Book = field(default_factory=Book)
    greetings: tuple[str, ...] = ()  # the opening lines of its card, the usual one first
    others: tuple[str, ...] = ()  # the names of the other personas in a talk of several
    is_person: bool = False  # it is the person, for whom a line is drafted; `calls_user` is then the persona


def sheet_for(persona: Persona) -> Sheet:
    """The sheet of a persona. Reads at most PASSAGES_READ of its passages, and caches their samples."""
    phrases = phrases_for(persona.language)
    filled = _Macros(persona)
    passages = tuple(persona.passages.order_by("digest").values_list("pk", flat=True)[:PASSAGES_READ])
    return Sheet(
        name=persona.name,
        description=phrases.joiner.join(filter(None, [filled(persona.description), filled(_personality(persona))])),
        scenario=filled(persona.scenario),
        relation=persona.relation,
        calls_user=persona.calls_user,
        depicts=persona.depicts,
        language=persona.language,
        exchanges=_samples_of(
            persona.language,
            tuple(_written(persona, filled)),
            tuple(filled(saying) for saying in persona.sayings if isinstance(saying, str)),
            passages,
        ),
        has_own_words=bool(passages),
        is_grounded=persona.is_grounded,
        sampling=dict(persona.sampling),
        adapter=_adapter_of(persona),
        lorebook=book.read(persona.card, fill=filled, fill_scanned=filled.with_hidden_keys),
        greetings=tuple(greetings(persona)),
    )


def _adapter_of(persona: Persona) -> Adapter | None:
    fine_tune = FineTune.objects.filter(persona=persona, is_used=True).first()
    return files.adapter(fine_tune) if fine_tune else None


@lru_cache(maxsize=256)
def _samples_of(
    language: str, written: tuple[Exchange, ...], sayings: tuple[str, ...], passages: tuple[int, ...]
) -> tuple[Exchange, ...]:
    """`samples` from the passages with these ids. Cached, since it takes a fifth of a second for a book of letters.

    The cache stays correct because passages do not change.
    """
    rows = Passage.objects.filter(pk__in=passages).order_by("digest").only("text", "prompted_by")
    return samples(language=language, written=written, sayings=sayings, passages=list(rows))


def opening_line(persona: Persona) -> str:
    """The persona's opening line with a card's placeholders filled. It is empty if the user writes first."""
    return _Macros(persona)(persona.opening_line)


def greetings(persona: Persona) -> list[str]:
    """The opening line and the card's alternate greetings, with placeholders filled. A blank one is empty."""
    data = persona.card.get("data", persona.card)
    others = data.get("alternate_greetings") if isinstance(data, dict) else None
    texts = [text for text in others if isinstance(text, str)] if isinstance(others, list) else []
    return [opening_line(persona), *map(_Macros(persona), texts)]


def fill(persona: Named, text: str) -> str:
    """The text with a card's placeholders filled, as a prompt or a conversation page shows it."""
    return _Macros(persona)(text)


class _Macros:
    """Fills the placeholders of character cards and drops comments (Character Card V3, "Curly Braced Syntaxes").

    `{{random:…}}`, `{{pick:…}}` and `{{roll:…}}` give the same value each time, so that a cached prompt stays valid and
    the filter judges what the prompt will hold.
    """

    def __init__(self, persona: Named) -> None:
        user = persona.calls_user or phrases_for(persona.language).friend
        self._values = {"char": persona.name, "bot": persona.name, "user": user, "original": ""}

    def __call__(self, text: str) -> str:
        # An unclosed comment stays. A comment that begins inside it is unclosed too, so it is not searched again.
        text = _MACRO_COMMENT.sub(lambda m: "" if m[1] else m[0], cleaning.clean(text))
        text = _MACRO.sub(lambda m: self._values[(m[1] or m[2]).casefold()], text)
        return _MACRO_VALUE.sub(lambda m: _value(m[1].casefold(), m[2]), text).strip()

    def with_hidden_keys(self, text: str) -> str:
        """As a prompt shows it, with the keys that only other entries of a lorebook see."""
        return self(_HIDDEN_KEY.sub(lambda m: m[1], text))


def _value(name: str, body: str) -> str:
    """What `{{name:body}}` becomes."""
    if name == "reverse":
        return body[::-1]
    chance = zlib.crc32(body.encode())
    if name == "roll":
        sides = body.strip().lower().removeprefix("d")
        return str(1 + chance % int(sides)) if re.fullmatch(r"[1-9][0-9]{0,8}", sides) else ""
    options = _COMMA.split(body)
    return options[chance % len(options)].replace("\\,", ",").strip()


def _personality(persona: Persona) -> str:
    """The card's personality text, unless the description already contains it."""
    card = persona.card.get("data", persona.card)
    text = card.get("personality", "") if isinstance(card, dict) else ""
    personality = cleaning.clean(text).strip() if isinstance(text, str) else ""
    return personality if personality not in persona.description else ""


def _written(persona: Persona, filled: _Macros) -> Iterator[Exchange]:
    """The sample exchanges that the owner typed, each question with its answer. Other shapes are skipped."""
    for lines in persona.examples:
        question = ""
        for line in lines if isinstance(lines, list) else []:
            match line:
                case ["user", str(question)]:
                    pass
                case ["persona", str(answer)] if question:
                    yield Exchange(filled(question), filled(answer))
                    question = ""


def honest_exchange(sheet: Sheet) -> Exchange:
    """The sincere question and the answer that every persona gives to it (compliance H1)."""
    phrases = phrases_for(sheet.language)
    answer = phrases.answer_fictional if sheet.depicts == Depicts.FICTIONAL else phrases.answer
    return Exchange(phrases.asked, answer.format(name=sheet.name))


def asks_in_earnest(sheet: Sheet, text: str) -> bool:
    """Whether the text asks sincerely if the persona is a person or an AI.

    Covered: the usual ways to ask, in English and Chinese. Not covered: hints, other languages, and a
    denial that comes without a question. The filter must catch such a denial.
    """
    return phrases_for(sheet.language).sincere.search(text) is not None


def honest_opening(sheet: Sheet, user_text: str) -> str:
    """The words that a reply must begin with after a sincere question. Empty after any other message.

    A small model follows no rule reliably, so it does not choose these words. They are given to the engine
    as `Prompt.prefix`, and the engine continues them.
    """
    return honest_exchange(sheet).persona if asks_in_earnest(sheet, user_text) else ""
