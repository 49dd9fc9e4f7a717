"""The sample exchanges of a prompt: a few short questions and answers that show how a persona writes.

Samples come, in this order, from exchanges that a person wrote, from real exchanges in a chat, from sample
sayings, and from sentences of letters. Nobody asked for a saying or a sentence, so it is given a natural question
that it answers (`phrases.Cue`): "How is your health?" before a sentence about a cold. Each question is used once,
so the samples read as one talk.

Everything is pure and deterministic: the same words always give the same samples.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from personas.prompting.phrases import Phrases, is_chinese, phrases_for
from text.scripts import is_mostly_han
from text.sentences import split

EXCHANGES = 10  # in a sheet; a prompt takes as many of them as a quarter of its room holds

_UNFIT = re.compile(r"https?://|www\.|\S@\S|\d{5,}|[{}<>|\\_*\[\]]|^\W*$")
_LETTER = re.compile(r"[^\W\d_]")
_PROPER = re.compile(r"(?<=[\w,;] )(?!I\b)[A-Z][a-z]+")


@dataclass(frozen=True)
class Exchange:
    """A message to the persona and its answer."""

    user: str
    persona: str


class Prompted(Protocol):
    """Words of a persona and the message before them, as `Passage` has them."""

    text: str
    prompted_by: str


def samples(
    *,
    language: str,
    written: Iterable[Exchange] = (),
    sayings: Iterable[str] = (),
    passages: Sequence[Prompted] = (),
) -> tuple[Exchange, ...]:
    """At most EXCHANGES samples, the most telling first. Pure; `passages` in any order."""
    phrases = phrases_for(language)
    # A persona answers questions about being real only in our words: see `prompt_sheet.honest_exchange`.
    real = [
        exchange
        for exchange in [*written, *_from_chat(passages, language, phrases)]
        if not phrases.sincere.search(exchange.user)
    ]
    candidates = [
        *(real or [Exchange(*exchange) for exchange in phrases.small_talk]),
        *_with_questions(sayings, phrases, anything=() if real else phrases.anything),
        *answers(language=language, passages=passages),
    ]
    return tuple(islice(_distinct(candidates), EXCHANGES))


def answers(*, language: str, passages: Sequence[Prompted], repeat: int = 1) -> list[Exchange]:
    """Sentences of letters with the questions that they answer, the most telling first.

    Each question is asked at most `repeat` times.
    """
    phrases = phrases_for(language)
    plain = [passage.text for passage in passages if not _UNFIT.search(passage.text)]
    sentences = sorted(
        (s for text in plain for s in _sentences(text) if _is_fit(s, language)),
        key=lambda s: (-_worth(s, phrases), s),
    )
    return list(_with_questions(sentences, phrases, repeat))


def _from_chat(passages: Iterable[Prompted], language: str, phrases: Phrases) -> list[Exchange]:
    """Real exchanges of a chat, the most telling first."""
    exchanges = [
        Exchange(passage.prompted_by.strip(), passage.text.strip())
        for passage in passages
        if passage.prompted_by and _is_fit(passage.text, language) and _is_fit(passage.prompted_by, language, least=4)
    ]
    return sorted(exchanges, key=lambda e: (-_worth(e.persona, phrases), e.persona))


def _with_questions(
    sentences: Iterable[str], phrases: Phrases, repeat: int = 1, anything: Sequence[str] = ()
) -> Iterator[Exchange]:
    """Each sentence with a question that it answers. No question is used more than `repeat` times.

    `anything` holds questions that any sentence answers. They are used for sentences that match no cue.
    """
    uses: Counter[str] = Counter()
    for sentence in sentences:
        questions = [cue.question for cue in phrases.cues if cue.pattern.search(sentence)]
        question = next((q for q in [*questions, *anything] if uses[q] < repeat), None)
        if question:
            uses[question] += 1
            yield Exchange(question, sentence)


def _sentences(text: str) -> Iterator[str]:
    for raw in split(text):
        sentence = raw.strip(" \t\n-–—\"'“”‘’")
        if sentence and not sentence[0].islower():
            yield sentence


def _is_fit(text: str, language: str, least: int = 12) -> bool:
    """Whether a text is long enough to show a voice, short enough for a sample, in the right script, and plain."""
    length = len(text.strip())
    wide = is_chinese(language)
    if not (least // 2 if wide else least) <= length <= (80 if wide else 220) or _UNFIT.search(text):
        return False
    if not phrases_for(language).spoken.search(text):
        return False
    return is_mostly_han(text) == wide


def _worth(text: str, phrases: Phrases) -> float:
    """How well a line shows its speaker.

    A line scores higher if it uses the first person, has a good length, stands alone and holds few names.
    """
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
    """Drops an exchange whose question or answer repeats that of an earlier exchange."""
    earlier: list[tuple[Exchange, frozenset[str]]] = []
    for exchange in exchanges:
        grams = _trigrams(exchange.persona)
        if not grams or any(
            exchange.user.casefold() == other.user.casefold()
            or len(grams & other_grams) > 0.5 * min(len(grams), len(other_grams))
            for other, other_grams in earlier
        ):
            continue
        earlier.append((exchange, grams))
        yield exchange


def _trigrams(text: str) -> frozenset[str]:
    folded = "".join(_LETTER.findall(text.casefold()))
    return frozenset(folded[i : i + 3] for i in range(max(len(folded) - 2, 0)))
