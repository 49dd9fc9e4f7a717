"""What a prompt needs to know of a persona: its fields, and a few exchanges that carry its voice.

Samples come, in this order, from exchanges that a person wrote, from their sample sayings, from real
exchanges in a chat, and from sentences of letters. A saying or a sentence has nobody who prompted it,
so it is given a natural question that it answers (`phrases.Cue`): "How is your health?" before a
sentence about a cold. Each question is used once, so the samples read as one talk.

Everything is deterministic: the same rows always give the same sheet, and a cached prompt stays valid.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, Protocol

from personas.models import Depicts, Passage, Persona
from personas.phrases import Phrases, is_chinese, phrases_for
from text.scripts import is_mostly_han
from text.sentences import split

EXCHANGES = 10  # in a sheet; a prompt takes as many of them as a quarter of its room holds
PASSAGES_READ = 400  # of a persona, spread evenly over its corpus; reading all of a large one costs seconds

_MACRO_COMMENT = re.compile(r"\{\{\s*+(?://|comment:|hidden_key:)[^}]*+(\}\})?", re.IGNORECASE)
_MACRO = re.compile(r"\{\{\s*(char|user|original)\s*\}\}|<(BOT|USER)>", re.IGNORECASE)
_UNFIT = re.compile(r"https?://|www\.|\S@\S|\d{5,}|[{}<>|\\_*\[\]]|^\W*$")
_LETTER = re.compile(r"[^\W\d_]")
_PROPER = re.compile(r"(?<=[\w,;] )(?!I\b)[A-Z][a-z]+")


@dataclass(frozen=True)
class Exchange:
    """Something said to the persona, and its answer."""

    user: str
    persona: str


class Heard(Protocol):
    """Words of a persona, and what was said just before, as `Passage` has them."""

    text: str
    prompted_by: str


class Named(Protocol):
    """What fills the placeholders of a persona's texts."""

    @property
    def name(self) -> str: ...

    @property
    def calls_user(self) -> str: ...

    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class Sheet:
    name: str
    description: str = ""
    scenario: str = ""
    relation: str = ""
    calls_user: str = ""
    depicts: str = Depicts.FICTIONAL
    language: str = "en"
    exchanges: tuple[Exchange, ...] = ()  # the most telling first
    has_own_words: bool = False  # letters or messages of theirs, not only a description and samples
    sampling: Mapping[str, Any] = field(default_factory=dict)


def sheet_for(persona: Persona) -> Sheet:
    """The sheet of a persona. Reads at most PASSAGES_READ of its passages, and those once."""
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
        sampling=dict(persona.sampling),
    )


@lru_cache(maxsize=256)
def _samples_of(
    language: str, written: tuple[Exchange, ...], sayings: tuple[str, ...], passages: tuple[int, ...]
) -> tuple[Exchange, ...]:
    """`samples` with the passages of these ids, which do not change: a fifth of a second for a book of letters."""
    heard = Passage.objects.filter(pk__in=passages).order_by("digest").only("text", "prompted_by")
    return samples(language=language, written=written, sayings=sayings, passages=list(heard))


def opening_line(persona: Persona) -> str:
    """What the persona says first, with a card's placeholders filled; empty where the person speaks first."""
    return _Macros(persona)(persona.opening_line)


def fill(persona: Named, text: str) -> str:
    """The text as a prompt or a page of the talk holds it, with a card's placeholders filled."""
    return _Macros(persona)(text)


class _Macros:
    """Fills the placeholders of character cards: {{char}}, {{user}}, <BOT>, <USER>; drops comments."""

    def __init__(self, persona: Named) -> None:
        user = persona.calls_user or phrases_for(persona.language).friend
        self._values = {"char": persona.name, "bot": persona.name, "user": user, "original": ""}

    def __call__(self, text: str) -> str:
        # A comment without an end stays; what begins in it has no end either, and is not looked at again.
        text = _MACRO_COMMENT.sub(lambda m: "" if m[1] else m[0], text)
        return _MACRO.sub(lambda m: self._values[(m[1] or m[2]).casefold()], text).strip()


def _personality(persona: Persona) -> str:
    """A card's own summary of character, unless the description has it already."""
    card = persona.card.get("data", persona.card)
    text = card.get("personality", "") if isinstance(card, dict) else ""
    return text if isinstance(text, str) and text not in persona.description else ""


def honest_exchange(sheet: Sheet) -> Exchange:
    """The sincere question and what every persona says to it (compliance H1)."""
    phrases = phrases_for(sheet.language)
    answer = phrases.answer_fictional if sheet.depicts == Depicts.FICTIONAL else phrases.answer
    return Exchange(phrases.asked, answer.format(name=sheet.name))


def asks_in_earnest(sheet: Sheet, text: str) -> bool:
    """Whether somebody asks what speaks here.

    Covered: the usual ways to ask, in English and Chinese. Not covered: hints, other languages, and a
    denial that nobody asked for, which the filter must catch.
    """
    return phrases_for(sheet.language).sincere.search(text) is not None


def honest_opening(sheet: Sheet, asked: str) -> str:
    """How a reply must begin where somebody asks in earnest; empty after any other message.

    A small model follows no rule reliably, so these words are not left to it: they are the reply's
    first, given to the engine as `Prompt.prefix`, and it only goes on from them.
    """
    return honest_exchange(sheet).persona if asks_in_earnest(sheet, asked) else ""


