"""A local server that speaks OpenAI's HTTP interface, with scenarios named in its address.

`server.url("ok")` answers "One two three four five." word by word; "cuts_off" closes the connection
after two words; "slow" says one word and then waits until the client leaves; "error_500" fails;
"empty" ends its answer without a word; "too_long" says that the prompt does not fit; "held" says one
word and keeps the others until `go` is set.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = ("One", " two", " three", " four", " five.")


@dataclass
class ModelServer:
    host: str
    port: int
    requests: list[dict[str, Any]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)  # a client hung up on "slow"
    go: threading.Event = field(default_factory=threading.Event)
    held: int = 0  # answers of "held" that wait for `go`

    def url(self, scenario: str) -> str:
        return f"http://{self.host}:{self.port}/{scenario}/v1"


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


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        scenario = self.path.split("/")[1]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.model_server.requests.append({"path": self.path, **body})  # type: ignore[attr-defined]
        if scenario == "error_500":
            self._refuse(500, "something broke")
        elif scenario == "too_long":
            self._refuse(400, "This model's maximum context length is 8 tokens.")
        elif not body.get("stream"):
            self._json(200, {"choices": [{"text": "One"}]})
        else:
            self._stream(scenario)

    def _stream(self, scenario: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        words = {"empty": (), "cuts_off": WORDS[:2], "slow": WORDS[:1]}.get(scenario, WORDS)
        for number, word in enumerate(words):
            if scenario == "held" and number == 1:
                self._hold()
            chat = {"delta": {"content": word}} if "chat" in self.path else {"text": word}
            self._event({"choices": [{"index": 0, **chat}]})
        if scenario == "cuts_off":
            return
        if scenario == "slow":
            self.connection.recv(1)  # until the client hangs up
            self.server.model_server.left.set()  # type: ignore[attr-defined]
            return
        details = {"prompt_tokens_details": {"cached_tokens": 4}}
        self._event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(words), **details}})
        self.wfile.write(b"data: [DONE]\n\n")

    def _hold(self) -> None:
        server = self.server.model_server  # type: ignore[attr-defined]
        server.held += 1
        server.go.wait(60)

    def _event(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def _refuse(self, status: int, message: str) -> None:
        self._json(status, {"error": {"message": message}})

    def _json(self, status: int, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        pass
