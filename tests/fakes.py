"""Engines of a few lines, each saying what it proves."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from generation.engine import EngineFailed, EngineInfo, Health, Prompt, PromptTooLong, Sampling, Token, Usage


class ScriptedEngine:
    """Says its words whatever it is asked, after the prefix: proves that callers need nothing but the seam."""

    def __init__(self, words: tuple[str, ...] = ("One", " two", " three"), *, name: str = "scripted") -> None:
        self.words, self.name, self.closed = words, name, False
        self.prompts: list[Prompt] = []

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        if self.count_tokens(prompt.text) > 1000:
            raise PromptTooLong("The prompt is too long.")
        self.prompts.append(prompt)
        said = 0
        for word in self.words[: sampling.max_tokens]:
            if cancelled():
                break
            if any(stop in word for stop in (*prompt.stop, *sampling.stop)):
                break
            said += 1
            yield Token(word, said)
        yield Token("", usage=Usage(len(prompt.text.split()), 0, said))

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def health(self) -> Health:
        return Health(ok=not self.closed, since=datetime.now(UTC))

    def describe(self) -> EngineInfo:
        return EngineInfo(self.name, "script", 1000, "transcript", "none", "1", "none")

    def close(self) -> None:
        self.closed = True


class BreakingEngine(ScriptedEngine):
    """Says its words and then breaks: proves that the next engine goes on from there."""

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        self.prompts.append(prompt)
        for number, word in enumerate(self.words):
            yield Token(word, number)
        raise EngineFailed("It broke.")


class PacedEngine(ScriptedEngine):
    """Says a word each time the test lets it, and looks at `cancelled` while it waits, as engines do.

    Proves who is served when, and that a stop needs no further word to arrive.
    """

    def __init__(self, words: tuple[str, ...] = ("One", " two", " three.")) -> None:
        super().__init__(words)
        self.may_speak = threading.Semaphore(0)
        self.said = 0  # by all replies together

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        self.prompts.append(prompt)
        for number, word in enumerate(self.words):
            while not self.may_speak.acquire(timeout=0.005):
                if cancelled():
                    return
            self.said += 1
            yield Token(word, number)
        yield Token("", usage=Usage(1, 0, len(self.words)))
