"""One reply under way: from an engine's tokens to sentences that the filter has cleared.

    tokens → text without thoughts → the script's stages, which make sentences of it → cleared sentences → `show`

Each stage is a generator over the one before it. The run owns all stages. However a reply ends, the run closes the
stages from the last to the first. Before it closes the tokens, it reads the cost of the reply from the engine. An
error while closing is raised. If the reply has failed already, its own error is raised, and the later ones are logged
as `reply.not_ended_cleanly`.
"""

import itertools
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from chat.reply.ranking import ReplyRanking
from generation import reply_text
from generation.engine import EngineError, EngineInfo, Prompt, Sampling, Token
from generation.jobs import cancelling
from generation.routing import router
from moderation.filter import gate
from moderation.filter.assessment import Verdict
from persona_site.redis import cancel_key, connection

logger = logging.getLogger(__name__)

Stage = Callable[[Iterator[str]], Generator[str]]
Rank = Callable[[EngineInfo, Callable[[str], int]], ReplyRanking]

# Name and model of engines whose thoughts have an end mark only, because their server's chat template begins them.
_thinking_unasked: set[tuple[str, str]] = set()


class Stopped(Exception):
    """Somebody stopped the reply. The text shown so far is kept."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """The prompt for an engine, and the stages that make sentences of its text."""

    build: router.Build
    stages: tuple[Stage, ...]  # from pieces of text to sentences
    rank: Rank | None = None  # for engines that choose among candidates
    opening: str = ""  # the site's own words, which the engine continues
    cleared: str = ""  # the reply's beginning, if the filter has cleared it already
    unjudged: str = ""  # the reply's beginning, if the filter has not judged it
    persona_id: UUID | None = None  # whose own rules the filter holds the reply to
    is_own: Callable[[str], bool] = lambda words: False  # whether its reader's own words hold this personal data
    has_thoughts: bool = True  # thoughts are left out; the continuation of a plain text has none

    def shown(self, text: str) -> str:
        """What the stages leave of a text, without the opening before it."""
        pieces: Iterator[str] = iter([text])
        for make in self.stages:
            pieces = make(pieces)
        return "".join(pieces).removeprefix(self.opening)


@dataclass(kw_only=True)
class ReplyRun(ABC):
    """The state of a reply while it is written. A subclass passes the reply to its recipient."""

    script: Script | None = None
    is_minor: bool = False  # the reader is under 18
    engine: EngineInfo | None = None
    prompt: Prompt | None = None  # of the current engine
    sampling: Sampling | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0  # the engine's count; until it reports one, the number of tokens received
    began: float = field(default_factory=time.monotonic)
    first_token_ms: int | None = None
    _engines: int = 0
    _is_enough: bool = False

    @abstractmethod
    def announce(self, info: EngineInfo, because: str) -> None:
        """Called when an engine begins or takes over."""

    @abstractmethod
    def show(self, sentence: str) -> None:
        """Passes a cleared sentence to the recipient."""

    @abstractmethod
    def take_back(self) -> None:
        """Withdraws the text shown so far, which were thoughts. The reply begins again."""

    def is_over(self) -> bool:
        """Whether the engine may end. It asks this before every token."""
        return self._is_enough

    def receive(self, token: Token) -> None:
        """Counts a token of an engine."""
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
        """Writes the whole reply. Its cost is counted once, however it ends.

        Raises Stopped if one of `subjects` was cancelled, gate.Blocked, ClassifierUnavailable and EngineError.
        """
        self.script = script
        with cancelling.WATCHER.watched(*subjects) as cancelled:
            tokens = router.stream(
                self._build,
                lambda: self.is_over() or cancelled(),
                self._announced,
                rank=self._ranking if script.rank else None,
                account=account,
            )
            with _ending("tokens", partial(self._drain, tokens)):
                counted_tokens = map(self._counted, tokens)
                thought = self._show_text(script, self._text(counted_tokens, subjects))
                while thought is not None:
                    remaining_tokens = itertools.chain([Token(thought.rest)], counted_tokens)
                    thought = self._show_text(script, self._text(remaining_tokens, subjects))

    def _show_text(self, script: Script, text: Generator[str]) -> reply_text.ThoughtAloud | None:
        """Shows the sentences of the text. If they prove to be thoughts, takes them back and returns the thought."""
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
        """The engines' text. Raises Stopped if it ended because one of `subjects` was cancelled."""
        assert self.script is not None
        for _, part in itertools.groupby(tokens, key=lambda token: self._engines):
            pieces = (token.text for token in part if token.text)
            yield from self._without_thoughts(pieces) if self.script.has_thoughts else pieces
        if connection().exists(*map(cancel_key, subjects)):
            raise Stopped

    def _without_thoughts(self, pieces: Iterator[str]) -> Generator[str]:
        """One engine's text without thoughts. An earlier reply may have shown that it begins within its thoughts."""
        is_thinking = self._engine_key in _thinking_unasked
        has_text = False
        for piece in reply_text.without_thoughts(pieces, is_thinking=is_thinking):
            has_text = True
            yield piece
        if is_thinking and not has_text:
            self._remember_thinking(False)  # the server may have another model now; the next reply shows it

    @property
    def _engine_key(self) -> tuple[str, str]:
        return (self.engine.name, self.engine.model) if self.engine else ("", "")

    def _remember_thinking(self, is_thinking: bool) -> None:
        (_thinking_unasked.add if is_thinking else _thinking_unasked.discard)(self._engine_key)

    def _cleared(self, sentences: Iterator[str]) -> Generator[str]:
        assert self.script is not None
        return gate.cleared(
            sentences,
            before=self.script.cleared,
            judged=self.verdicts.append,
            is_minor=self.is_minor,
            persona_id=self.script.persona_id,
            is_own=self.script.is_own,
        )

    def _build(self, info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        assert self.script is not None
        self.prompt, self.sampling = self.script.build(info, count)
        # An estimate. The engine reports its own count at the end of its text, and reports none if it fails.
        self.prompt_tokens = sum(part.tokens for part in self.prompt.parts)
        return self.prompt, self.sampling

    def _ranking(self, info: EngineInfo, count: Callable[[str], int]) -> ReplyRanking:
        """The script's, by the rules that `_cleared` holds the reply to."""
        assert self.script is not None
        assert self.script.rank is not None
        return replace(self.script.rank(info, count), is_minor=self.is_minor, persona_id=self.script.persona_id)

    def _announced(self, info: EngineInfo, because: str) -> None:
        self.engine = info
        self._engines += 1
        self.announce(info, because)

    def _counted(self, token: Token) -> Token:
        self.receive(token)
        return token

    def _drain(self, tokens: Generator[Token]) -> None:
        """Stops the engine and reads its last tokens, which report the cost of the reply."""
        self._is_enough = True
        try:
            for token in tokens:
                self.receive(token)
        except EngineError as error:  # the reply no longer needs the engine
            logger.warning("reply.not_heard_out", extra={"error": error.code})
        finally:
            tokens.close()


def _after(beginning: str, sentences: Iterator[str]) -> Generator[str]:
    if beginning:
        yield beginning
    yield from sentences


def _owned(stage: Generator[str], stages: ExitStack) -> Generator[str]:
    """Registers the stage with `stages`, which closes it after the stages that follow it."""
    stages.enter_context(_ending(getattr(stage, "__name__", "stage"), stage.close))
    return stage


@contextmanager
def _ending(stage: str, end: Callable[[], object]) -> Iterator[None]:
    """Calls `end` at the end of the block. Its error is raised, or logged if the block raised one."""
    try:
        yield
    except BaseException:
        try:
            end()
        except Exception as error:
            logger.exception("reply.not_ended_cleanly", extra={"stage": stage, "error": type(error).__name__})
        raise
    end()
