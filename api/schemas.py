"""The request bodies of /v1/: those of OpenAI's interface, and `top_k`, `min_p` and `repetition_penalty` in addition.

A parameter is honoured, or accepted without effect (`Ignored`), or refused because it would change the answer and is
not supported (`Unsupported`). An unknown parameter is refused, as OpenAI does.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

MOST_CHOICES = 8
MOST_INPUTS = 256
_NOTHING: tuple[Any, ...] = (None, [], {})
_NEUTRAL: tuple[Any, ...] = (None, [], {}, "none", "auto", False, {"type": "text"}, ["text"])


def _unsupported(value: Any) -> Any:
    if value not in _NEUTRAL:
        raise ValueError("this server does not support it")
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    """A message's content: a text, or parts, each of which is a text or an assistant's refusal."""
    if not isinstance(value, list):
        return value
    texts = [_text_of(part) for part in value]
    if None in texts:
        raise ValueError("only parts of the type text are supported")
    return "".join(filter(None, texts))


def _text_of(part: Any) -> str | None:
    kind = part.get("type") if isinstance(part, dict) else None
    text = part.get(kind) if kind in ("text", "refusal") else None
    return text if isinstance(text, str) else None


def _without_limit(value: Any) -> Any:
    """-1 means that the client sets no limit, as it does for llama.cpp and others."""
    return None if value == -1 and not isinstance(value, bool) else value


def _at_least_one(value: int | None) -> int | None:
    if value is not None and value < 1:
        raise ValueError(f"must be at least 1, or -1 or null for no limit of yours; it is {value}")
    return value


def _as_stops(value: Any) -> Any:
    """The stop texts; empty ones are left out."""
    stops = _as_list(value)
    return [stop for stop in stops if stop != ""] if isinstance(stops, list) else stops


def _as_texts(value: Any) -> Any:
    """The input of a moderation: a text, texts, or parts of the type text."""
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        return [_as_text([part]) for part in value]
    return _as_list(value)


Unsupported = Annotated[Any, AfterValidator(_unsupported)]
Ignored = Any
Texts = Annotated[list[str], BeforeValidator(_as_list)]
Limit = Annotated[int | None, BeforeValidator(_without_limit), AfterValidator(_at_least_one)]


_SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "frequency_penalty",
    "presence_penalty",
    "max_tokens",
)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamOptions(Body):
    include_usage: bool | None = None
    include_obfuscation: Ignored = None


class Generation(Body):
    """The parameters that both kinds of completion have."""

    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=MOST_CHOICES)
    max_tokens: Limit = None
    stop: Annotated[Annotated[list[str], Field(max_length=4)] | None, BeforeValidator(_as_stops)] = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    top_k: int | None = Field(None, ge=0, le=1000)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, ge=0.5, le=2)
    logit_bias: Unsupported = None
    user: Ignored = None

    @field_validator("stream_options")
    @classmethod
    def _options_belong_to_streams(cls, value: StreamOptions | None, info: ValidationInfo) -> StreamOptions | None:
        if value is not None and not info.data.get("stream"):
            raise ValueError("only allowed when stream is true")
        return value

    def sampling(self) -> dict[str, Any]:
        """The values that replace the model's own, by the names of `generation.engine.Sampling`."""
        values: dict[str, Any] = {name: value for name in _SAMPLING if (value := getattr(self, name)) is not None}
        if self.stop:
            values["stop"] = self.stop
        if self.seed is not None:
            values["seed"] = self.seed % 2**63
        return values


class ChatMessage(Body):
    """A turn. A client can send an answer back unchanged, so fields without a value are accepted, even unknown ones."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str | None, BeforeValidator(_as_text)] = Field(None, validate_default=True)
    refusal: str | None = None
    id: Ignored = None
    name: Ignored = None
    annotations: Ignored = None
    reasoning: Ignored = None
    reasoning_content: Ignored = None
    audio: Unsupported = None
    tool_calls: Unsupported = None
    function_call: Unsupported = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty_fields(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: item for name, item in value.items() if name in cls.model_fields or item not in _NOTHING}

    @field_validator("content")
    @classmethod
    def _only_an_assistant_may_be_empty(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("role") != "assistant":
            raise ValueError("a text is required")
        return value

    @property
    def text(self) -> str:
        return self.content or self.refusal or ""


class ChatCompletionRequest(Generation):
    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: Limit = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    tools: Unsupported = None
    tool_choice: Unsupported = None
    functions: Unsupported = None
    function_call: Unsupported = None
    response_format: Unsupported = None
    modalities: Unsupported = None
    audio: Unsupported = None
    prediction: Unsupported = None
    web_search_options: Unsupported = None
    metadata: Ignored = None
    store: Ignored = None
    service_tier: Ignored = None
    parallel_tool_calls: Ignored = None
    reasoning_effort: Ignored = None
    verbosity: Ignored = None
    prompt_cache_key: Ignored = None
    prompt_cache_retention: Ignored = None
    safety_identifier: Ignored = None

    @property
    def alternatives(self) -> int | None:
        """The number of likely tokens requested with each token; None: no log-probabilities at all."""
        return (self.top_logprobs or 0) if self.logprobs else None

    def sampling(self) -> dict[str, Any]:
        limit = self.max_completion_tokens
        return super().sampling() | ({"max_tokens": limit} if limit is not None else {})


class CompletionRequest(Generation):
    prompt: Annotated[Texts, Field(min_length=1, max_length=MOST_CHOICES)]
    logprobs: int | None = Field(None, ge=0, le=5)
    echo: Unsupported = None
    suffix: Unsupported = None
    best_of: int | None = Field(None, ge=1, le=1)

    @property
    def alternatives(self) -> int | None:
        return self.logprobs


class EmbeddingRequest(Body):
    model: str
    input: Annotated[Texts, Field(min_length=1, max_length=MOST_INPUTS)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: Ignored = None


class ModerationRequest(Body):
    input: Annotated[list[str], BeforeValidator(_as_texts), Field(min_length=1, max_length=MOST_INPUTS)]
    model: str | None = None
