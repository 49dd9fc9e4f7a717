"""Any server that speaks OpenAI's HTTP interface: vLLM, SGLang, TGI, Ollama, llama.cpp, a provider.

`/chat/completions` for prompts in chat form, `/completions` for transcripts, both streamed as
server-sent events. A prefix is the assistant's own last message, which such servers continue
(vLLM and SGLang by `continue_final_message`, others by convention).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
from django.conf import settings

from generation.engines.base import (
    EngineError,
    EngineFailed,
    EngineInfo,
    EngineUnavailable,
    Health,
    Prompt,
    PromptForm,
    PromptTooLong,
    Sampling,
    Token,
    Usage,
)
from generation.engines.stopping import StopStrings

_CONNECT = timedelta(seconds=5)
_BETWEEN_TOKENS = timedelta(seconds=60)
# OpenAI's interface takes four stop strings at most; the rest is watched for here.
_STOPS_SENT = 4
# The likeliest tokens that are asked for beside the one that was drawn.
_ALTERNATIVES = 10
# Without the server's tokenizer: no text in any script has more tokens than UTF-8 bytes, and
# English has about a quarter. A third errs on the side of a prompt that fits.
_BYTES_PER_TOKEN = 3


class OpenAICompatibleEngine:
    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        model: str | None = None,
        between_tokens: timedelta = _BETWEEN_TOKENS,
    ) -> None:
        """Settings fill in what is not given. Raises EngineUnavailable when no server is configured."""
        url = settings.OPENAI_BASE_URL if base_url is None else base_url
        if not url:
            raise EngineUnavailable("OPENAI_BASE_URL is empty.")
        key = settings.OPENAI_API_KEY if api_key is None else api_key
        self._model = settings.OPENAI_MODEL if model is None else model
        timeout = httpx.Timeout(between_tokens.total_seconds(), connect=_CONNECT.total_seconds())
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=timeout,
            limits=httpx.Limits(max_connections=None),
        )
        self._health = Health(ok=True, since=datetime.now(UTC))

    def describe(self) -> EngineInfo:
        return EngineInfo(
            name="openai",
            model=self._model,
            context_length=settings.OPENAI_CONTEXT_TOKENS,
            prompt_form=cast(PromptForm, settings.OPENAI_PROMPT_FORM),
            device="remote",
            version="openai-compatible",
            licence="as its operator says",
        )

    def count_tokens(self, text: str) -> int:
        """An estimate from above for English; the server's own tokenizer is not here."""
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def health(self) -> Health:
        """Asks the server for one token."""
        form = cast(PromptForm, settings.OPENAI_PROMPT_FORM)
        message = {"role": "user", "content": "Hello"}
        path, body = (
            ("chat/completions", {"messages": [message]}) if form == "chat" else ("completions", {"prompt": "Hello"})
        )
        try:
            with _translated():
                answer = self._client.post(path, json={"model": self._model, "max_tokens": 1, **body})
                _check(answer)
            ok, detail = True, ""
        except EngineError as error:
            ok, detail = False, str(error)
        if ok != self._health.ok:
            self._health = Health(ok=ok, detail=detail, since=datetime.now(UTC))
        return self._health

    def close(self) -> None:
        self._client.close()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        stops = (*prompt.stop, *sampling.stop)
        path, body = _request(prompt)
        body |= _settings(sampling, stops) | {"model": self._model}
        if settings.OPENAI_LOGPROBS:
            body |= _probabilities_asked(prompt)
        watch = StopStrings(stops)
        count, usage = 0, None
        with _translated(), self._client.stream("POST", path, json=body) as answer:
            if answer.is_error:
                answer.read()
                _check(answer)
            for event in _events(answer):
                if cancelled():
                    break
                usage = _usage(event) or usage
                piece = _piece(event)
                if piece is None:
                    continue
                count += 1
                logprob, alternatives = _probabilities(event)
                yield Token(watch.push(piece), logprob=logprob, alternatives=alternatives)
                if watch.found or cancelled():
                    break
        if not count and not prompt.prefix and not cancelled():
            raise EngineFailed("The server answered without a word.")
        yield Token(watch.finish(), usage=usage or Usage(self.count_tokens(_text(prompt)), 0, count))


