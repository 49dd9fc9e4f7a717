"""The events in which a server with OpenAI's interface sends an answer: their text, probabilities and usage.

Thoughts that a server sends in separate fields count as tokens and as activity, but never become text.
"""

from dataclasses import dataclass
from typing import Any

from generation.engine import EngineFailed, Usage
from text import cleaning

_MOST_TOKENS = 2**31 - 1  # the largest value of a column
# The fields in which servers send a model's thoughts.
_THOUGHTS = ("reasoning_content", "reasoning")


@dataclass(frozen=True)
class Part:
    """What an event says about one of the choices of an answer."""

    choice: int
    text: str | None  # new text; empty for a thought alone, None if there is neither
    logprob: float | None  # None if the event does not have exactly one token
    alternatives: tuple[tuple[str, float], ...]
    is_last: bool


@dataclass(frozen=True)
class Event:
    parts: tuple[Part, ...] = ()
    usage: Usage | None = None

    @property
    def has_token(self) -> bool:
        return any(part.text is not None for part in self.parts)


def read(payload: str) -> Event:
    """Raises EngineFailed if the event is an error or has another shape."""
    try:
        event = cleaning.parsed_json(payload)
    except cleaning.BadJSON as error:
        raise EngineFailed(f"The server sent an event that cannot be read. {error}") from None
    if not isinstance(event, dict) or "error" in event:
        raise EngineFailed("The server reported an error within its answer.")
    try:
        return Event(tuple(map(_part, event.get("choices") or ())), _usage(event))
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise EngineFailed(f"The server sent an event of an unknown shape ({type(error).__name__}).") from None


def _part(choice: dict[str, Any]) -> Part:
    text = _text(choice)
    logprob, alternatives = _probabilities(choice) if text is not None else (None, ())
    return Part(int(choice.get("index") or 0), text, logprob, alternatives, bool(choice.get("finish_reason")))


def _text(choice: dict[str, Any]) -> str | None:
    delta = choice.get("delta", choice)
    text = delta.get("content") if "delta" in choice else delta.get("text")
    if isinstance(text, str) and text:
        return text
    return "" if any(delta.get(name) for name in _THOUGHTS) else None


def _probabilities(choice: dict[str, Any]) -> tuple[float | None, tuple[tuple[str, float], ...]]:
    """The log-probability of the one token and the most likely alternatives."""
    reported = choice.get("logprobs") or {}
    if tokens := reported.get("content"):  # the form of /chat/completions
        if len(tokens) != 1:
            return None, ()
        likely = tuple((_whole(token), float(token["logprob"])) for token in tokens[0]["top_logprobs"])
        return float(tokens[0]["logprob"]), likely
    logprobs, likeliest = reported.get("token_logprobs") or [], reported.get("top_logprobs") or [{}]
    if len(logprobs) != 1 or logprobs[0] is None:
        return None, ()
    alternatives = ((text, float(value)) for text, value in (likeliest[0] or {}).items())
    return float(logprobs[0]), tuple(sorted(alternatives, key=lambda pair: -pair[1]))


def _whole(token: dict[str, Any]) -> str:
    """A token's text. It is empty if its bytes are only a part of a character."""
    try:
        return bytes(token["bytes"]).decode() if token.get("bytes") else str(token["token"])
    except UnicodeDecodeError:
        return ""


def _usage(event: dict[str, Any]) -> Usage | None:
    reported = event.get("usage")
    if not reported:
        return None
    cached = (reported.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return Usage(_count(reported.get("prompt_tokens", 0)), _count(cached), _count(reported.get("completion_tokens", 0)))


def _count(reported: Any) -> int:
    count = int(reported)
    if not 0 <= count <= _MOST_TOKENS:
        raise ValueError("not a count of tokens")
    return count
