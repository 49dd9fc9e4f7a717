"""One reply under way: from an engine's tokens to sentences that the filter has cleared.

    tokens → text without thoughts → the script's stages, which make sentences of it → cleared sentences → `show`

Each stage is a generator over the one before it. The run owns them all: however a reply ends, it closes them from the
last to the first, and first asks the engine for what the reply has cost. What goes wrong then is raised; where the
reply has failed already, its reason goes on and the rest is logged as `reply.not_ended_cleanly`.
"""

import itertools
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from generation import reply_text
from generation.engines.base import EngineError, EngineInfo, Prompt, Sampling, Token
from generation.jobs import cancelling
from generation.routing import router
from moderation.filter import gate
from moderation.filter.assessment import Verdict
from persona_site.redis import cancel_key, connection

logger = logging.getLogger(__name__)

Stage = Callable[[Iterator[str]], Generator[str]]

# Engines whose thoughts end without having begun: their server's chat template begins them. Name and model.
_thinking_unasked: set[tuple[str, str]] = set()


class Stopped(Exception):
    """Somebody stopped the reply; what was shown is kept."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """What an engine is asked, and how sentences are made of its text."""

    build: router.Build
    stages: tuple[Stage, ...]  # from pieces of text to sentences
    opening: str = ""  # the site's own words, which the engine goes on from
    cleared: str = ""  # the reply's beginning, which the filter has cleared before
    unjudged: str = ""  # its beginning, which nobody has judged
    has_thoughts: bool = True  # which are left out; a text that is simply continued has none


@dataclass(kw_only=True)
class ReplyRun(ABC):
    """What is known of a reply while it is written. The methods of whoever asked come first."""

    script: Script | None = None
    engine: EngineInfo | None = None
    prompt: Prompt | None = None  # as the current engine got it
    sampling: Sampling | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0  # as the engine counts; until it tells, as many as came
    began: float = field(default_factory=time.monotonic)
    first_token_ms: int | None = None
    _engines: int = 0
    _is_enough: bool = False

    @abstractmethod
    def announce(self, info: EngineInfo, because: str) -> None:
        """An engine begins, or takes over."""

    @abstractmethod
    def show(self, sentence: str) -> None:
        """A sentence was cleared."""

    @abstractmethod
    def take_back(self) -> None:
        """What was shown were thoughts: the reply begins again."""

    def hear(self, token: Token) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = round((time.monotonic() - self.began) * 1000)
        if token.usage is None:
            self.completion_tokens += 1
        else:
            self.prompt_tokens = token.usage.prompt_tokens
            self.cached_tokens = token.usage.cached_tokens
            self.completion_tokens = token.usage.completion_tokens

    @property
    def ran_out_of_tokens(self) -> bool:
        return self.sampling is not None and self.completion_tokens >= self.sampling.max_tokens

    @property
    def opening(self) -> str:
        return self.script.opening if self.script else ""

    def write(self, script: Script, *, account: str, subjects: Sequence[UUID]) -> None:
        """Shows the whole reply. Its cost is counted once, however it ends.

        Raises Stopped where one of `subjects` was cancelled, gate.Blocked, ClassifierUnavailable and EngineError.
        """
        self.script = script
        with cancelling.WATCHER.watched(*subjects) as cancelled:
            tokens = router.stream(
                self._build, lambda: self._is_enough or cancelled(), self._announced, account=account
            )
            with _ending("tokens", partial(self._hear_out, tokens)):
                heard = map(self._heard, tokens)
                thought = self._say(script, self._text(heard, subjects))
                while thought is not None:
                    thought = self._say(script, self._text(itertools.chain([Token(thought.rest)], heard), subjects))

    def _say(self, script: Script, text: Generator[str]) -> reply_text.ThoughtAloud | None:
        """Shows what comes of the text. Where it turns out to be thoughts, takes it back and returns early."""
        try:
            with ExitStack() as stages:
                stage = _owned(text, stages)
                following: tuple[Stage, ...] = (*script.stages, partial(_after, script.unjudged), self._cleared)
                for make in following:
                    stage = _owned(make(stage), stages)
                if script.cleared:
                    self.show(script.cleared)
                for sentence in stage:
                    self.show(sentence)
        except reply_text.ThoughtAloud as thought:
            self._remember_thinking(True)
            self.verdicts.clear()
            self.take_back()
            return thought
        return None

    def _text(self, tokens: Iterator[Token], subjects: Sequence[UUID]) -> Generator[str]:
        """What the engines say. Raises Stopped where it ended because somebody asked."""
        assert self.script is not None
        for _, part in itertools.groupby(tokens, key=lambda token: self._engines):
            pieces = (token.text for token in part if token.text)
            yield from self._without_thoughts(pieces) if self.script.has_thoughts else pieces
        if connection().exists(*map(cancel_key, subjects)):
            raise Stopped

    def _without_thoughts(self, pieces: Iterator[str]) -> Generator[str]:
        """One engine's part. It may have shown before that it begins within its thoughts."""
        is_thinking = self._speaker in _thinking_unasked
        has_spoken = False
        for piece in reply_text.without_thoughts(pieces, is_thinking=is_thinking):
            has_spoken = True
            yield piece
        if is_thinking and not has_spoken:
            self._remember_thinking(False)  # it may be another model by now; the next reply shows it

    @property
    def _speaker(self) -> tuple[str, str]:
        return (self.engine.name, self.engine.model) if self.engine else ("", "")

    def _remember_thinking(self, is_thinking: bool) -> None:
        (_thinking_unasked.add if is_thinking else _thinking_unasked.discard)(self._speaker)

    def _cleared(self, sentences: Iterator[str]) -> Generator[str]:
        assert self.script is not None
        return gate.cleared(sentences, before=self.script.cleared, judged=self.verdicts.append)

    def _build(self, info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        assert self.script is not None
        self.prompt, self.sampling = self.script.build(info, count)
        # Until the engine counts for itself, at its end, which a failure may keep us from hearing.
        self.prompt_tokens = sum(part.tokens for part in self.prompt.parts)
        return self.prompt, self.sampling

    def _announced(self, info: EngineInfo, because: str) -> None:
        self.engine = info
        self._engines += 1
        self.announce(info, because)

    def _heard(self, token: Token) -> Token:
        self.hear(token)
        return token

    def _hear_out(self, tokens: Generator[Token]) -> None:
        """Has the engine stop where nobody listens any more; it still tells what it has cost."""
        self._is_enough = True
        try:
            for token in tokens:
                self.hear(token)
        except EngineError as error:  # the reply does not need it any more
            logger.warning("reply.not_heard_out", extra={"error": error.code})
        finally:
            tokens.close()


def _after(beginning: str, sentences: Iterator[str]) -> Generator[str]:
    if beginning:
        yield beginning
    yield from sentences


def _owned(stage: Generator[str], stages: ExitStack) -> Generator[str]:
    """The stage, which is closed when the stages that came after it are."""
    stages.enter_context(_ending(getattr(stage, "__name__", "stage"), stage.close))
    return stage


@contextmanager
def _ending(stage: str, end: Callable[[], object]) -> Iterator[None]:
    """Calls `end` at the end of the block. Its error is raised, or logged where another one is under way."""
    try:
        yield
    except BaseException:
        try:
            end()
        except Exception as error:
            logger.exception("reply.not_ended_cleanly", extra={"stage": stage, "error": type(error).__name__})
        raise
    end()
