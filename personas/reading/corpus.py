"""Turns utterances into passages: the persona's own words in cleaned pieces that fit a prompt, without repeats.

The words of other people are dropped, except the words that the persona answered.
"""

import hashlib
import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from personas.importers.base import Utterance
from text import graphemes
from text.scripts import wide_characters
from text.sentences import ends

PASSAGE = 600  # characters of a passage, about 150 tokens; Chinese, Japanese and Korean count three times
PROMPTED_BY = 300  # characters of the message before a passage
MOST_PASSAGES = 20_000  # of one source
EARLIER = gettext_noop("passages before the newest 20,000 of the file")
_MONOLOGUE = 20  # characters: a shorter piece of a letter is a greeting or a remnant
_BEFORE = 50  # utterances before a turn that it may answer
_TURN_GAP = 30 * 60  # seconds; after a longer pause a new turn begins

_BLANK = re.compile(r"[ \t\u00a0\u3000]+")
_LETTER = re.compile(r"[^\W\d_]")
_LINK = re.compile(r"https?://\S+|www\.\S+")


@dataclass(frozen=True)
class Piece:
    text: str
    prompted_by: str
    source_ref: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, with case and blanks folded. Passages with the same digest are stored once."""
        return hashlib.sha256(" ".join(self.text.split()).casefold().encode()).hexdigest()


def pieces(utterances: Iterable[tuple[Utterance, bool]], *, left_out: Counter[str] | None = None) -> Iterator[Piece]:
    """Passages from (utterance, is_persona) pairs, in order, without repeats: the last MOST_PASSAGES of the file.

    They come when all utterances have been read. `left_out` counts the earlier ones.
    """
    newest: dict[str, Piece] = {}
    for turn in _turns(utterances):
        for piece in turn.pieces():
            if newest.setdefault(piece.digest, piece) is piece and len(newest) > MOST_PASSAGES:
                del newest[next(iter(newest))]
                if left_out is not None:
                    left_out[EARLIER] += 1
    yield from newest.values()


def addressed(
    utterances: Iterable[tuple[Utterance, bool]], *, own_names: Collection[str]
) -> Iterator[tuple[Utterance, bool]]:
    """Leaves out what third persons said before the persona spoke, if the owner said something too.

    So in a group, a passage follows the owner's words where there are any, and those of others only where not.
    """
    before: deque[tuple[Utterance, bool]] = deque(maxlen=_BEFORE)
    for pair in utterances:
        if not pair[1]:
            before.append(pair)
            continue
        own = [other for other in before if other[0].speaker in own_names]
        yield from own or before
        before.clear()
        yield pair
    yield from before


@dataclass
class _Turn:
    """Consecutive utterances of the persona, and the message that they answer."""

    prompted_by: str
    utterances: list[Utterance] = field(default_factory=list)
    length: int = 0  # characters

    def add(self, utterance: Utterance) -> None:
        self.utterances.append(utterance)
        self.length += len(utterance.text)

    def goes_on_with(self, utterance: Utterance) -> bool:
        last, now = self.utterances[-1].sent_at, utterance.sent_at
        is_soon = last is None or now is None or abs((now - last).total_seconds()) <= _TURN_GAP
        return is_soon and self.length < PASSAGE

    def pieces(self) -> Iterator[Piece]:
        if not self.utterances:
            return
        least = 2 if self.utterances[0].speaker else _MONOLOGUE
        texts = split("\n".join(filter(None, (clean(utterance.text) for utterance in self.utterances))))
        for number, text in enumerate(texts):
            if _worth(text) >= least:
                yield Piece(text, self.prompted_by if number == 0 else "", self.utterances[0].source_ref)


def _turns(utterances: Iterable[tuple[Utterance, bool]]) -> Iterator[_Turn]:
    prompt = ""
    turn = _Turn("")
    for utterance, is_persona in utterances:
        if not is_persona:
            yield turn
            prompt = graphemes.ending(f"{prompt}\n{clean(utterance.text)}".strip(), PROMPTED_BY)
            turn = _Turn(prompt)
            continue
        # A named author takes part in a talk. An unnamed author writes paragraphs, and each of them stands alone.
        if turn.utterances and not (utterance.speaker and turn.goes_on_with(utterance)):
            yield turn
            turn = _Turn("")
        turn.add(utterance)
        prompt = ""
    yield turn


def clean(text: str) -> str:
    """The text without links and superfluous blanks. Line breaks stay."""
    lines = (_BLANK.sub(" ", line).strip() for line in _LINK.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def split(text: str) -> list[str]:
    """Pieces of at most PASSAGE characters, cut between sentences if possible."""
    if _length(text) <= PASSAGE:
        return [text] if text else []
    passages: list[str] = []
    current, length = "", 0
    for sentence in _sentences(text):
        added = _length(sentence)
        if current and length + added > PASSAGE:
            passages.append(current.strip())
            current, length = "", 0
        current += sentence
        length += added
    return [*passages, current.strip()] if current.strip() else passages


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in ends(text):
        remaining = _length(text[start:end])
        while remaining > PASSAGE:
            piece = text[start : min(start + PASSAGE, end)]
            cut = PASSAGE // 3 if wide_characters(piece) else PASSAGE
            space = piece.rfind(" ", cut // 2, cut)
            piece = graphemes.beginning(piece, space + 1 if space > 0 else cut)
            yield piece
            start += len(piece)
            remaining -= _length(piece)
        if start < end:
            yield text[start:end]
        start = end


def _length(text: str) -> int:
    return len(text) + 2 * wide_characters(text)


def _worth(text: str) -> int:
    return _length(text) if _LETTER.search(text) else 0
