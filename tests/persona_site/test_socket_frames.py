"""Too many and too large frames, sent to the real web server with an application that takes none of them."""

import os
import socket
import struct
import subprocess
import sys
from contextlib import suppress

import pytest

from persona_site import asgi, socket_frames
from tests.site import ROOT, free_port
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

_SERVER = """
import asyncio, sys, django
django.setup()
from daphne.cli import CommandLineInterface
from persona_site import socket_frames
socket_frames.bound()

async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/busy/":
        await asyncio.Event().wait()
    while True:
        frame = await receive()
        if frame["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": frame["text"]})

sys.modules["application"] = sys.modules["__main__"]
CommandLineInterface().run(["--verbosity", "0", "--port", sys.argv[1], "application:application"])
"""
_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture(scope="module")
def port():
    port = free_port()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "persona_site.settings"}
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(port)], cwd=ROOT, env=environment)
    try:
        wait_until(lambda: listens(port), seconds=60)
        yield port
    finally:
        process.kill()
        process.wait()


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def opened(port, path):
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.sendall(_HANDSHAKE.format(path=path).encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(1)
    assert received.startswith(b"HTTP/1.1 101")
    return client


def masked(payload):
    """A text frame. A mask of zeros leaves the payload as it is."""
    size = struct.pack("!BQ", 0x80 | 127, len(payload)) if len(payload) > 125 else bytes([0x80 | len(payload)])
    return b"\x81" + size + bytes(4) + payload


def test_the_site_uses_it():
    assert asgi.application
    assert socket_frames.ws_protocol.WebSocketFactory.protocol is socket_frames.BoundedSocket


def test_a_socket_is_not_read_from_while_its_frames_wait(port):
    many, sent = masked(b'{"type":"ping","in_use":false}') * 1_000_000, 0
    with opened(port, "/busy/") as client, suppress(TimeoutError):
        client.settimeout(3)
        while sent < len(many):
            sent += client.send(many[sent : sent + 65_536])
    assert sent < len(many) / 2  # the system's buffers take a few megabytes


def test_a_socket_is_read_from_again_when_its_frames_are_served(port):
    with opened(port, "/echo/") as client:
        client.sendall(masked(b"x") * 5_000)
        received = 0
        while received < 5_000 * 3:
            received += len(client.recv(65_536))
    assert received == 5_000 * 3


@pytest.mark.thorough
def test_a_message_of_more_than_a_megabyte_ends_the_connection_before_it_is_read(port):
    with opened(port, "/echo/") as client:
        client.sendall(masked(b"x" * (socket_frames.MOST_BYTES + 1))[:100])
        with pytest.raises(ConnectionResetError):
            client.recv(100)
