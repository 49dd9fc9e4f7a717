"""Who speaks in the files of a draft, over all files together, and who of them is the persona and who its owner.

A name that is written a little differently ("Uncle Teo", "uncle teo ", "~Uncle Teo") is one speaker. Other names of the
same person become one by the choice: whoever is marked as the persona speaks for it. Without a choice, a guess counts.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from django.db import models
from django.utils.translation import gettext_lazy

from accounts.models import User
from personas.importers.cards.character_card import USER
from personas.models import Draft, DraftFile, DraftFileStatus

UNNAMED = ""  # the author of a letter or a diary
_MARKS = re.compile(r"[^\w\s@.+-]")
_BLANK = re.compile(r"\s+")
_SAMPLES = 3
# What exports call the person who made them.
_MYSELF = frozenset(
    {"me", "you", "myself", "ich", "du", "moi", "vous", "yo", "tú", "我", "你", "自己", "я", "вы", "나"}
)


class Role(models.TextChoices):
    PERSONA = "persona", gettext_lazy("The persona")
    OWNER = "owner", gettext_lazy("Me")
    OTHER = "other", gettext_lazy("Somebody else")


@dataclass
class Speaker:
    """Somebody who speaks under one or several spellings of a name."""

    key: str
    lines: Counter[str] = field(default_factory=Counter)  # by spelling
    samples: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    role: Role = Role.OTHER
    is_chosen: bool = False

    @property
    def name(self) -> str:
        return self.lines.most_common(1)[0][0]

    @property
    def spellings(self) -> list[str]:
        return [spelling for spelling, _ in self.lines.most_common()]

    @property
    def count(self) -> int:
        return self.lines.total()


@dataclass(frozen=True)
class Voices:
    """The names in one file that are the persona's, the most lines first, and its owner's."""

    persona: tuple[str, ...]
    owner: tuple[str, ...]


def key_of(name: str) -> str:
    """The same for all spellings of a name, short, and fit for the name of a form's field."""
    folded = _BLANK.sub(" ", _MARKS.sub("", unicodedata.normalize("NFKC", name).casefold())).strip()
    return sha256((folded or name).encode()).hexdigest()[:16]


def of(draft: Draft) -> list[Speaker]:
    """The speakers of all files that are read, the most lines first, each with its role. A card has no choice."""
    speakers: dict[str, Speaker] = {}
    for file in draft.files.filter(status=DraftFileStatus.READY).exclude(format="character-card"):
        for spelling, count in file.report["speakers"].items():
            speaker = speakers.setdefault(key_of(spelling), Speaker(key_of(spelling)))
            speaker.lines[spelling] += count
            speaker.files.add(file.name)
            more = [text for text in file.samples.get(spelling, []) if text not in speaker.samples]
            speaker.samples += more[: _SAMPLES - len(speaker.samples)]
    ordered = sorted(speakers.values(), key=lambda speaker: -speaker.count)
    _assign(ordered, draft)
    return ordered


def choose(draft: Draft, roles: Mapping[str, str]) -> None:
    """Keeps who is who, by the key of each speaker. What names no role or no speaker is ignored.

    Roles that are all as the page showed them are no choice. So a name that is typed later can still lead the guess.
    """
    shown = {speaker.key: str(speaker.role) for speaker in of(draft)}
    chosen = {key: role for key, role in roles.items() if key in shown and role in Role.values}
    if any(role != shown[key] for key, role in chosen.items()):
        draft.roles = draft.roles | chosen
        draft.save(update_fields=["roles", "updated_at"])


def voices(file: DraftFile, speakers: Iterable[Speaker]) -> Voices:
    """Whose words are whose in a file. A card has one voice, that of its character."""
    names = file.report["speakers"]
    if file.format == "character-card":
        return Voices(tuple(name for name in names if name != USER)[:1], ())
    roles = {speaker.key: speaker.role for speaker in speakers}

    def named(role: Role) -> tuple[str, ...]:
        return tuple(name for name in names if roles.get(key_of(name)) == role)

    return Voices(named(Role.PERSONA), named(Role.OWNER))


def _assign(speakers: list[Speaker], draft: Draft) -> None:
    """Sets the roles: as chosen, or else as guessed."""
    for speaker in speakers:
        speaker.is_chosen = speaker.key in draft.roles
        speaker.role = Role(draft.roles[speaker.key]) if speaker.is_chosen else Role.OTHER
    undecided = [speaker for speaker in speakers if not speaker.is_chosen]
    for speaker in undecided:
        if speaker.name == UNNAMED:
            speaker.role = Role.PERSONA
        elif _is_owner(speaker, draft.owner):
            speaker.role = Role.OWNER
    named = [speaker for speaker in speakers if speaker.name != UNNAMED]
    if not any(speaker.role == Role.PERSONA for speaker in named):
        for speaker in _likely_personas(named, str(draft.fields.get("name", ""))):
            speaker.role = Role.PERSONA
    rest = [speaker for speaker in named if _is_free(speaker)]
    if len(named) == 2 and len(rest) == 1 and any(speaker.role == Role.PERSONA for speaker in named):
        rest[0].role = Role.OWNER


def _likely_personas(named: list[Speaker], name: str) -> list[Speaker]:
    """Those with the persona's name, whole or in part, or else the one with the most lines who is not its owner."""
    free = [(speaker, set(speaker.name.casefold().split())) for speaker in named if _is_free(speaker)]
    words = set(name.casefold().split())
    namesakes = [speaker for speaker, own in free if words and (own <= words or words <= own)]
    relatives = [speaker for speaker, own in free if words & own]
    return namesakes or relatives[:1] or [speaker for speaker, _ in free[:1]]


def _is_free(speaker: Speaker) -> bool:
    return speaker.role == Role.OTHER and not speaker.is_chosen


def _is_owner(speaker: Speaker, owner: User) -> bool:
    folded = speaker.name.casefold().strip()
    return folded in _MYSELF or folded == owner.username.casefold()
