"""The Engine seam: prompts in, tokens out. An engine knows nothing about people.

EngineError
├── EngineUnavailable   cannot be reached or is not loaded; another engine may serve the reply
│   └── EngineNotReady  has nothing to load yet, cannot run this model, or was still loading at a Stop; this is no fault
├── EngineFailed        broke during generation; another engine may continue the text
│   └── EngineSilent    sent no token within its time limit
├── BudgetSpent         has used up its budget for today
└── PromptTooLong       the prompt leaves no room for a reply; no engine of this context length can serve it
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

PromptForm = Literal["chat", "transcript"]


class EngineError(Exception):
    """The base of all engine errors. `code` is stored in the reply's row."""

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
    """A named piece of a prompt and its length, for inspection."""

    name: str
    text: str
    tokens: int
    dropped: int = 0  # turns or samples that were left out because they did not fit
    trace: tuple[str, ...] = ()  # a sentence for each piece that says why it is in or out
    rows: tuple[int, ...] = ()  # ids of what was recalled for it


@dataclass(frozen=True)
class Adapter:
    """Low-rank products that an engine adds beside a model's weights, for the prompts that name them."""

    name: str  # of its contents: a later training has another name
    weights: str  # that it was trained for
    folder: str  # of the files that PEFT wrote

    @property
    def is_stored(self) -> bool:
        return Path(self.folder).is_dir()


@dataclass(frozen=True)
class Prompt:
    """The input of an engine.

    form "chat": `messages`, rendered with the model's own chat template and the assistant's opening mark.
    form "transcript": `text`, which the engine continues without a template.
    `prefix` is the part of the reply that already exists. The engine continues after it.
    `adapter` may only be given to an engine that serves adapters for these weights (`EngineInfo.adapts`).
    """

    form: PromptForm
    messages: tuple[PromptMessage, ...] = ()
    text: str = ""
    prefix: str = ""
    stop: tuple[str, ...] = ()
    parts: tuple[PromptPart, ...] = ()
    adapter: Adapter | None = None

    def continued(self, generated: str) -> "Prompt":
        return replace(self, prefix=self.prefix + generated)

    @property
    def whole(self) -> str:
        """Everything that the engine reads, as one text, for counting tokens."""
        return "\n".join((*(message.content for message in self.messages), self.text, self.prefix))


@dataclass(frozen=True)
class Sampling:
    """The settings by which the next token is sampled. Zero or None switches a term off."""

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
    candidates: int = 1  # of which the best is chosen; 1 chooses nothing


@dataclass(frozen=True)
class Usage:
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    is_estimated: bool = False  # an estimate of ours: the engine reported no counts
    # Of candidates that were not chosen, where they cost. They are no part of the counts above.
    dropped_prompt_tokens: int = 0
    dropped_completion_tokens: int = 0


@dataclass(frozen=True)
class Candidate:
    """Words that a reply could go on with. All values are means over its tokens, in nats."""

    text: str
    likelihood: float | None  # log p(words | prompt); None where the engine does not report it
    # For each neutral prompt: log p(words | prompt) - log p(words | neutral prompt), pointwise mutual information.
    # Empty where the engine does not report it.
    information: tuple[float, ...]


@dataclass(frozen=True)
class Choice:
    """The candidates for a piece of a reply. `scores` names the parts of each candidate's score, whose sum counts."""

    candidates: tuple[Candidate, ...]
    scores: tuple[Mapping[str, float], ...]
    chosen: int


@dataclass(frozen=True)
class Token:
    """One step of an engine. `text` is empty while its bytes do not decode yet. The last token carries `usage`.

    The first token of a piece that was chosen among candidates carries the `choice`.
    """

    text: str
    id: int | None = None
    logprob: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    usage: Usage | None = None
    choice: Choice | None = None


@dataclass(frozen=True)
class Alternative:
    """Another token that the model could have generated in this place."""

    text: str  # includes the earlier tokens of its unit; empty if it is not a whole character or ends the reply
    data: bytes  # of this token alone
    logprob: float
    ends: bool = False


