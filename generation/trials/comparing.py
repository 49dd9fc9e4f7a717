"""The answer of an engine to a question of a trial, and how fast it came."""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext

from generation.engine import EngineError, Token
from generation.trials.questions import Question, Withheld

SECONDS = 60.0  # for an answer. A model that takes longer is too slow to talk with.
_CHARACTERS = 4000  # of an answer; a server may ignore `max_tokens`


@dataclass(frozen=True)
class Answer:
    text: str = ""
    fault: str = ""  # why there is no text, or no more of it
    first_words_ms: int | None = None
    tokens_per_second: float | None = None


@dataclass(frozen=True)
class Comparison:
    """A question and its answers. Stored as JSON in `ModelTrial.comparisons`."""

    question: str
    language: str
    today: Answer
    new: Answer | None = None  # None while the new model writes


Speaks = Callable[[Callable[[], bool]], Generator[Token]]  # an engine's tokens, until the function returns True


def answer(question: Question, speaks: Speaks) -> Answer:
    """Never raises EngineError: the fault of an answer is part of the comparison."""
    stopwatch = _Stopwatch()
    text = fault = ""
    try:
        with contextlib.closing(speaks(stopwatch.is_over)) as tokens:
            text = question.readable(stopwatch.pieces(tokens))
    except Withheld as reason:
        fault = str(reason)
    except EngineError as error:
        fault = gettext("The model did not answer. %(error)s") % {"error": error}
    if not fault and stopwatch.is_late():
        fault = gettext("The answer was broken off after %(seconds)s seconds.") % {"seconds": f"{SECONDS:.0f}"}
    elif not fault and not text:
        fault = gettext("The model gave an empty answer.")
    return Answer(text, fault, stopwatch.first_words_ms, stopwatch.tokens_per_second)


@dataclass
class _Stopwatch:
    """Times the tokens of an answer as they pass."""

    began: float = field(default_factory=time.monotonic)
    first_words: float | None = None
    times: list[float] = field(default_factory=list)  # of tokens
    characters: int = 0

    def is_late(self) -> bool:
        return time.monotonic() - self.began > SECONDS

    def is_over(self) -> bool:
        return self.characters > _CHARACTERS or self.is_late()

    def pieces(self, tokens: Iterator[Token]) -> Iterator[str]:
        for token in tokens:
            now = time.monotonic()
            if token.usage is None:
                self.times.append(now)
            if self.first_words is None and token.text.strip():
                self.first_words = now
            self.characters += len(token.text)
            yield token.text

    @property
    def first_words_ms(self) -> int | None:
        return None if self.first_words is None else round(1000 * (self.first_words - self.began))

    @property
    def tokens_per_second(self) -> float | None:
        """From the first token to the last. None if there are too few tokens to say."""
        seconds = self.times[-1] - self.times[0] if len(self.times) > 1 else 0.0
        return round((len(self.times) - 1) / seconds, 1) if seconds > 0 else None