def _request(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    if prompt.form == "transcript":
        return "completions", {"prompt": prompt.text + prompt.prefix}
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    if not prompt.prefix:
        return "chat/completions", {"messages": messages}
    messages.append({"role": "assistant", "content": prompt.prefix})
    continued = {"continue_final_message": True, "add_generation_prompt": False}
    return "chat/completions", {"messages": messages, **continued}


def _text(prompt: Prompt) -> str:
    return "\n".join((*(m.content for m in prompt.messages), prompt.text, prompt.prefix))


def _settings(sampling: Sampling, stops: tuple[str, ...]) -> dict[str, Any]:
    """Only what is switched on: a provider may refuse the terms that OpenAI's interface does not know."""
    sent: dict[str, Any] = {
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }
    optional = {
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "stop": list(stops[:_STOPS_SENT]),
    }
    sent |= {name: value for name, value in optional.items() if value}
    if sampling.repetition_penalty not in (0.0, 1.0):
        sent["repetition_penalty"] = sampling.repetition_penalty
    if sampling.seed is not None:
        sent["seed"] = sampling.seed
    return sent


@contextmanager
def _translated() -> Iterator[None]:
    """What goes wrong on the way, in the words of the seam."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise EngineUnavailable(f"The server cannot be reached: {type(error).__name__}.") from error
    except (httpx.HTTPError, RuntimeError) as error:
        # RuntimeError: the client was closed while the answer came.
        raise EngineFailed(f"The server broke off: {type(error).__name__}.") from error


def _check(answer: httpx.Response) -> None:
    """Raises for an answer that is not a success; its text is not repeated, since it may quote the prompt."""
    if answer.is_success:
        return
    if answer.status_code in (400, 413, 422) and "context" in answer.text.lower():
        raise PromptTooLong(f"The server answered {answer.status_code}: the prompt is longer than its context.")
    if answer.status_code in (401, 403, 404, 429, 502, 503, 504):
        raise EngineUnavailable(f"The server answered {answer.status_code}.")
    raise EngineFailed(f"The server answered {answer.status_code}.")


def _events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """The JSON of each server-sent event. Raises EngineFailed when the stream ends without its end mark."""
    for line in answer.iter_lines():
        if not line.startswith("data:"):
            continue
        payload = line.removeprefix("data:").strip()
        if payload == "[DONE]":
            return
        try:
            event = json.loads(payload)
        except ValueError:
            raise EngineFailed("The server sent an event that is not JSON.") from None
        if not isinstance(event, dict) or "error" in event:
            raise EngineFailed("The server reported an error within its answer.")
        yield event
    raise EngineFailed("The server's answer ended before its end mark.")


def _piece(event: dict[str, Any]) -> str | None:
    """The new text of an event, or None where it carries none."""
    choices = event.get("choices")
    if not choices:
        return None
    choice = choices[0]
    text = choice["delta"].get("content") if "delta" in choice else choice.get("text")
    return text if isinstance(text, str) and text else None


def _probabilities_asked(prompt: Prompt) -> dict[str, Any]:
    if prompt.form == "transcript":
        return {"logprobs": _ALTERNATIVES}
    return {"logprobs": True, "top_logprobs": _ALTERNATIVES}


def _probabilities(event: dict[str, Any]) -> tuple[float | None, tuple[tuple[str, float], ...]]:
    """The log-probability of an event's token and the likeliest in its place; None where it tells not just of one."""
    told = event["choices"][0].get("logprobs") or {}
    if tokens := told.get("content"):  # as /chat/completions tells it
        if len(tokens) != 1:
            return None, ()
        return tokens[0]["logprob"], tuple((_whole(each), each["logprob"]) for each in tokens[0]["top_logprobs"])
    logprobs, likeliest = told.get("token_logprobs") or [], told.get("top_logprobs") or [{}]
    if len(logprobs) != 1 or logprobs[0] is None:
        return None, ()
    return logprobs[0], tuple(sorted((likeliest[0] or {}).items(), key=lambda each: -each[1]))


def _whole(told: dict[str, Any]) -> str:
    """A token's text; empty where its bytes are only a part of a character."""
    try:
        return bytes(told["bytes"]).decode() if told.get("bytes") else str(told["token"])
    except UnicodeDecodeError:
        return ""


def _usage(event: dict[str, Any]) -> Usage | None:
    reported = event.get("usage")
    if not reported:
        return None
    cached = (reported.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return Usage(reported.get("prompt_tokens", 0), cached, reported.get("completion_tokens", 0))
