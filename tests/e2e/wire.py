"""A conversation's page in Chromium, with the server's end of its websocket in the test's hands.

The page, its static files and its thread come from Django itself; only the stream is scripted, with
frames of chat.socket.protocol, so that cuts, repetitions and lapsed attempts come exactly when a test wants them.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.contrib.staticfiles import finders
from playwright.sync_api import Page, Request, Route, WebSocketRoute

from chat.socket.protocol import Frame
from tests.waiting import wait_until

ORIGIN = "http://afterword.test"
PAGES = re.compile(f"{ORIGIN}/(?!static/)")


@contextmanager
def static_files() -> Iterator[str]:
    """Serves the static files of ORIGIN, and yields the address. To answer for each in Playwright costs more."""
    missing: list[str] = []

    class StaticFiles(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def translate_path(self, path: str) -> str:
            address = urlsplit(path).path
            if not address.startswith("/static/"):  # the browser's own question for an icon
                return ""
            found = finders.find(address.removeprefix("/static/"))
            if not found:
                missing.append(address)
            return str(found or "")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), StaticFiles) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
    assert not missing, f"Pages asked for files that are not there: {missing}"


class Wire:
    """Opens the page of one conversation and plays the server of its websocket."""

    def __init__(self, page: Page, conversation_id: UUID, get: Callable[[str], tuple[int, str]]) -> None:
        self.page = page
        self.path = f"/conversations/{conversation_id}/"
        self.get = get
        # Playwright's callbacks run in contexts of their own, where Django would open another connection.
        self.context = copy_context()
        self.sockets: list[WebSocketRoute] = []
        self.received: list[dict[str, Any]] = []
        self.is_down = False
        self._offset = 0
        page.route(PAGES, self._answer)
        page.route_web_socket("**/ws/**", self._connected)

    def open(self) -> None:
        self.page.goto(ORIGIN + self.path)
        if not self.is_down:
            self.wait_for_socket(len(self.sockets) or 1)

    def send(self, *frames: Frame, offset: str = "") -> None:
        """Frames as the consumer forwards them from the stream, each with the next offset."""
        for frame in frames:
            self._offset += 1
            stamped = {"offset": offset or f"1800000000000-{self._offset}", **frame.model_dump(mode="json")}
            self.sockets[-1].send(json.dumps(stamped))

    def answer(self, frame: Frame) -> None:
        """A frame for this socket alone, without an offset."""
        self.sockets[-1].send(frame.model_dump_json())

    def cut(self) -> None:
        self.sockets[-1].close(code=1012, reason="restart")

    def wait_for_socket(self, count: int) -> None:
        self._wait(lambda: len(self.sockets) >= count, f"{len(self.sockets)} of {count} sockets were opened.")

    def wait_for(self, frame_type: str, count: int = 1) -> list[dict[str, Any]]:
        """The frames of this type that the browser sent, once there are as many."""
        self._wait(lambda: len(self._of(frame_type)) >= count, f"The browser sent {self.received}.")
        return self._of(frame_type)

    def wait_until(self, expression: str) -> None:
        """Waits for a JavaScript expression to be true."""
        self._wait(lambda: bool(self.page.evaluate(expression)), f"Never true: {expression}")

    def after(self) -> str:
        """The offset that the newest socket asked to resume from."""
        return parse_qs(urlsplit(self.sockets[-1].url).query)["after"][0]

    def _of(self, frame_type: str) -> list[dict[str, Any]]:
        return [frame for frame in self.received if frame["type"] == frame_type]

    def _wait(self, condition: Callable[[], bool], explanation: str) -> None:
        def turned() -> bool:
            self.page.wait_for_timeout(20)  # lets Playwright deliver what has come
            return condition()

        wait_until(turned, explain=lambda: explanation)

    def _connected(self, socket: WebSocketRoute) -> None:
        if self.is_down:
            socket.close(code=1013, reason="away")
            return
        self.sockets.append(socket)
        socket.on_message(lambda message: self.received.append(json.loads(message)))

    def _answer(self, route: Route, request: Request) -> None:
        address = urlsplit(request.url)
        path = address.path
        if request.method == "GET":
            status, html = self.context.run(self.get, f"{path}?{address.query}")
            route.fulfill(status=status, body=html, content_type="text/html; charset=utf-8")
        else:
            route.fulfill(status=204)
