"""A reply, or a candidate for its next piece, while it is generated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from generation.engine import Token
from generation.engines.batching.batcher import Batcher, Request, Step
from generation.engines.batching.low_rank import LowRank
from generation.engines.batching.sampling import Chooser
from generation.engines.batching.steps import next_step
from generation.engines.batching.stopping import StopStrings
from generation.engines.batching.tokenizer import Decoding, ModelTokenizer


@dataclass(eq=False)
class Draft:
    """The words after `prompt` and `before`, which is the reply so far."""

    prompt: list[int]  # with the tokens of `before`
    max_tokens: int
    stop: tuple[str, ...]
    chooser: Chooser
    decoding: Decoding
    tokenizer: ModelTokenizer
    before: str = ""
    adapter: LowRank | None = None
    tokens: list[Token] = field(default_factory=list)
    rest: str = ""  # text that belongs to no token, at the end of the reply
    is_over: bool = False  # whether the reply ends with it

    def __post_init__(self) -> None:
        self._stops = StopStrings(self.stop)
        self.request = Request(
            prompt=self.prompt,
            chooser=self.chooser,
            max_tokens=self.max_tokens,
            ends=self.tokenizer.ends,
            adapter=self.adapter,
        )

    @property
    def text(self) -> str:
        return "".join(token.text for token in self.tokens) + self.rest

    @property
    def ids(self) -> list[int]:
        return self.request.generated[: len(self.tokens)]

    @property
    def holds_back(self) -> bool:
        """Whether a part of its text may begin a stop string."""
        return self._stops.is_holding

    @property
    def room(self) -> int:
        """Tokens that may follow it."""
        return self.max_tokens - len(self.tokens)

    def following(self, seed: int | None) -> "Draft":
        """A draft of the next words after this one."""
        ids = self.ids
        return Draft(
            prompt=self.prompt + ids,
            max_tokens=self.room,
            stop=self.stop,
            chooser=self.chooser.fork(seed),
            decoding=self.decoding.fork(),
            tokenizer=self.tokenizer,
            before=self.before + self.text,
            adapter=self.adapter,
        )

    def stream(self, batcher: Batcher, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Generates to the end of the reply. Raises EngineError."""
        batcher.submit(self.request)
        try:
            while not self.is_over and (step := next_step(self.request.steps, cancelled)) is not None:
                if (token := self.take(step)) is not None:
                    yield token
        finally:
            self.request.cancelled = True
            self.rest = self.rest or self._stops.finish()

    def take(self, step: Step) -> Token | None:
        """Adds a step. The reply ends with a step without a token, or with a stop string. Raises the step's error."""
        if step.error is not None:
            raise step.error
        if step.token is None:
            self.rest, self.is_over = self._stops.finish(), True
            return None
        text = self._stops.push(self.decoding.step(step.token))
        self.is_over = self._stops.found
        alternatives = () if self.is_over else self._named(step)
        self.tokens.append(Token(text, step.token, step.logprob, alternatives))
        return self.tokens[-1]

    def _named(self, step: Step) -> tuple[tuple[str, float], ...]:
        return tuple((self.tokenizer.named(token), logprob) for token, logprob in step.alternatives)
