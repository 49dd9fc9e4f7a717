"""Keys, a client that sends them, and an engine that speaks from a script, in this process."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from api import completions, keys, queueing
from generation.engine import EngineInfo, Token, Usage
from generation.jobs import worker
from generation.routing import router

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


class ApiClient:
    """Speaks HTTP with the views, without a server."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def get(self, path: str) -> Any:
        return Client().get(f"/v1/{path}", headers=self._headers)

    def post(self, path: str, body: Any) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body)
        return Client().post(f"/v1/{path}", raw, content_type="application/json", headers=self._headers)

    def events(self, path: str, body: dict[str, Any]) -> list[Any]:
        """The data of every server-sent event."""

        async def read() -> bytes:
            answer = await AsyncClient().post(
                f"/v1/{path}",
                json.dumps(body | {"stream": True}),
                content_type="application/json",
                headers=self._headers,
            )
            assert answer.status_code == 200, answer.content
            return b"".join([part async for part in answer.streaming_content])

        sent = [line.removeprefix("data: ") for line in async_to_sync(read)().decode().split("\n\n") if line]
        return [each if each == "[DONE]" else json.loads(each) for each in sent]

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture
def client_of() -> Callable[..., ApiClient]:
    """A client with a new key of this person."""

    def make(user: Any, scopes: Any = None, **limits: int) -> ApiClient:
        _, secret = keys.create(user=user, label="test", scopes=scopes or keys.scopes_for(user), **limits)
        return ApiClient(secret)

    return make


@pytest.fixture
def alices(alice: Any, client_of: Callable[..., ApiClient]) -> ApiClient:
    return client_of(alice)


@pytest.fixture(autouse=True)
def inline(monkeypatch: Any) -> None:
    """Jobs are done at once, by the code of the worker, where they are handed over."""
    monkeypatch.setattr(queueing, "hand_over", lambda job_ids, account: list(map(completions.produce, job_ids)))


@pytest.fixture(autouse=True)
def monitored(monkeypatch: Any) -> list[str]:
    """Ids of the jobs that were handed to the monitor."""
    handed: list[str] = []
    monkeypatch.setattr(queueing, "have_monitored", lambda job_id: handed.append(str(job_id)))
    return handed


@pytest.fixture
def speak(monkeypatch: Any) -> Callable[..., list[Any]]:
    """Lets the engine say these pieces, an exception among them is raised; returns the prompts that it gets."""
    prompts: list[Any] = []

    def speak(*pieces: Any, info: EngineInfo = INFO) -> list[Any]:
        def scripted(build: Any, cancelled: Any, announce: Any, **_: Any) -> Iterator[Token]:
            prompts.append(build(info, lambda text: len(text.split())))
            announce(info, "")
            for number, piece in enumerate(pieces, 1):
                if isinstance(piece, Exception):
                    raise piece
                yield Token(piece, number, -0.5, ((piece, -0.5), (" other", -1.5)))
            yield Token("", usage=Usage(7, 2, len(pieces)))

        monkeypatch.setattr(router, "stream", scripted)
        monkeypatch.setattr(worker, "beats", lambda: [{"engines": [{"model": info.model, "ok": True}]}])
        return prompts

    return speak
