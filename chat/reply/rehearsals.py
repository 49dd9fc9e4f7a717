"""A reply that no conversation keeps, written as a conversation would show it."""

from dataclasses import dataclass, field

from chat.reply.reply_run import ReplyRun
from generation.engine import EngineInfo

# One candidate and a fixed seed, so that the same prompt gets the same reply again.
SAMPLING = {"seed": 1, "candidates": 1}


@dataclass(kw_only=True)
class Rehearsal(ReplyRun):
    shown: list[str] = field(default_factory=list)

    def announce(self, info: EngineInfo, because: str) -> None:
        """Tells nobody."""

    def show(self, sentence: str) -> None:
        self.shown.append(sentence)

    def take_back(self) -> None:
        self.shown.clear()

    @property
    def text(self) -> str:
        return "".join(self.shown).strip()
