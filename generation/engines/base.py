"""The Engine seam: prompts in, tokens out. Nothing here knows of people.

EngineError
├── EngineUnavailable   cannot be reached, or not loaded; another engine may do it
│   └── EngineNotReady  has nothing to load yet, or cannot take this model at all: no fault
├── EngineFailed        broke while it worked; another engine may continue the text
│   └── EngineSilent    said nothing for longer than it may
├── BudgetSpent         may do no more today
└── PromptTooLong       the prompt leaves no room; no engine of this context length can do it
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

PromptForm = Literal["chat", "transcript"]


class EngineError(Exception):
    """Something went wrong in an engine; `code` is what the reply's row keeps."""

    code = "engine_error"


class EngineUnavailable(EngineError):
    code = "engine_unavailable"


class EngineNotReady(EngineUnavailable):
    code = "not_ready"


class EngineFailed(EngineError):
    code = "engine_failed"


class EngineSilent(EngineFailed):
    code = "engine_silent"


class BudgetSpent(EngineError):
    code = "budget"


class PromptTooLong(EngineError):
    code = "prompt_too_long"


@dataclass(frozen=True)
class PromptMessage:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class PromptPart:
    """A named piece of a prompt and its length, for whoever looks inside."""

    name: str
    text: str
    tokens: int
    dropped: int = 0  # turns or samples left out for want of room


@dataclass(frozen=True)
class Prompt:
    """What an engine continues.

    form "chat": `messages`, rendered with the model's own chat template, opened for the assistant.
    form "transcript": `text`, continued as it stands.
    `prefix` is the beginning of the answer that was already given; the engine continues after it.
    """

    form: PromptForm
    messages: tuple[PromptMessage, ...] = ()
    text: str = ""
    prefix: str = ""
    stop: tuple[str, ...] = ()
    parts: tuple[PromptPart, ...] = ()

    def continued(self, said: str) -> "Prompt":
        return replace(self, prefix=self.prefix + said)

    @property
    def whole(self) -> str:
        """All that the engine reads, as one text, to count it by."""
        return "\n".join((*(message.content for message in self.messages), self.text, self.prefix))


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. Zero or None switches a term off."""

    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 0
    min_p: float = 0.05
    repetition_penalty: float = 1.1
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    max_tokens: int = 200
    seed: int | None = None


@dataclass(frozen=True)
class Usage:
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    is_estimated: bool = False  # the engine did not count; we did, roughly


@dataclass(frozen=True)
class Token:
    """One step of an engine. `text` is empty while bytes do not yet decode; the last one carries `usage`."""

    text: str
    id: int | None = None
    logprob: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    usage: Usage | None = None


@dataclass(frozen=True)
class Alternative:
    """What could have stood in a token's place."""

    text: str  # with the tokens before it in its unit; empty where it is no whole character, or ends the reply
    data: bytes  # its own bytes
    logprob: float
    ends: bool = False


@dataclass(frozen=True)
class ScoredToken:
    data: bytes
    logprob: float
    alternatives: tuple[Alternative, ...]  # the likeliest first


@dataclass(frozen=True)
class Unit:
    """The shortest run of tokens that is whole characters, and their text."""

    text: str
    tokens: tuple[ScoredToken, ...]


@dataclass(frozen=True)
class Scored:
    prompt: str  # as the model read it, its template applied
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Health:
    ok: bool
    detail: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class EngineInfo:
    name: str  # its row's; until the router has named it, its kind
    model: str
    context_length: int  # tokens
    prompt_form: PromptForm
    device: str
    version: str
    licence: str
    sampling: Sampling = field(default_factory=Sampling)  # what suits this model
    # Where its own chat template serves as well, for characters that left no words to go on from: what suits it there.
    chat_sampling: Sampling | None = None


class Engine(Protocol):
    """Many threads call `stream` at once."""

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Yields tokens until the end, a stop string, `max_tokens`, or soon after `cancelled` says so.

        Stop strings are not part of the yielded text. Raises EngineError.
        """
        ...

    def count_tokens(self, text: str) -> int: ...

    def health(self) -> Health:
        """Truthful: generates a token, or says since when and why not."""
        ...

    def describe(self) -> EngineInfo: ...

    def close(self) -> None:
        """Gives back memory and threads; streams under way end with EngineFailed."""
        ...


class LocalEngine(Engine, Protocol):
    """One that runs in this process, and can read without speaking."""

    def read_ahead(self, prompt: Prompt) -> None:
        """Reads a prompt before anybody asks. Raises EngineError."""
        ...

    def score(self, prompt: Prompt, text: str) -> Scored:
        """How likely the model finds each token of `text` after `prompt`. Raises EngineError."""
        ...
