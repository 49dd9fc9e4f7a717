"""The contenders of benchmarks/generation.py. Each runs the same chats and reports the time of every piece."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import psutil

from benchmarks.chats import Chat
from generation import engine_kinds
from generation.engine import Prompt, Sampling
from generation.engines.batching.tokenizer import ModelTokenizer
from tests.site import ENDS, Site, Visitor

# More than the tokens of a prompt and its reply. A server that reserves room for each person gets this much.
WINDOW = 2048


@dataclass
class Reply:
    """One reply as one person received it. Times are in seconds on the monotonic clock."""

    turn: int  # from 1
    asked: float
    pieces: list[float] = field(default_factory=list)
    text: str = ""
    tokens: int = 0
    cached: int | None = None  # prompt tokens that were not read again; None where nobody says
    queued_ms: int | None = None
    first_token_ms: float | None = None  # at the engine; else the first piece is taken
    end: str = "completed"  # else why not: what the filter found, or the failure's code


class Contender(Protocol):
    name: str

    def __enter__(self) -> "Contender": ...
    def __exit__(self, *error: object) -> None: ...
    def open(self, person: int) -> None: ...  # a new conversation
    def reply(self, person: int, chat: Chat) -> Reply: ...
    def memory_mb(self) -> float: ...


def memory_mb(process: psutil.Process) -> float:
    """Resident megabytes of a process and its descendants. Shared pages count once for each process."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += each.memory_info().rss
    return round(total / 2**20)


