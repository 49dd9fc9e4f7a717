"""Any server with OpenAI's HTTP interface: vLLM, SGLang, TGI, Ollama, llama.cpp, a provider.

Prompts in chat form go to `/chat/completions`, transcripts to `/completions`. Both are streamed as
server-sent events. A prefix is sent as the assistant's last message, which such servers continue
(vLLM and SGLang by `continue_final_message`, others by convention).

All answers of an engine are read on one event loop in its own thread. So a silence is measured between
tokens, and other data from the server does not count. A cancelled reply closes its connection at once.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from django.conf import settings

from generation.engine import (
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
    Ranking,
    Sampling,
    Token,
    Usage,
)
from generation.engines import openai_events
from generation.engines.batching.stopping import StopStrings
from generation.engines.openai_events import Event
from generation.engines.remote_choosing import Answers, Item, Put, Refused

_CONNECT_S = 5.0
_HEALTH_S = 10.0
# How often a reply that waits for its next token checks whether it was cancelled.
_LOOK_S = 0.1
# OpenAI's interface takes at most four stop strings. The others are only checked here.
_STOPS_SENT = 4
# The number of most likely tokens that are requested beside the sampled one.
_ALTERNATIVES = 10
# An estimate without the server's tokenizer. No text in any script has more tokens than UTF-8 bytes, and
# English has about a quarter as many. A third is on the safe side, so the prompt fits.
_BYTES_PER_TOKEN = 3
_SEEDS = 2**31
# A server may send what it likes. A longer event is no reply, and only the beginning of an error is read.
_LONGEST_LINE, _LONGEST_ERROR = 1 << 20, 1 << 16

# For instruction-tuned models. They need no penalty, and providers may refuse terms outside OpenAI's interface.
_CHAT_SAMPLING = Sampling(min_p=0.0, repetition_penalty=1.0)


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
        """Raises EngineUnavailable if `base_url` is empty."""
        if not base_url:
            raise EngineUnavailable("The engine has no address.")
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
        self._draws_together = True  # several answers to one request; False when the server was seen not to

    def describe(self) -> EngineInfo:
        return EngineInfo(
            name="openai",
            model=self._model,
            context_length=self._context_length,
            prompt_form=self._form,
            device="remote",
            version="openai-compatible",
            licence="as its operator says",
            sampling=_CHAT_SAMPLING if self._form == "chat" else Sampling(),
        )

    def count_tokens(self, text: str) -> int:
        """An upper estimate for English. The server's own tokenizer is not available here."""
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def health(self) -> Health:
        """Requests one token from the server. Waits at most ten seconds."""
        ok, detail = True, ""
        try:
            self._run(self._request_token()).result()
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
            return  # already closed
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        path, body, stops = self._body(prompt, sampling)
        events: queue.SimpleQueue[Item] = queue.SimpleQueue()
        reading = self._run(self._read(path, body, events.put))
        watch = StopStrings(stops)
        count, usage = 0, None
        try:
            for event in _until_cancelled(events, cancelled):
                usage = event.usage or usage
                for part in event.parts:
                    if part.text is None:
                        continue
                    count += 1
                    # A thought has no text.
                    yield Token(watch.push(part.text), logprob=part.logprob, alternatives=part.alternatives)
                if watch.found or cancelled():
                    break
        finally:
            reading.cancel()
        if not count and not prompt.prefix and not cancelled():
            raise EngineFailed("The server sent an empty answer.")
        estimate = Usage(self.count_tokens(prompt.whole), 0, count, is_estimated=True)
        yield Token(watch.finish(), usage=usage or estimate)

    def stream_ranked(
        self, prompt: Prompt, sampling: Sampling, ranking: Ranking, cancelled: Callable[[], bool]
    ) -> Iterator[Token]:
        if sampling.temperature <= 0:  # all candidates would be the same
            yield from self.stream(prompt, sampling, cancelled)
            return
        path, body, stops = self._body(prompt, sampling)

        def ask(count: int, number: int, put: Put) -> "Future[None]":
            several = {"n": count} if count > 1 else {}
            seed = {} if sampling.seed is None else {"seed": (sampling.seed + number) % _SEEDS}
            return self._run(self._read(path, body | several | seed, put))

        together = self._draws_together
        answers = Answers(ask, sampling.candidates, together=together, stops=stops, ranking=ranking, look_s=_LOOK_S)
        chosen = None
        try:
            if drawn := answers.draw(cancelled):
                chosen, choice = answers.choose(drawn, prompt.prefix)
                yield from answers.stream(chosen, choice, cancelled)
        finally:
            answers.close()
            self._draws_together = self._draws_together and answers.together
        if chosen is not None and not chosen.tokens and not prompt.prefix:
            raise EngineFailed("The server sent an empty answer.")
        yield Token(chosen.rest if chosen else "", usage=answers.usage(chosen, self.count_tokens(prompt.whole)))

    def _body(self, prompt: Prompt, sampling: Sampling) -> tuple[str, dict[str, Any], tuple[str, ...]]:
        """The path and body of the request for a reply, and its stop strings."""
        stops = (*prompt.stop, *sampling.stop)
        path, body = _request(prompt)
        body |= _settings(sampling, stops) | {"model": self._model}
        if settings.OPENAI_LOGPROBS:
            body |= _probabilities_requested(prompt)
        return path, body, stops

    def _run(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise EngineUnavailable("The engine is closed.") from None

    async def _read(self, path: str, body: dict[str, Any], put: Put) -> None:
        """Puts each event of an answer, then its end. Cancellation closes the connection."""
        outcome: Item = EngineFailed("The answer was cancelled.")
        try:
            async with (
                _translated(),
                asyncio.timeout(self._first_token_s) as patience,
                self._client.stream("POST", path, json=body) as answer,
            ):
                await _check(answer)
                async for event in _events(answer):
                    if event.has_token:
                        patience.reschedule(self._loop.time() + self._between_tokens_s)
                    put(event)
            outcome = None
        except EngineError as error:
            outcome = error
        finally:
            put(outcome)

    async def _request_token(self) -> None:
        path, body = _request(
            Prompt("transcript", text="Hello")
            if self._form == "transcript"
            else Prompt("chat", messages=(PromptMessage("user", "Hello"),))
        )
        async with _translated(), asyncio.timeout(_HEALTH_S):
            body |= {"model": self._model, "max_tokens": 1}
            async with self._client.stream("POST", path, json=body) as answer:
                await _check(answer)

    async def _hang_up(self) -> None:
        """Cancels all running answers, which end with EngineFailed, and closes the client."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()


def _until_cancelled(events: "queue.SimpleQueue[Item]", cancelled: Callable[[], bool]) -> Iterator[Event]:
    """The events of an answer, to its end or soon after `cancelled` returns True. Raises the answer's error."""
    while not cancelled():
        try:
            event = events.get(timeout=_LOOK_S)
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
    """Only the terms that are switched on, because a provider may refuse terms outside OpenAI's interface."""
    body: dict[str, Any] = {
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
    body |= {name: value for name, value in optional.items() if value}
    if sampling.repetition_penalty not in (0.0, 1.0):
        body["repetition_penalty"] = sampling.repetition_penalty
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    return body


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Translates errors of the connection into EngineError."""
    try:
        yield
    except TimeoutError as error:
        raise EngineSilent("The server sent nothing within its time limit.") from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise EngineUnavailable(f"The server cannot be reached: {type(error).__name__}.") from error
    except httpx.HTTPError as error:
        raise EngineFailed(f"The connection to the server broke: {type(error).__name__}.") from error


async def _check(answer: httpx.Response) -> None:
    """Raises EngineError for a failed answer. Its text is left out of the error, because it may quote the prompt."""
    if answer.is_success:
        return
    text = (await _beginning(answer)).lower()
    if answer.status_code in (400, 413, 422) and "context" in text:
        raise PromptTooLong(f"The server answered {answer.status_code}: the prompt is longer than its context.")
    if answer.status_code in (401, 403, 404, 429, 502, 503, 504):
        raise EngineUnavailable(f"The server answered {answer.status_code}.")
    if answer.status_code in (400, 422, 501):
        raise Refused(f"The server answered {answer.status_code}.")
    raise EngineFailed(f"The server answered {answer.status_code}.")


async def _beginning(answer: httpx.Response) -> str:
    """The first LONGEST_ERROR bytes of an answer, as text."""
    async for part in answer.aiter_bytes(_LONGEST_ERROR):
        return part.decode(errors="replace")
    return ""


async def _lines(answer: httpx.Response) -> AsyncIterator[str]:
    """The lines without their ends. Raises EngineFailed for a line that is too long to keep."""
    parts: list[str] = []
    size = 0
    async for text in answer.aiter_text():
        first, *others = text.split("\n")
        parts.append(first)
        size += len(first)
        for part in others:
            yield "".join(parts).rstrip("\r")
            parts, size = [part], len(part)
        if size > _LONGEST_LINE:
            raise EngineFailed(f"The server sent a line of more than {_LONGEST_LINE:,} characters.")
    yield "".join(parts)


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    """Each server-sent event. Raises EngineFailed when the stream ends without its end mark."""
    async for line in _lines(answer):
        if not line.startswith("data:"):
            continue
        payload = line.removeprefix("data:").strip()
        if payload == "[DONE]":
            return
        yield openai_events.read(payload)
    raise EngineFailed("The server's answer ended before its end mark.")


def _probabilities_requested(prompt: Prompt) -> dict[str, Any]:
    if prompt.form == "transcript":
        return {"logprobs": _ALTERNATIVES}
    return {"logprobs": True, "top_logprobs": _ALTERNATIVES}
