"""Utterances -> passages: the persona's own words in pieces that fit a prompt, cleaned, one of each.

What other people said is dropped, but for the words that the persona answered.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from personas.importers.base import Utterance
from text import graphemes
from text.scripts import wide_characters
from text.sentences import ends

PASSAGE = 600  # characters of a passage, about 150 tokens; Chinese, Japanese and Korean count three times
PROMPTED_BY = 300  # characters of what came before
MOST_PASSAGES = 20_000  # of one source
_MONOLOGUE = 20  # characters: a shorter piece of a letter is a greeting or a remnant
_TURN_GAP = 30 * 60  # seconds after which a person begins anew

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
        """SHA-256 of the text without regard to case and blanks: the same words twice are kept once."""
        return hashlib.sha256(" ".join(self.text.split()).casefold().encode()).hexdigest()


def pieces(utterances: Iterable[tuple[Utterance, bool]]) -> Iterator[Piece]:
    """Passages from (utterance, whether it is the persona's), in order and each once, at most MOST_PASSAGES."""
    seen: set[str] = set()
    for turn in _turns(utterances):
        for piece in turn.pieces():
            if piece.digest not in seen and len(seen) < MOST_PASSAGES:
                seen.add(piece.digest)
                yield piece


@dataclass
class _Turn:
    """What the persona said without being interrupted, and what it answered."""

    prompted_by: str
    said: list[Utterance] = field(default_factory=list)
    length: int = 0  # characters

    def add(self, utterance: Utterance) -> None:
        self.said.append(utterance)
        self.length += len(utterance.text)

    def goes_on_with(self, utterance: Utterance) -> bool:
        last, now = self.said[-1].sent_at, utterance.sent_at
        is_soon = last is None or now is None or abs((now - last).total_seconds()) <= _TURN_GAP
        return is_soon and self.length < PASSAGE

    def pieces(self) -> Iterator[Piece]:
        if not self.said:
            return
        least = 2 if self.said[0].speaker else _MONOLOGUE
        texts = split("\n".join(filter(None, (clean(one.text) for one in self.said))))
        for number, text in enumerate(texts):
            if _worth(text) >= least:
                yield Piece(text, self.prompted_by if number == 0 else "", self.said[0].source_ref)


def _turns(utterances: Iterable[tuple[Utterance, bool]]) -> Iterator[_Turn]:
    heard = ""
    turn = _Turn("")
    for utterance, is_persona in utterances:
        if not is_persona:
            yield turn
            heard = graphemes.ending(f"{heard}\n{clean(utterance.text)}".strip(), PROMPTED_BY)
            turn = _Turn(heard)
            continue
        # A named author is a voice in a talk; an unnamed one writes paragraphs, each of which stands alone.
        if turn.said and not (utterance.speaker and turn.goes_on_with(utterance)):
            yield turn
            turn = _Turn("")
        turn.add(utterance)
        heard = ""
    yield turn


def clean(text: str) -> str:
    """Without links and superfluous blanks; line breaks stay."""
    lines = (_BLANK.sub(" ", line).strip() for line in _LINK.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def split(text: str) -> list[str]:
    """Pieces of at most PASSAGE characters, cut between sentences where there are any."""
    if _length(text) <= PASSAGE:
        return [text] if text else []
    found: list[str] = []
    current, length = "", 0
    for sentence in _sentences(text):
        added = _length(sentence)
        if current and length + added > PASSAGE:
            found.append(current.strip())
            current, length = "", 0
        current += sentence
        length += added
    return [*found, current.strip()] if current.strip() else found


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in ends(text):
        left = _length(text[start:end])
        while left > PASSAGE:
            piece = text[start : min(start + PASSAGE, end)]
            cut = PASSAGE // 3 if wide_characters(piece) else PASSAGE
            space = piece.rfind(" ", cut // 2, cut)
            piece = graphemes.beginning(piece, space + 1 if space > 0 else cut)
            yield piece
            start += len(piece)
            left -= _length(piece)
        if start < end:
            yield text[start:end]
        start = end


def _length(text: str) -> int:
    return len(text) + 2 * wide_characters(text)


def _worth(text: str) -> int:
    return _length(text) if _LETTER.search(text) else 0