@dataclass(frozen=True)
class ScoredToken:
    data: bytes
    logprob: float
    alternatives: tuple[Alternative, ...]  # the most likely first


@dataclass(frozen=True)
class Unit:
    """The shortest run of tokens that forms whole characters, and its text."""

    text: str
    tokens: tuple[ScoredToken, ...]


@dataclass(frozen=True)
class Scored:
    prompt: str  # as the model read it, with its template applied
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Health:
    ok: bool
    detail: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class EngineInfo:
    name: str  # the name of its row; the kind until the router sets the name
    model: str
    context_length: int  # tokens
    prompt_form: PromptForm
    device: str
    version: str
    licence: str
    sampling: Sampling = field(default_factory=Sampling)  # the defaults for this model
    # The defaults with the model's own chat template, for personas without a corpus.
    chat_sampling: Sampling | None = None
    has_chat_template: bool = False  # it may use its template although its prompt form is the transcript
    is_brief: bool = False  # a ranked reply ends with its first sentence, since the next one is seldom worth saying
    adapts: str = ""  # the weights whose adapters it serves; empty if it serves none

    def served(self, adapter: Adapter | None) -> Adapter | None:
        """The adapter, if this engine can use it. Without it, the model answers as it is."""
        return adapter if adapter is not None and adapter.weights == self.adapts and adapter.is_stored else None


class Ranking(Protocol):
    """How candidates are cut and compared. An engine knows nothing about people, so their room brings this."""

    @property
    def neutral(self) -> Sequence[Prompt]:
        """Prompts without what the reply should answer. They show which words would come after anything."""
        ...

    def is_whole(self, text: str) -> bool:
        """Whether the text of a candidate is long enough to be compared."""
        ...

    def scores(self, before: str, candidates: Sequence[Candidate]) -> Sequence[Mapping[str, float]]:
        """The named parts of each candidate's score. `before` is the reply so far."""
        ...

    def is_enough(self, text: str) -> bool:
        """Whether the reply ends with its words so far, though the model may have more to say."""
        ...


def choose(ranking: Ranking, before: str, candidates: Sequence[Candidate]) -> Choice:
    """The choice of the best candidate for the words after `before`."""
    scores = tuple(ranking.scores(before, candidates))
    return Choice(tuple(candidates), scores, max(range(len(scores)), key=lambda n: sum(scores[n].values())))


class Engine(Protocol):
    """`stream` may be called by many threads at the same time."""

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Yields tokens until the end, a stop string or `max_tokens`, and stops soon after `cancelled` returns True.

        Stop strings are not part of the yielded text. Raises EngineError.
        """
        ...

    def count_tokens(self, text: str) -> int: ...

    def health(self) -> Health:
        """Generates a token. If that fails, the result says why and since when."""
        ...

    def describe(self) -> EngineInfo: ...

    def close(self) -> None:
        """Releases memory and threads. Running streams end with EngineFailed."""
        ...


class RankingEngine(Engine, Protocol):
    """An engine that can choose among candidates."""

    def stream_ranked(
        self, prompt: Prompt, sampling: Sampling, ranking: Ranking, cancelled: Callable[[], bool]
    ) -> Iterator[Token]:
        """Like `stream`, with the best of several candidates. `sampling` gives their greatest number.

        An engine of this process chooses each piece of the reply, and draws fewer candidates when it generates several
        replies at the same time. A remote engine chooses the first piece, and the whole reply with it. Raises
        EngineError.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """An engine that keeps what it has read for later prompts."""

    def forget(self) -> None:
        """Has released soon what it keeps of prompts and adapters. Running replies keep theirs."""
        ...


class LocalEngine(RankingEngine, Remembering, Protocol):
    """An engine that runs in this process. It can also read a text without generating."""

    def read_ahead(self, prompt: Prompt) -> None:
        """Reads a prompt before a reply is requested. Raises EngineError."""
        ...

    def score(self, prompt: Prompt, text: str) -> Scored:
        """The probability of each token of `text` after `prompt`. Raises EngineError."""
        ...
