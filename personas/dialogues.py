"""Written dialogues as training and measurement read them (generation/dialogues/README.md)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from personas import prompt
from personas.prompt import Line
from personas.prompt_sheet import Sheet
from personas.samples import Exchange
from text import scripts

FOLDER = Path(__file__).parent.parent / "generation" / "dialogues"
_HELD_OUT = "held_out_"  # files whose names begin so are for measuring only
_NOBODY = {"Friend", "朋友"}  # a user without a name; the prompt then has its own word


@dataclass(frozen=True)
class Dialogue:
    sheet: Sheet
    turns: tuple[Line, ...]


def learnt_files() -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.jsonl")) if not path.name.startswith(_HELD_OUT)]


def held_out_files() -> list[Path]:
    return sorted(FOLDER.glob(f"{_HELD_OUT}*.jsonl"))


def read(path: Path) -> list[Dialogue]:
    """Raises OSError, or ValueError that names the line."""
    dialogues = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            sheet = Sheet(
                name=row["persona"],
                description=row["intro"],
                calls_user="" if row["user"] in _NOBODY else row["user"],
                language="zh" if scripts.is_mostly_han(row["intro"]) else "en",
                exchanges=tuple(Exchange(user, persona) for user, persona in row["samples"]),
                has_own_words=True,
            )
            dialogues.append(Dialogue(sheet, tuple(Line(speaker, text) for speaker, text in row["turns"])))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path.name}, line {number}: {type(error).__name__}: {error}") from None
    return dialogues


def pieces(dialogue: Dialogue) -> list[tuple[str, bool]]:
    """The dialogue in the transcript form; True marks the persona's words."""
    return prompt.transcript(dialogue.sheet, dialogue.turns)


def split(dialogues: Iterable[Dialogue], *, share: int = 24) -> tuple[list[Dialogue], list[Dialogue]]:
    """Dialogues to learn from, and those of every `share`-th persona, which are kept apart."""
    dialogues = list(dialogues)
    names = sorted({dialogue.sheet.name for dialogue in dialogues})
    apart = set(names[share // 2 :: share])
    return (
        [dialogue for dialogue in dialogues if dialogue.sheet.name not in apart],
        [dialogue for dialogue in dialogues if dialogue.sheet.name in apart],
    )
