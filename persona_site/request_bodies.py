"""Limits the size and the duration of a request's body, and refuses it before it is stored.

Daphne 4.2 reads a whole body into memory or a temporary file before it calls the application, and has no limit of
its own. Therefore the limit is in its request class. Covered: bodies with and without Content-Length, slow bodies,
every path. Not covered: the request line and headers, which Twisted bounds (16 KB together, a minute of silence).
"""

import time
from typing import Any

from daphne import http_protocol
from django.conf import settings
from django.http import HttpRequest, parse_cookie
from django.template.loader import render_to_string
from django.utils import translation

PATIENCE_S = 300.0  # for a whole body: 500 MB at 14 Mbit/s
_DRAIN_S = 10.0  # a refused client may go on sending for this long, so that it reads the answer
_FORM = 2 * 1024**2  # the typed fields of a persona, and the separators between its files
_SMALL = 1024**2
_SHORTEST_PAUSE_S = 0.02


def limit_of(path: str) -> int:
    """The most bytes that a request to this path may send."""
    if path.startswith("/personas/new/") and "/uploads/" in path:
        return settings.UPLOAD_PIECE
    if path.startswith("/personas/"):
        return settings.UPLOAD_FORM + _FORM
    if path.startswith("/conversations/import/"):
        return settings.CONVERSATION_FILE_BYTES + _SMALL
    if path.startswith("/v1/"):
        return settings.API_BODY
    return max(_SMALL, 16 * settings.MESSAGE_CHARACTERS)  # in a form, a character takes at most 12 bytes


class Pace:
    """Shares a number of bytes per second among all who send at the same time."""

    def __init__(self, bytes_per_second: float) -> None:
        self._rate = bytes_per_second
        self._free_at = 0.0

    def delay(self, size: int, now: float) -> float:
        """Seconds until the next bytes should be read, after `size` bytes at the time `now`."""
        self._free_at = max(self._free_at, now) + size / self._rate
        return self._free_at - now


# Reading and parsing bodies takes a second of processor time for 25 MB. Without a limit, one person who uploads in a
# loop takes the processor away from everybody's replies.
_PACE = Pace(16 * 1024**2)


class BoundedRequest(http_protocol.WebRequest):
    """Daphne's request. It answers 413 if its body is too long, and 408 if it is too slow.

    Bodies of more than 1 MB are read at the site's pace: the connection is not read from until its turn comes.
    """

    _limit = _received = 0
    _is_refused = False
    _deadline: Any = None
    _turn: Any = None  # the call that reads on after a pause

    def __init__(self, *args: Any, **options: Any) -> None:
        # Django parses forms, in a thread. Twisted would parse each one before that, in the event loop.
        super().__init__(*args, parsePOSTFormSubmission=False, **options)

    def gotLength(self, length: int | None) -> None:
        self._limit = limit_of(self.channel._path.decode("latin-1"))
        if length is not None and length > self._limit:
            super().gotLength(0)
            self._refuse("413 Content Too Large", f"This request has {length:,} bytes; the limit is {self._limit:,}.")
            return
        super().gotLength(length)
        if length != 0:
            self._deadline = self.channel.callLater(PATIENCE_S, self._be_too_slow)

    def handleContentChunk(self, data: bytes) -> None:
        self._received += len(data)
        if self._is_refused:
            return
        if self._received > self._limit:
            sentence = f"This request has more than {self._limit:,} bytes, which is the limit."
            self._refuse("413 Content Too Large", sentence)
            return
        super().handleContentChunk(data)
        if self._received > _SMALL:
            self._pause(_PACE.delay(len(data), time.monotonic()))

    def process(self) -> Any:
        self._stop_waiting()
        return None if self._is_refused else super().process()

    def connectionLost(self, reason: Any) -> None:
        self._stop_waiting()
        super().connectionLost(reason)

    def _pause(self, seconds: float) -> None:
        if seconds >= _SHORTEST_PAUSE_S and self._turn is None:
            self.channel.transport.pauseProducing()
            self._turn = self.channel.callLater(seconds, self._read_on)

    def _read_on(self) -> None:
        self._turn = None
        self.channel.transport.resumeProducing()

    def _be_too_slow(self) -> None:
        self._deadline = None
        self._refuse("408 Request Timeout", f"This request did not arrive within {PATIENCE_S:.0f} seconds.")

    def _refuse(self, status: str, sentence: str) -> None:
        """Answers at once, then discards what the client still sends, and closes after a while."""
        self._is_refused = True
        self._stop_waiting()
        self.requestHeaders.removeHeader(b"Expect")  # the client must not send the body
        page = self.page() if status.startswith("413") else None
        kind, body = ("html", page.encode()) if page else ("plain", f"{sentence}\n".encode())
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        channel = self.channel
        channel.transport.resumeProducing()
        channel.transport.write(head.encode() + body)
        channel.dataReceived = lambda data: None
        channel.setTimeout(None)
        channel.callLater(_DRAIN_S, channel.transport.loseConnection)

    def page(self) -> str | None:
        """What a browser shows of a body that is too long, in the person's language; None for a program."""
        accept, language, cookies = (
            self.requestHeaders.getRawHeaders(name, [""])[0] for name in ("accept", "accept-language", "cookie")
        )
        if "text/html" not in accept:
            return None
        request = HttpRequest()
        request.META["HTTP_ACCEPT_LANGUAGE"] = language
        request.COOKIES = parse_cookie(cookies)
        with translation.override(translation.get_language_from_request(request)):
            return render_to_string("errors/413.html", {"limit": self._limit})

    def _stop_waiting(self) -> None:
        for call in (self._deadline, self._turn):
            if call is not None:
                call.cancel()
        self._deadline = self._turn = None


def bound() -> None:
    """Makes Daphne use this class. Daphne has no setting for it."""
    http_protocol.WebRequest = BoundedRequest
