"""A local server that speaks OpenAI's HTTP interface, with scenarios named in its address.

`server.url("ok")` answers "One two three four five." word by word; "cuts_off" closes the connection
after two words; "slow" says one word and then waits until the client leaves; "error_500" fails;
"empty" ends its answer without a word; "too_long" says that the prompt does not fit.
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
    port: int
    requests: list[dict[str, Any]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)  # a client hung up on "slow"

    def url(self, scenario: str) -> str:
        return f"http://127.0.0.1:{self.port}/{scenario}/v1"


@contextmanager
def running() -> Iterator[ModelServer]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    http.model_server = ModelServer(http.server_address[1])  # type: ignore[attr-defined]
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
            self._stream(scenario, tells=bool(body.get("logprobs")))

    def _stream(self, scenario: str, *, tells: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        words = {"empty": (), "cuts_off": WORDS[:2], "slow": WORDS[:1]}.get(scenario, WORDS)
        for word in words:
            chat = {"delta": {"content": word}} if "chat" in self.path else {"text": word}
            self._event({"choices": [{"index": 0, **chat, **(self._told(word) if tells else {})}]})
        if scenario == "cuts_off":
            return
        if scenario == "slow":
            self.connection.recv(1)  # until the client hangs up
            self.server.model_server.left.set()  # type: ignore[attr-defined]
            return
        details = {"prompt_tokens_details": {"cached_tokens": 4}}
        self._event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(words), **details}})
        self.wfile.write(b"data: [DONE]\n\n")

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

    def _json(self, status: int, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        pass
