"""A local server that speaks OpenAI's HTTP interface and dies on cue: it stands for a provider, with no model in it.

The scenario is named in the address: `server.url("ok")` answers "One two three four five." word by word.

ok           answers; "uncounted" the same without saying the usage
thinks       sends thoughts apart, for longer than "between tokens" of the tests, then answers; "only_thinks" does not
cuts_off     closes the connection after two words
held         says one word and keeps the others until `go` is set
slow         says one word, then nothing until the client leaves
pings        the same, with comments all the while, as providers keep connections open
mute         takes the request and never answers
endless_line  sends an event that has no end; "endless_error" fails with such a text
shapeless    sends an event that is JSON and nothing else that is agreed
empty        ends its answer without a word
error_500    fails; "busy_429" has no room; "too_long" says that the prompt does not fit
locked       lists its models to everybody and wants a key for an answer, as llama.cpp does

Asked for its models, it lists "words". These answer otherwise:

several      lists two; "bare" lists none; "unnamed" lists one without a name
guarded      wants a key
page         sends a page of HTML; "array" sends JSON of another shape
endless      never stops sending; "drips" sends a byte now and then
redirects    sends the request on to "ok"

`server.become(scenario)` changes what "now" in an address does, so that a server can die and recover.
`server.words` is what it says.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = ("One", " two", " three", " four", " five.")


@dataclass
class ModelServer:
    host: str
    port: int
    words: tuple[str, ...] = WORDS
    now: str = "ok"
    event: Any = None  # what "shapeless" sends
    requests: list[dict[str, Any]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)  # a client hung up on a silence
    go: threading.Event = field(default_factory=threading.Event)
    held: int = 0  # answers of "held" that wait for `go`
    keys: list[str] = field(default_factory=list)  # the header Authorization of each request for the models

    def url(self, scenario: str) -> str:
        return f"http://{self.host}:{self.port}/{scenario}/v1"

    def become(self, scenario: str) -> None:
        self.now = scenario

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The requests for replies; health checks are left out."""
        return [request for request in self.requests if request.get("stream")]


@contextmanager
def running(host: str = "127.0.0.1") -> Iterator[ModelServer]:
    http = ThreadingHTTPServer((host, 0), _Handler)
    http.daemon_threads = True
    http.model_server = ModelServer(host, http.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield http.model_server  # type: ignore[attr-defined]
    finally:
        http.shutdown()
        http.server_close()


LISTS: dict[str, Any] = {
    "several": {"data": [{"id": "words"}, {"id": "more/words-8b"}]},
    "bare": {"data": []},
    "unnamed": {"data": [{"object": "model"}]},
    "array": [1, 2, 3],
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        far: ModelServer = self.server.model_server  # type: ignore[attr-defined]
        far.keys.append(self.headers.get("Authorization", ""))
        scenario = self.path.split("/")[1]
        if scenario == "guarded":
            self._refuse(401, "a key, please")
        elif scenario == "redirects":
            self.send_response(302)
            self.send_header("Location", far.url("ok") + "/models")
            self.end_headers()
        elif scenario == "page":
            self._send(200, "text/html", b"<!doctype html><title>A router</title>")
        elif scenario in {"endless", "drips"}:
            self._never_ends(pause=0.05 if scenario == "drips" else 0)
        else:
            usual = {"data": [{"id": "words", "max_model_len": 2048, "meta": {"n_params": 1_500_000_000}}]}
            self._json(200, LISTS.get(scenario, usual))

    def _never_ends(self, *, pause: float, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" " if pause else b" " * 65536)
                time.sleep(pause)

    def do_POST(self) -> None:
        self.far: ModelServer = self.server.model_server  # type: ignore[attr-defined]
        scenario = self.path.split("/")[1]
        if scenario == "now":
            scenario = self.far.now
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.far.requests.append({"path": self.path, **body})
        if scenario == "error_500":
            self._refuse(500, "something broke")
        elif scenario in {"endless_line", "endless_error"}:
            self._never_ends(pause=0, status=200 if scenario == "endless_line" else 500)
        elif scenario == "busy_429":
            self._refuse(429, "too many requests")
        elif scenario == "too_long":
            self._refuse(400, "This model's maximum context length is 8 tokens.")
        elif scenario == "locked" and self.headers.get("Authorization") != "Bearer right":
            self._refuse(401, "a key, please")
        elif scenario == "mute":
            self._wait_until_left()
        elif not body.get("stream"):
            self._json(200, {"choices": [{"text": "One"}]})
        else:
            with suppress(BrokenPipeError, ConnectionResetError):  # the client has heard enough
                self._stream(scenario, tells=bool(body.get("logprobs")))

    def _stream(self, scenario: str, *, tells: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        words = self.far.words
        if scenario == "shapeless":
            self._event(self.far.event)
        if scenario in {"thinks", "only_thinks"}:
            for name in ("reasoning_content", "reasoning") * 4:
                self._event({"choices": [{"index": 0, "delta": {"content": None, name: "a secret thought"}}]})
                time.sleep(0.15)
        said = {"empty": (), "only_thinks": (), "cuts_off": words[:2], "slow": words[:1], "pings": words[:1]}.get(
            scenario, words
        )
        for number, word in enumerate(said):
            if scenario == "held" and number == 1:
                self._hold()
            chat = {"delta": {"content": word}} if "chat" in self.path else {"text": word}
            self._event({"choices": [{"index": 0, **chat, **(self._told(word) if tells else {})}]})
        if scenario == "cuts_off":
            return
        if scenario in {"slow", "pings"}:
            self._wait_until_left(pings=scenario == "pings")
            return
        if scenario != "uncounted":
            details = {"prompt_tokens_details": {"cached_tokens": 4}}
            self._event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(said), **details}})
        self.wfile.write(b"data: [DONE]\n\n")

    def _wait_until_left(self, *, pings: bool = False) -> None:
        with suppress(OSError):
            while pings:
                self.wfile.write(b": still here\n\n")
                time.sleep(0.05)
            self.connection.recv(1)
        self.close_connection = True
        self.far.left.set()

    def _hold(self) -> None:
        self.far.held += 1
        self.far.go.wait(60)

    def _told(self, word: str) -> dict[str, Any]:
        """The word at e^-0.5, " other" at e^-1, and the first byte of a Chinese character at e^-3."""
        if "chat" not in self.path:
            likeliest = {" other": -1.0, word: -0.5}
            return {"logprobs": {"tokens": [word], "token_logprobs": [-0.5], "top_logprobs": [likeliest]}}
        words = [(word, -0.5, list(word.encode())), (" other", -1.0, None), ("bytes:\\xe4", -3.0, [0xE4])]
        likeliest = [{"token": token, "logprob": logprob, "bytes": data} for token, logprob, data in words]
        return {"logprobs": {"content": [{**likeliest[0], "top_logprobs": likeliest}]}}

    def _event(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def _refuse(self, status: int, message: str) -> None:
        self._json(status, {"error": {"message": message}})

    def _json(self, status: int, body: Any) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, payload: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        pass