# People and their sessions are created in the database, because sign-ups are limited per minute.
_SIGN_IN = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
for number in range({first}, {first} + {people}):
    user = User.objects.create_user(
        username=f"person{{number}}", email=f"person{{number}}@example.test", birth_date="1970-01-01"
    )
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    print("session", session.session_key)
"""


def signed_in(site: Site, people: int, *, first: int = 0) -> list[Visitor]:
    """Creates new people; `first` is the number of the first."""
    visitors = []
    for line in site.manage(
        "shell", "--verbosity", "0", "-c", _SIGN_IN.format(first=first, people=people)
    ).splitlines():
        if line.startswith("session "):
            visitor = Visitor(site)
            visitor.http.cookies.set("sessionid", line.split()[1], domain="127.0.0.1", path="/")
            visitors.append(visitor)
    return visitors


class Product:
    """The whole product: websocket, filter, database, queue, engine. Pieces are cleared sentences."""

    name = "product"

    def __init__(self) -> None:
        self._site = Site(MESSAGES_PER_HOUR="100000", CONCURRENT_REPLIES="32")
        self._visitors: list[Visitor] = []
        self._talks: dict[int, tuple[Any, contextlib.ExitStack]] = {}

    def __enter__(self) -> "Product":
        self._site.start()
        self._persona = str(self._site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
        return self

    def __exit__(self, *error: object) -> None:
        self._close(range(len(self._visitors)))
        self._site.stop()
        self._site.remove()

    def prepare(self, people: int) -> None:
        """Signed-in people without an open conversation."""
        self._close(range(len(self._visitors)))
        have = len(self._visitors)
        if have < people:
            self._visitors += signed_in(self._site, people - have, first=have)

    def open(self, person: int) -> None:
        self._close([person])
        visitor = self._visitors[person]
        held = contextlib.ExitStack()
        self._talks[person] = held.enter_context(visitor.talk(visitor.start_conversation(self._persona))), held

    def _close(self, people: Iterable[int]) -> None:
        for person in people:
            if person in self._talks:
                self._talks.pop(person)[1].close()

    def reply(self, person: int, chat: Chat) -> Reply:
        talk, _ = self._talks[person]
        reply = Reply(chat.turn, time.monotonic())
        talk.say(chat.question)
        while (frame := talk.receive(600))["type"] not in ENDS:
            if frame["type"] == "reply.delta":
                reply.pieces.append(time.monotonic())
                reply.text += frame["text"]
            elif frame["type"] == "error" or frame.get("kind") == "blocked":  # the question itself was not taken
                reply.end = frame.get("code", "withheld")
                return reply
        if frame["type"] == "reply.completed":
            reply.tokens = frame["usage"]["completion_tokens"]
            reply.cached = frame["usage"]["cached_tokens"]
            reply.queued_ms = frame["timing"]["queued_ms"]
            reply.first_token_ms = frame["timing"]["first_token_ms"]
        else:
            reply.end = frame.get("category") or frame.get("code") or frame["type"]
        return reply

    def memory_mb(self) -> float:
        assert self._site.process is not None
        return memory_mb(psutil.Process(self._site.process.pid))


class _Stateless:
    """Every request contains the whole chat."""

    def open(self, person: int) -> None:
        """Does nothing, because no conversation is stored."""


class Ours(_Stateless):
    """One of our engines alone, in this process."""

    def __init__(self, kind: str) -> None:
        self.name = f"engine {kind}"
        self._kind = kind
        self._before = 0.0

    def __enter__(self) -> "Ours":
        self._before = memory_mb(psutil.Process())
        self._engine = engine_kinds.load(self._kind)
        return self

    def __exit__(self, *error: object) -> None:
        self._engine.close()

    def reply(self, person: int, chat: Chat) -> Reply:
        reply = Reply(chat.turn, time.monotonic())
        for token in self._engine.stream(chat.prompt, chat.sampling, lambda: False):
            reply.text += token.text
            if token.usage is None:
                reply.pieces.append(time.monotonic())
            else:
                reply.tokens, reply.cached = token.usage.completion_tokens, token.usage.cached_tokens
        return reply

    def memory_mb(self) -> float:
        return memory_mb(psutil.Process()) - self._before


class _Server(_Stateless, ABC):
    """Another program's server on loopback, used through `/v1/completions` or a similar path."""

    name: str
    path: str

    def __init__(self, folder: Path) -> None:
        """`folder` holds the tokenizer and its template."""
        self._rendered = ModelTokenizer(folder).rendered
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._url = f"http://127.0.0.1:{self._port}"
        self._client = httpx.Client(timeout=600, limits=httpx.Limits(max_connections=100))

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def body(self, prompt: Prompt, sampling: Sampling) -> dict[str, Any]: ...

    @abstractmethod
    def piece(self, event: dict[str, Any], reply: Reply) -> str:
        """The text of an event. Also records its counts."""

    def __enter__(self) -> "_Server":
        self._process = subprocess.Popen(
            self.command(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
        deadline = time.monotonic() + 300
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if self._client.get(f"{self._url}/health").status_code == 200:
                    return self
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not start: {' '.join(self.command())}")
            time.sleep(0.2)

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.wait()

    def reply(self, person: int, chat: Chat) -> Reply:
        reply = Reply(chat.turn, time.monotonic())
        body = self.body(chat.prompt, chat.sampling)
        with self._client.stream("POST", self._url + self.path, json=body) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                if not line.startswith("data: {"):
                    continue
                text = self.piece(json.loads(line[6:]), reply)
                if text:
                    reply.pieces.append(time.monotonic())
                    reply.text += text
        reply.tokens = reply.tokens or len(reply.pieces)
        return reply

    def memory_mb(self) -> float:
        return memory_mb(psutil.Process(self._process.pid))


class LlamaServer(_Server):
    """llama.cpp's server on the same GGUF file: a binary built for this machine, or otherwise xllamacpp's wheel, which
    uses AVX2 and FMA."""

    name = "llama.cpp server"
    path = "/completion"

    def __init__(self, folder: Path, gguf: Path, people: int, binary: Path | None) -> None:
        super().__init__(folder)
        self._gguf, self._people, self._binary = str(gguf), people, binary

    def command(self) -> list[str]:
        people, port, threads = str(self._people), str(self._port), str(len(os.sched_getaffinity(0)))
        if self._binary is None:
            return [sys.executable, "-m", "benchmarks.llama_server", self._gguf, port, people, str(WINDOW), threads]
        return [str(self._binary), "--model", self._gguf, "--host", "127.0.0.1", "--port", port, "--parallel", people,
                "--ctx-size", str(self._people * WINDOW), "--threads", threads, "--threads-batch", threads]  # fmt: skip

    def body(self, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        return {
            "prompt": self._rendered(prompt), "n_predict": sampling.max_tokens, "stream": True,
            "cache_prompt": True, "stop": [*prompt.stop, *sampling.stop], "temperature": sampling.temperature,
            "top_p": sampling.top_p, "min_p": sampling.min_p, "top_k": sampling.top_k,
            "repeat_penalty": sampling.repetition_penalty, "seed": sampling.seed,
        }  # fmt: skip

    def piece(self, event: dict[str, Any], reply: Reply) -> str:
        if event.get("stop"):
            reply.tokens = event["tokens_predicted"]
            reply.cached = event["timings"].get("cache_n")
        return str(event.get("content", ""))


class TransformersServe(_Server):
    """`transformers serve --continuous-batching`, on the model's safetensors."""

    name = "transformers serve"
    path = "/v1/completions"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder

    def command(self) -> list[str]:
        script = str(Path(sys.executable).parent / "transformers")
        return [script, "serve", str(self._folder), "--continuous-batching", "--port", str(self._port),
                "--host", "127.0.0.1", "--dtype", "bfloat16"]  # fmt: skip

    def body(self, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        return {
            "model": str(self._folder), "prompt": self._rendered(prompt), "stream": True,
            "max_tokens": sampling.max_tokens, "temperature": sampling.temperature, "top_p": sampling.top_p,
            "seed": sampling.seed, "stop": [*prompt.stop, *sampling.stop],
        }  # fmt: skip

    def piece(self, event: dict[str, Any], reply: Reply) -> str:
        choices = event.get("choices") or [{}]
        return str(choices[0].get("text") or "")


class PlainGenerate(_Stateless):
    """The library's `generate`, one reply after another."""

    name = "generate"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()

    def __enter__(self) -> "PlainGenerate":
        import torch
        from transformers import AutoModelForCausalLM

        self._before = memory_mb(psutil.Process())
        self._torch = torch
        self._tokenizer = ModelTokenizer(self._folder)
        self._model: Any = AutoModelForCausalLM.from_pretrained(self._folder, dtype=torch.bfloat16).eval()
        return self

    def __exit__(self, *error: object) -> None:
        del self._model

    def reply(self, person: int, chat: Chat) -> Reply:
        reply = Reply(chat.turn, time.monotonic())
        with self._turn, self._torch.inference_mode():
            ids = self._torch.tensor([self._tokenizer.encode(chat.prompt)])
            self._torch.manual_seed(chat.sampling.seed or 0)
            streamer = _Times(reply)
            said = self._model.generate(
                ids, do_sample=True, temperature=chat.sampling.temperature, top_p=chat.sampling.top_p,
                max_new_tokens=chat.sampling.max_tokens, stop_strings=list(chat.prompt.stop) or None,
                tokenizer=self._tokenizer.tokenizer, streamer=streamer,
            )  # fmt: skip
        reply.tokens = said.shape[1] - ids.shape[1]
        reply.text = self._tokenizer.tokenizer.decode(said[0, ids.shape[1] :], skip_special_tokens=True)
        return reply

    def memory_mb(self) -> float:
        return memory_mb(psutil.Process()) - self._before


class _Times:
    """A streamer for `generate`. It receives the prompt, then every token."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._is_prompt = True

    def put(self, _: Any) -> None:
        if not self._is_prompt:
            self._reply.pieces.append(time.monotonic())
        self._is_prompt = False

    def end(self) -> None:
        pass


def run(contender: Contender, chats: Sequence[Sequence[Chat]], turns: int, looking: float) -> tuple[list[Reply], float]:
    """Runs all people at once, each with their chats one after another. A chat has `turns` turns, and the next question
    comes as soon as the reply is complete. Before the first question all look at the page for `looking` seconds.

    The replies, and the seconds from the first question to the last answer.
    """
    replies: list[Reply] = []

    def talk(person: int) -> None:
        for number, chat in enumerate(chats[person]):
            if number:
                contender.open(person)
            for _ in range(turns):
                reply = contender.reply(person, chat)
                replies.append(reply)
                chat.answered(reply.text)

    for person in range(len(chats)):
        contender.open(person)
    time.sleep(looking)
    began = time.monotonic()
    threads = [threading.Thread(target=talk, args=(person,)) for person in range(len(chats))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies, time.monotonic() - began
