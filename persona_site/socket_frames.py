"""Limits the frames of a websocket that wait in the web process.

Daphne 4.2 puts each frame into a queue without a limit, and Autobahn assembles a message of any size. Therefore both
limits are in Daphne's protocol class. Covered: size, number, messages in parts. Not covered: the work that one frame
causes, which the consumer bounds.
"""

from typing import Any

from daphne import ws_protocol
from django.conf import settings

MOST_WAITING = 64  # frames of one socket. What was read from the network at once may exceed it
# Of a message in either direction. A longer one ends the connection.
MOST_BYTES = max(1024**2, 16 * settings.MESSAGE_CHARACTERS)
_LOOK_SECONDS = 0.05


class BoundedSocket(ws_protocol.WebSocketProtocol):
    """Daphne's websocket. It is not read from while the application is `MOST_WAITING` frames behind."""

    _look: Any = None  # the call that may read on after a pause

    def onConnect(self, request: Any) -> Any:
        self.maxMessagePayloadSize = MOST_BYTES
        return super().onConnect(request)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        super().onMessage(payload, isBinary)
        if self._look is None and self._is_behind():
            self.transport.pauseProducing()
            self._look = self.factory.reactor.callLater(_LOOK_SECONDS, self._read_on)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
        super().onClose(wasClean, code, reason)

    def _read_on(self) -> None:
        """Reads on when the application has caught up. Daphne's queue tells nobody, so it is looked at."""
        self._look = None
        if self._is_behind():
            self._look = self.factory.reactor.callLater(_LOOK_SECONDS, self._read_on)
        else:
            self.transport.resumeProducing()

    def _is_behind(self) -> bool:
        return bool(self.application_queue.qsize() >= MOST_WAITING)


def bound() -> None:
    """Makes Daphne use this class. Daphne has no setting for it."""
    ws_protocol.WebSocketFactory.protocol = BoundedSocket