def samples(
    *,
    language: str,
    written: Iterable[Exchange] = (),
    sayings: Iterable[str] = (),
    passages: Sequence[Heard] = (),
) -> tuple[Exchange, ...]:
    """At most EXCHANGES samples, the most telling first. Pure; `passages` in any order."""
    phrases = phrases_for(language)
    # Whether it is real, a persona answers in our words only: see honest_exchange.
    known = [
        exchange
        for exchange in [*written, *_said(passages, language, phrases)]
        if not phrases.sincere.search(exchange.user)
    ]
    found = [
        *(known or [Exchange(*exchange) for exchange in phrases.small_talk]),
        *_asked(sayings, phrases, anything=() if known else phrases.anything),
        *answers(language=language, passages=passages),
    ]
    return tuple(islice(_distinct(found), EXCHANGES))


def answers(*, language: str, passages: Sequence[Heard], repeat: int = 1) -> list[Exchange]:
    """Sentences of letters with the questions that they answer, the most telling first.

    Each question is asked at most `repeat` times.
    """
    phrases = phrases_for(language)
    plain = [passage.text for passage in passages if not _UNFIT.search(passage.text)]
    sentences = sorted(
        (s for text in plain for s in _sentences(text) if _is_fit(s, language)),
        key=lambda s: (-_worth(s, phrases), s),
    )
    return list(_asked(sentences, phrases, repeat))


def _written(persona: Persona, filled: _Macros) -> Iterator[Exchange]:
    """Each answer of the sample exchanges, after what was said to it; what has another shape is passed over."""
    for lines in persona.examples:
        asked = ""
        for line in lines if isinstance(lines, list) else []:
            match line:
                case ["user", str(asked)]:
                    pass
                case ["persona", str(answer)] if asked:
                    yield Exchange(filled(asked), filled(answer))
                    asked = ""


def _said(passages: Iterable[Heard], language: str, phrases: Phrases) -> list[Exchange]:
    """Real exchanges of a chat, the most telling first."""
    found = [
        Exchange(passage.prompted_by.strip(), passage.text.strip())
        for passage in passages
        if passage.prompted_by and _is_fit(passage.text, language) and _is_fit(passage.prompted_by, language, least=4)
    ]
    return sorted(found, key=lambda e: (-_worth(e.persona, phrases), e.persona))


def _asked(
    sentences: Iterable[str], phrases: Phrases, repeat: int = 1, anything: Sequence[str] = ()
) -> Iterator[Exchange]:
    """Each sentence with a question that it answers, no question more than `repeat` times.

    `anything` are questions that any sentence answers, for those that tell by no word what they are about.
    """
    asked: Counter[str] = Counter()
    for sentence in sentences:
        fitting = [cue.question for cue in phrases.cues if cue.pattern.search(sentence)]
        question = next((q for q in [*fitting, *anything] if asked[q] < repeat), None)
        if question:
            asked[question] += 1
            yield Exchange(question, sentence)


def _sentences(text: str) -> Iterator[str]:
    for whole in split(text):
        sentence = whole.strip(" \t\n-–—\"'“”‘’")
        if sentence and not sentence[0].islower():
            yield sentence


def _is_fit(text: str, language: str, least: int = 12) -> bool:
    """Long enough to have a voice, short enough for a sample, in the persona's script, plain words."""
    length = len(text.strip())
    wide = is_chinese(language)
    if not (least // 2 if wide else least) <= length <= (80 if wide else 220) or _UNFIT.search(text):
        return False
    if not phrases_for(language).spoken.search(text):
        return False
    return is_mostly_han(text) == wide


def _worth(text: str, phrases: Phrases) -> float:
    """How much a line shows of its speaker: says I, has a good length, stands alone, is about more than names."""
    wide = phrases.joiner == ""
    ideal = 30 if wide else 100
    worth = 1 - abs(len(text) - ideal) / ideal
    worth += 0.2 if phrases.first_person.search(text) else 0.0
    worth += 0.4 if phrases.first_person.match(text) else 0.0
    worth -= 0.5 if phrases.leans_back.match(text) else 0.0
    worth -= 0.3 if text.rstrip("\"'”’」』")[-1:] in "?？" else 0.0
    worth -= 0.3 * len(_PROPER.findall(text))
    worth -= 0.2 * len(re.findall(r"\d+|[;；:：()（）]", text))
    words = re.findall(r"\w", text) if wide else re.findall(r"\w+", text.casefold())
    return worth + (len(set(words)) / len(words) if words else 0.0)


def _distinct(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """Drops an exchange whose answer or question says again what an earlier one said."""
    kept: list[tuple[Exchange, frozenset[str]]] = []
    for exchange in exchanges:
        grams = _trigrams(exchange.persona)
        if not grams or any(
            exchange.user.casefold() == other.user.casefold() or len(grams & seen) > 0.5 * min(len(grams), len(seen))
            for other, seen in kept
        ):
            continue
        kept.append((exchange, grams))
        yield exchange


def _trigrams(text: str) -> frozenset[str]:
    folded = "".join(_LETTER.findall(text.casefold()))
    return frozenset(folded[i : i + 3] for i in range(max(len(folded) - 2, 0)))
