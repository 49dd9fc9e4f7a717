"""A fake of a server with OpenAI's interface that gives several answers to a prompt. There is no model in it.

Answer number k of all that were requested since `give` says the words of `answers[k]`. Among the words, HOLD waits for
`go`. HANG lets those that HOLD go on, and waits until the client leaves. An HTTP status in place of an answer refuses
that request.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import zip_longest
from typing import Any, Literal

HOLD, HANG = "\0hold", "\0hang"
PROMPT_TOKENS = 7

Answer = Sequence[str] | int


@dataclass
class AnsweringServer:
    url: str
    draws: Literal["together", "one", "never"] = "together"  # "one" ignores `n`, "never" refuses it
    answers: Sequence[Answer] = ()
    reported: int | None = None  # tokens in the usage; None: those of all answers
    requests: list[dict[str, Any]] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))  # clients that left a HANG
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _given: int = 0

    def give(self, *answers: Answer, draws: Literal["together", "one", "never"] = "together") -> None:
        self.answers, self.draws, self._given = answers, draws, 0
        self.requests.clear()
        self.go.clear()
        self.left = threading.Semaphore(0)

    def next_answers(self, count: int) -> list[Answer]:
        with self._lock:
            numbers = range(self._given, self._given + count)
            self._given += count
        return [self.answers[number % len(self.answers)] for number in numbers]


@contextmanager
def running() -> Iterator[AnsweringServer]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    http.server = AnsweringServer(f"http://127.0.0.1:{http.server_address[1]}/v1")  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield http.server  # type: ignore[attr-defined]
    finally:
        http.shutdown()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.far: AnsweringServer = self.server.server  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.far.requests.append(body)
        count = int(body.get("n", 1))
        if count > 1 and self.far.draws == "never":
            self._refuse(400)
            return
        answers = self.far.next_answers(count if self.far.draws == "together" else 1)
        statuses = [answer for answer in answers if isinstance(answer, int)]
        if statuses:
            self._refuse(statuses[0])
            return
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has left
            self._stream([answer for answer in answers if not isinstance(answer, int)], bool(body.get("logprobs")))

    def _stream(self, answers: list[Sequence[str]], tells: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        written = 0
        for words in zip_longest(*answers):
            for index, word in enumerate(words):
                if word == HANG:
                    self.far.go.set()
                    self._wait_until_left()
                    return
                if word == HOLD:
                    self.far.go.wait(60)
                elif word is not None:
                    told = {"logprobs": {"content": [_told(word)]}} if tells else {}
                    self._event({"choices": [{"index": index, "delta": {"content": word}, **told}]})
                    written += 1
        for index in range(len(answers)):
            self._event({"choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]})
        self._event(
            {
                "choices": [],
                "usage": {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": self.far.reported or written},
            }
        )
        self.wfile.write(b"data: [DONE]\n\n")

    def _wait_until_left(self) -> None:
        with suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True
        self.far.left.release()

    def _event(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def _refuse(self, status: int) -> None:
        payload = json.dumps({"error": {"message": "no"}}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _told(word: str) -> dict[str, Any]:
    """A longer word is less likely."""
    return {"token": word, "logprob": -len(word) / 10, "top_logprobs": []}
