"""Written dialogues as training and measurement read them (generation/dialogues/README.md)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from personas.prompting import prompt
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet
from personas.prompting.samples import Exchange
from text import scripts

FOLDER = Path(__file__).parents[2] / "generation" / "dialogues"
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


class Row(BaseModel):
    """A line of a file. A field that is not known here is ignored."""

    persona: str = Field(min_length=1)
    user: str = ""
    intro: str = Field(min_length=1)
    samples: list[tuple[str, str]]
    turns: list[tuple[Literal["user", "persona"], str]] = Field(min_length=1)

    def dialogue(self) -> Dialogue:
        sheet = Sheet(
            name=self.persona,
            description=self.intro,
            calls_user="" if self.user in _NOBODY else self.user,
            language="zh" if scripts.is_mostly_han(self.intro) else "en",
            exchanges=tuple(Exchange(user, persona) for user, persona in self.samples),
            has_own_words=True,
        )
        return Dialogue(sheet, tuple(Line(speaker, text) for speaker, text in self.turns))


def read(path: Path) -> list[Dialogue]:
    """Empty lines are skipped. Raises OSError, or ValueError that names the line and the field."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # a text may hold other marks that end lines
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not text in UTF-8.") from None
    return [_dialogue(path.name, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _dialogue(file: str, number: int, line: str) -> Dialogue:
    try:
        return Row.model_validate_json(line).dialogue()
    except ValidationError as error:
        first = error.errors()[0]
        place = " → ".join(str(part) for part in first["loc"])
        raise ValueError(f"{file}, line {number}{place and ', '}{place}: {first['msg']}.") from None


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
