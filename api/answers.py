"""Frames of jobs in OpenAI's shapes: one body, or server-sent events."""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from django.utils import timezone

from api import errors
from api.admission import Admitted
from api.jobs import AnswerToken, Ended, Failed, Words

Indexed = tuple[int, Words | Ended | Failed]
Frames = AsyncGenerator[Indexed, None]


class Shape(ABC):
    """The common part of chat completions and text completions. Indices are those of the choices."""

    prefix: str
    object: str

    def __init__(self, admitted: Admitted) -> None:
        self._id = f"{self.prefix}-{uuid4().hex}"
        self._created = int(timezone.now().timestamp())
        self._model = admitted.jobs[0].model
        self._notice = admitted.notice
        self._choices = len(admitted.jobs)
        self._has_logprobs = admitted.jobs[0].alternatives is not None
        self._ended: dict[int, Ended] = {}

    async def whole(self, frames: Frames) -> dict[str, Any]:
        """The answer as one body. Raises ApiError if a choice failed."""
        words: list[list[Words]] = [[] for _ in range(self._choices)]
        async for index, frame in frames:
            if isinstance(frame, Failed):
                raise errors.failure(frame.code)
            if isinstance(frame, Words):
                if frame.begins_again:
                    words[index].clear()
                words[index].append(frame)
            else:
                self._ended[index] = frame
        choices = [self._choice(index, words[index], self._ended[index].reason) for index in range(self._choices)]
        return self._envelope(self.object) | {"choices": choices, "usage": self._usage()}

    async def events(self, first: Indexed, frames: Frames, *, with_usage: bool) -> AsyncIterator[bytes]:
        """The answer as server-sent events. A choice that fails ends the stream with an error event."""
        async with aclosing(frames):
            async for event in self._events(first, frames, with_usage=with_usage):
                yield event

    async def _events(self, first: Indexed, frames: Frames, *, with_usage: bool) -> AsyncIterator[bytes]:
        usage = {"usage": None} if with_usage else {}
        for index in range(self._choices):
            if opening := self._opening(index):
                yield self._event([opening], usage)
        async for index, frame in _joined(first, frames):
            if isinstance(frame, Failed):
                yield _sse(errors.failure(frame.code).body())
                return
            if isinstance(frame, Ended):
                self._ended[index] = frame
                yield self._event([self._piece(index, None, frame.reason)], usage)
            else:
                yield self._event([self._piece(index, frame, None)], usage)
        if with_usage:
            yield self._event([], {"usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _envelope(self, kind: str) -> dict[str, Any]:
        engine = next((ended.engine for ended in self._ended.values()), "")
        envelope = {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._model,
            # A program can read here that a machine wrote the answer (compliance M4).
            "system_fingerprint": f"ai-generated:{engine}" if engine else "ai-generated",
        }
        return envelope | ({"notice": self._notice} if self._notice else {})

    def _event(self, choices: list[dict[str, Any]], more: dict[str, Any]) -> bytes:
        event = self._envelope(self.chunk_object) | {"choices": choices} | more
        self._notice = None  # only in the first event
        return _sse(event)

    def _usage(self) -> dict[str, Any]:
        """The usage of all choices. The prompt is counted once."""
        ended = list(self._ended.values())
        prompt = ended[0].prompt_tokens if ended else 0
        completion = sum(frame.completion_tokens for frame in ended)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": ended[0].cached_tokens if ended else 0},
        }

    @property
    def chunk_object(self) -> str:
        return self.object

    def _opening(self, index: int) -> dict[str, Any] | None:
        return None

    @abstractmethod
    def _choice(self, index: int, words: Sequence[Words], reason: str) -> dict[str, Any]: ...

    @abstractmethod
    def _piece(self, index: int, words: Words | None, reason: str | None) -> dict[str, Any]: ...


class Chat(Shape):
    prefix, object = "chatcmpl", "chat.completion"

    @property
    def chunk_object(self) -> str:
        return "chat.completion.chunk"

    def _choice(self, index: int, words: Sequence[Words], reason: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": _text(words, reason), "refusal": None}
        return {
            "index": index,
            "message": message,
            "logprobs": self._logprobs([] if reason == "content_filter" else words),
            "finish_reason": reason,
        }

    def _opening(self, index: int) -> dict[str, Any]:
        delta = {"role": "assistant", "content": ""}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}

    def _piece(self, index: int, words: Words | None, reason: str | None) -> dict[str, Any]:
        delta = {"content": words.text} if words else {}
        logprobs = self._logprobs([words]) if words else None
        return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason}

    def _logprobs(self, words: Sequence[Words]) -> dict[str, Any] | None:
        if not self._has_logprobs:
            return None
        tokens = [token for piece in words for token in piece.tokens or ()]
        content = [
            _named(token.text, token.logprob) | {"top_logprobs": [_named(*likely) for likely in token.alternatives]}
            for token in tokens
        ]
        return {"content": content, "refusal": None}


class Text(Shape):
    prefix, object = "cmpl", "text_completion"

    def __init__(self, admitted: Admitted) -> None:
        super().__init__(admitted)
        self._offsets = [0] * self._choices

    def _choice(self, index: int, words: Sequence[Words], reason: str) -> dict[str, Any]:
        logprobs = self._logprobs(index, [] if reason == "content_filter" else words)
        return {"index": index, "text": _text(words, reason), "logprobs": logprobs, "finish_reason": reason}

    def _piece(self, index: int, words: Words | None, reason: str | None) -> dict[str, Any]:
        logprobs = self._logprobs(index, [words]) if words else None
        return {
            "index": index,
            "text": words.text if words else "",
            "logprobs": logprobs,
            "finish_reason": reason,
        }

    def _logprobs(self, index: int, words: Sequence[Words]) -> dict[str, Any] | None:
        if not self._has_logprobs:
            return None
        tokens: list[AnswerToken] = []
        offsets: list[int] = []
        for piece in words:
            at = self._offsets[index]
            for token in piece.tokens or ():
                tokens.append(token)
                offsets.append(at)
                at += len(token.text)
            self._offsets[index] += len(piece.text)
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": [dict(token.alternatives) for token in tokens],
            "text_offset": offsets,
        }


async def _joined(first: Indexed, frames: Frames) -> AsyncIterator[Indexed]:
    yield first
    async for frame in frames:
        yield frame


def _text(words: Sequence[Words], reason: str) -> str:
    """The text of an answer; empty if the filter withdrew it."""
    return "" if reason == "content_filter" else "".join(piece.text for piece in words)


def _named(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def _sse(event: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
