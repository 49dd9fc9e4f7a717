"""Any server that speaks OpenAI's HTTP interface: vLLM, SGLang, TGI, Ollama, llama.cpp, a provider.

`/chat/completions` for prompts in chat form, `/completions` for transcripts, both streamed as
server-sent events. A prefix is the assistant's own last message, which such servers continue
(vLLM and SGLang by `continue_final_message`, others by convention).

All answers of an engine are read on one event loop in a thread of its own. So a silence is measured
between tokens, whatever else the server sends meanwhile, and a reply that is left hangs up at once.

What a server sends apart as the model's thoughts is counted as tokens and as a sign of life, and is never text.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from django.conf import settings

from generation.engines.base import (
    EngineError,
    EngineFailed,
    EngineInfo,
    EngineSilent,
    EngineUnavailable,
    Health,
    Prompt,
    PromptForm,
    PromptMessage,
    PromptTooLong,
    Sampling,
    Token,
    Usage,
)
from generation.engines.batching.stopping import StopStrings
from text import cleaning

_CONNECT_S = 5.0
_HEALTH_S = 10.0
# How often a reply that waits for its next token looks whether it was cancelled.
_LOOK_S = 0.1
# OpenAI's interface takes four stop strings at most; the rest is watched for here.
_STOPS_SENT = 4
# The likeliest tokens that are asked for beside the one that was drawn.
_ALTERNATIVES = 10
# Without the server's tokenizer: no text in any script has more tokens than UTF-8 bytes, and
# English has about a quarter. A third errs on the side of a prompt that fits.
_BYTES_PER_TOKEN = 3
_MOST_TOKENS = 2**31 - 1  # that a column holds

# The fields in which servers send what a model thinks.
_THOUGHTS = ("reasoning_content", "reasoning")

# What the loop hands over: an event, the error that ended the answer, or None at its end.
_Heard = dict[str, Any] | EngineError | None


class OpenAICompatibleEngine:
    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        context_length: int = 8192,
        prompt_form: PromptForm = "chat",
        first_token_s: float = 60,
        between_tokens_s: float = 20,
    ) -> None:
        """Raises EngineUnavailable without an address."""
        if not base_url:
            raise EngineUnavailable("It has no address.")
        self._model = model
        self._context_length = context_length
        self._form = prompt_form
        self._first_token_s, self._between_tokens_s = first_token_s, between_tokens_s
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx.Timeout(None, connect=_CONNECT_S),
            limits=httpx.Limits(max_connections=None),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="remote-engine", daemon=True)
        self._thread.start()
        self._health = Health(ok=True, since=datetime.now(UTC))

    def describe(self) -> EngineInfo:
        return EngineInfo(
            name="openai",
            model=self._model,
            context_length=self._context_length,
            prompt_form=self._form,
            device="remote",
            version="openai-compatible",
            licence="as its operator says",
        )

    def count_tokens(self, text: str) -> int:
        """An estimate from above for English; the server's own tokenizer is not here."""
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def health(self) -> Health:
        """Asks the server for one token, for ten seconds at most."""
        ok, detail = True, ""
        try:
            self._run(self._asked_for_a_token()).result()
        except EngineError as error:
            ok, detail = False, str(error)
        if (ok, detail) != (self._health.ok, self._health.detail):
            since = datetime.now(UTC) if ok != self._health.ok else self._health.since
            self._health = Health(ok=ok, detail=detail, since=since)
        return self._health

    def close(self) -> None:
        try:
            self._run(self._hang_up()).result()
        except EngineUnavailable:
            return  # closed before
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        stops = (*prompt.stop, *sampling.stop)
        path, body = _request(prompt)
        body |= _settings(sampling, stops) | {"model": self._model}
        if settings.OPENAI_LOGPROBS:
            body |= _probabilities_asked(prompt)
        heard: queue.SimpleQueue[_Heard] = queue.SimpleQueue()
        reading = self._run(self._read(path, body, heard))
        watch = StopStrings(stops)
        count, usage = 0, None
        try:
            for event in _until_cancelled(heard, cancelled):
                with _in_shape():
                    usage = _usage(event) or usage
                    piece = _piece(event)
                    logprob, alternatives = _probabilities(event) if piece is not None else (None, ())
                if piece is None:
                    continue
                count += 1
                if not piece:  # a thought
                    yield Token("")
                    continue
                yield Token(watch.push(piece), logprob=logprob, alternatives=alternatives)
                if watch.found or cancelled():
                    break
        finally:
            reading.cancel()
        if not count and not prompt.prefix and not cancelled():
            raise EngineFailed("The server answered without a word.")
        estimate = Usage(self.count_tokens(prompt.whole), 0, count, is_estimated=True)
        yield Token(watch.finish(), usage=usage or estimate)

    def _run(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise EngineUnavailable("The engine is closed.") from None

    async def _read(self, path: str, body: dict[str, Any], heard: "queue.SimpleQueue[_Heard]") -> None:
        """Hands over each event of an answer, then how it ended. Cancelling it hangs up."""
        outcome: _Heard = EngineFailed("The answer was given up.")
        try:
            async with (
                _translated(),
                asyncio.timeout(self._first_token_s) as patience,
                self._client.stream("POST", path, json=body) as answer,
            ):
                await _check(answer)
                async for event in _events(answer):
                    with _in_shape():
                        is_word = _piece(event) is not None
                    if is_word:
                        patience.reschedule(self._loop.time() + self._between_tokens_s)
                    heard.put(event)
            outcome = None
        except EngineError as error:
            outcome = error
        finally:
            heard.put(outcome)

    async def _asked_for_a_token(self) -> None:
        path, body = _request(
            Prompt("transcript", text="Hello")
            if self._form == "transcript"
            else Prompt("chat", messages=(PromptMessage("user", "Hello"),))
        )
        async with _translated(), asyncio.timeout(_HEALTH_S):
            await _check(await self._client.post(path, json={"model": self._model, "max_tokens": 1, **body}))

    async def _hang_up(self) -> None:
        """Ends what is being read; those who wait for it hear that the engine was closed."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()


def _until_cancelled(heard: "queue.SimpleQueue[_Heard]", cancelled: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """The events of an answer, to its end or soon after `cancelled` says so. Raises the error that ended it."""
    while not cancelled():
        try:
            event = heard.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        if event is None:
            return
        if isinstance(event, EngineError):
            raise event
        yield event


def _request(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    if prompt.form == "transcript":
        return "completions", {"prompt": prompt.text + prompt.prefix}
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    if not prompt.prefix:
        return "chat/completions", {"messages": messages}
    messages.append({"role": "assistant", "content": prompt.prefix})
    continued = {"continue_final_message": True, "add_generation_prompt": False}
    return "chat/completions", {"messages": messages, **continued}


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


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """What goes wrong on the way, in the words of the seam."""
    try:
        yield
    except TimeoutError as error:
        raise EngineSilent("The server fell silent.") from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise EngineUnavailable(f"The server cannot be reached: {type(error).__name__}.") from error
    except httpx.HTTPError as error:
        raise EngineFailed(f"The server broke off: {type(error).__name__}.") from error


async def _check(answer: httpx.Response) -> None:
    """Raises for an answer that is not a success; its text is not repeated, since it may quote the prompt."""
    if answer.is_success:
        return
    text = (await answer.aread()).decode(errors="replace").lower()
    if answer.status_code in (400, 413, 422) and "context" in text:
        raise PromptTooLong(f"The server answered {answer.status_code}: the prompt is longer than its context.")
    if answer.status_code in (401, 403, 404, 429, 502, 503, 504):
        raise EngineUnavailable(f"The server answered {answer.status_code}.")
    raise EngineFailed(f"The server answered {answer.status_code}.")


async def _events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The JSON of each server-sent event. Raises EngineFailed when the stream ends without its end mark."""
    async for line in answer.aiter_lines():
        if not line.startswith("data:"):
            continue
        payload = line.removeprefix("data:").strip()
        if payload == "[DONE]":
            return
        try:
            event = cleaning.parsed_json(payload)
        except cleaning.BadJSON as error:
            raise EngineFailed(f"The server sent an event that cannot be read. {error}") from None
        if not isinstance(event, dict) or "error" in event:
            raise EngineFailed("The server reported an error within its answer.")
        yield event
    raise EngineFailed("The server's answer ended before its end mark.")


@contextmanager
def _in_shape() -> Iterator[None]:
    """Around the reading of an event that a server may have made in any shape."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise EngineFailed(f"The server sent an event of an unknown shape ({type(error).__name__}).") from None


def _piece(event: dict[str, Any]) -> str | None:
    """The new text of an event, empty where it carries a thought alone, or None where it carries neither."""
    choices = event.get("choices")
    if not choices:
        return None
    said = choices[0].get("delta", choices[0])
    text = said.get("content") if "delta" in choices[0] else said.get("text")
    if isinstance(text, str) and text:
        return text
    return "" if any(said.get(name) for name in _THOUGHTS) else None


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
        likely = tuple((_whole(each), float(each["logprob"])) for each in tokens[0]["top_logprobs"])
        return float(tokens[0]["logprob"]), likely
    logprobs, likeliest = told.get("token_logprobs") or [], told.get("top_logprobs") or [{}]
    if len(logprobs) != 1 or logprobs[0] is None:
        return None, ()
    known = ((text, float(value)) for text, value in (likeliest[0] or {}).items())
    return float(logprobs[0]), tuple(sorted(known, key=lambda each: -each[1]))


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
    return Usage(_count(reported.get("prompt_tokens", 0)), _count(cached), _count(reported.get("completion_tokens", 0)))


def _count(told: Any) -> int:
    count = int(told)
    if not 0 <= count <= _MOST_TOKENS:
        raise ValueError("no count of tokens")
    return count
