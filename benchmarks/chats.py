"""The chats of benchmarks/generation.py: the questions to Samantha, and the prompt that the product would build."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from generation.engine import EngineInfo, Prompt, Sampling
from personas.prompting import prompt, prompt_sheet

QUESTIONS = (
    "Good evening. How was your day?",
    "What do you like to think about when it is quiet?",
    "Tell me something that you remember well.",
    "And what would you ask me?",
    "I planted beans this morning. What grows where you are?",
    "What would you cook for a friend?",
    "Which book did you like as a child?",
    "Is there a song that you hum?",
    "What makes you laugh?",
    "Do you like the rain?",
    "What will you do tomorrow?",
    "Good night, then. Any last word?",
)


@dataclass(frozen=True)
class Turn:
    speaker: str
    text: str


@dataclass
class Chat:
    """One person's conversation and its next turns."""

    person: int
    sheet: prompt_sheet.Sheet
    info: EngineInfo
    count: Callable[[str], int]
    turns: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ask()

    @property
    def turn(self) -> int:
        return len(self.turns) // 2 + 1

    @property
    def question(self) -> str:
        # Every person asks different questions. So only the persona's beginning is shared, as in real use.
        return QUESTIONS[(self.person + self.turn - 1) % len(QUESTIONS)]

    @property
    def sampling(self) -> Sampling:
        return replace(prompt.sampling(self.sheet, self.info), seed=100 * self.person + self.turn)

    @property
    def prompt(self) -> Prompt:
        return prompt.build(
            sheet=self.sheet, memories=(), turns=self.turns, info=self.info, max_tokens=self.sampling.max_tokens,
            count=self.count,
        )  # fmt: skip

    def answered(self, text: str) -> None:
        self.turns.append(Turn(speaker="persona", text=text.strip()))
        self._ask()

    def _ask(self) -> None:
        self.turns.append(Turn(speaker="user", text=self.question))
