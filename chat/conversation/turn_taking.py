"""Decides which persona of a group speaks next: `next_speaker`. Pure and deterministic.

After each message of the person, the personas speak one after another, each at most once:

1. The personas that the message addresses speak first, in the order of their names. “Ada, what do you say?” addresses
   Ada; “all of you” addresses everybody.
2. A message that addresses nobody is answered by the persona with the most to say.
3. A persona that another one addresses answers it.
4. After a message that addressed nobody, a further persona joins in if it has enough to say. If not, it passes.

It is the person's turn when nobody has a reason to speak, and after MOST_REPLIES replies, or as many as were addressed.

A name addresses its persona if it stands apart: at the beginning or the end of a sentence, and set off by a mark. If no
name stands apart, a name that is only mentioned counts. One word of a name is enough if no other name of the group has
it. Covered: English and Chinese. Not covered: nicknames and pronouns.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from text.scripts import HAN

MOST_REPLIES = 3  # to a message that does not address more personas

# What a persona has to say is the sum of the closeness of the newest words to its own, and of these.
_ASKED = 0.3  # it asked the question that the person answers
_RESTED = 0.2  # the personas have spoken _REST times since it spoke; a share of it for fewer times
_REST = 4
# A persona joins in if it has at least _LEAST to say. A draw adds up to _DRAW to that.
_LEAST, _DRAW = 0.35, 0.4

_TITLES = frozenset(
    ("dr", "mr", "mrs", "ms", "miss", "sir", "lord", "lady", "prof", "professor", "saint", "the", "copy")
)
_NAME_WORD = re.compile(r"\w[\w'’-]+")
_ALL = re.compile(
    r"\b(?:(?:all|both|each) of you|you (?:all|both|two|three|four|five|six|guys)|y'all)\b"
    "|[你妳您](?:们|們|俩|倆)|大家|[各诸諸两兩几幾]位",
    re.IGNORECASE,
)
_ALL_APART = re.compile(r"\b(?:every(?:one|body)|all|guys|folks|friends)\b", re.IGNORECASE)
_MARKS = ',.;:!?…，。；：！？、—–@“”"'
_OPENING_WORDS = frozenset(
    ("hi", "hello", "hey", "dear", "oh", "and", "or", "yes", "no", "ok", "okay", "so", "well", "but", "then")
) | {"thanks", "you", "morning", "evening", "night", "和", "跟", "与", "與", "还有", "還有"}
_JOINS = re.compile(r"(?:and|or)\b|[&和跟与與]", re.IGNORECASE)


@dataclass(frozen=True)
class Voice:
    """A persona that may speak."""

    id: UUID
    name: str
    interest: float  # how near the newest words are to its own: about 0 unrelated, 1 the same
    chance: float  # drawn for this turn, from 0 up to 1: the higher, the more it must have to say to join in


@dataclass(frozen=True)
class Line:
    """A turn of the talk. `speaker`: the persona, or None for the person."""

    speaker: UUID | None
    text: str


def next_speaker(voices: Sequence[Voice], talk: Sequence[Line]) -> UUID | None:
    """The persona that speaks after the talk, oldest turn first. None: it is the person's turn."""
    asked_at = next((at for at in reversed(range(len(talk))) if talk[at].speaker is None), None)
    if asked_at is None:
        return None
    message, replies = talk[asked_at], talk[asked_at + 1 :]
    spoken = {reply.speaker for reply in replies}
    eager = sorted(voices, key=lambda voice: -_to_say(voice, talk, asked_at))
    fresh = [voice for voice in eager if voice.id not in spoken]
    called = eager if _is_to_all(message.text) else _named(message.text, eager)
    if waiting := [voice for voice in called if voice in fresh]:
        return waiting[0].id
    if not replies:
        return fresh[0].id if fresh else None
    if len(replies) >= MOST_REPLIES:
        return None
    if answering := _named(replies[-1].text, fresh):
        return answering[0].id
    joining = [] if called else [v for v in fresh if _to_say(v, talk, asked_at) >= _LEAST + _DRAW * v.chance]
    return joining[0].id if joining else None


def _to_say(voice: Voice, talk: Sequence[Line], asked_at: int) -> float:
    before = talk[asked_at - 1] if asked_at else None
    has_asked = before is not None and before.speaker == voice.id and before.text.rstrip().endswith(("?", "？"))
    lines = [line.speaker for line in talk if line.speaker is not None][::-1]
    rest = lines.index(voice.id) if voice.id in lines else _REST
    return voice.interest + _ASKED * has_asked + _RESTED * min(rest, _REST) / _REST


def _is_to_all(text: str) -> bool:
    return _ALL.search(text) is not None or any(_stands_apart(text, m.span()) for m in _ALL_APART.finditer(text))


def _named(text: str, voices: Sequence[Voice]) -> list[Voice]:
    """The personas that the text addresses by name, in the order of the names; if it addresses none, those it names."""
    apart: dict[Voice, int] = {}
    mentioned: dict[Voice, int] = {}
    for voice in voices:
        for match in _pattern(voice, voices).finditer(text):
            if _stands_apart(text, match.span()):
                apart.setdefault(voice, match.start())
            elif match[0] in voice.name:  # written as the name is: “may” is no mention of May
                mentioned.setdefault(voice, match.start())
    positions = apart or mentioned
    return sorted(positions, key=positions.__getitem__)


def _pattern(voice: Voice, voices: Sequence[Voice]) -> re.Pattern[str]:
    """The name, and each word of it that tells the persona from the others."""
    others = {word for other in voices if other is not voice for word in _words(other.name)}
    forms = sorted({voice.name, *(_words(voice.name) - others)}, key=len, reverse=True)
    return re.compile("|".join(map(_form, forms)), re.IGNORECASE)


def _words(name: str) -> set[str]:
    words = _NAME_WORD.findall(name)
    return {word for word in words if word.casefold() not in _TITLES and not word.islower() and len(word) > 2}


def _form(name: str) -> str:
    """A name stands between other words; a Chinese one has no spaces around it."""
    return re.escape(name) if re.search(f"[{HAN}]", name) else rf"(?<!\w){re.escape(name)}(?!\w)"


def _stands_apart(text: str, span: tuple[int, int]) -> bool:
    before, after = text[max(span[0] - 40, 0) : span[0]].rstrip(" "), text[span[1] : span[1] + 40].lstrip(" ")
    opens = (
        not before or before[-1] in _MARKS or before[-1].isspace() or before.split()[-1].casefold() in _OPENING_WORDS
    )
    closes = not after or after[0] in _MARKS or after[0].isspace() or _JOINS.match(after) is not None
    return opens and closes
