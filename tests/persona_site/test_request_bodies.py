"""Bodies that are too long or too slow, sent to the real web server."""

import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from django.conf import settings
from twisted.web.http_headers import Headers

from persona_site import request_bodies
from persona_site.request_bodies import limit_of
from tests.site import ROOT, free_port
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

_SERVER = """
import sys
from daphne.cli import CommandLineInterface
from persona_site import request_bodies
request_bodies.PATIENCE_S = float(sys.argv[2])
CommandLineInterface().run(["--verbosity", "0", "--port", sys.argv[1], "persona_site.asgi:application"])
"""


@pytest.fixture(scope="module")
def server():
    """A web server that waits two seconds for a body."""
    with serving(patience_s=2) as server:
        yield server


@contextmanager
def serving(patience_s):
    """Yields the port of the web server, the folder for its temporary files, and its process."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"TMPDIR": folder, "DJANGO_SETTINGS_MODULE": "persona_site.settings"}
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(port), str(patience_s)], cwd=ROOT, env=environment
        )
        try:
            wait_until(lambda: answers(port), seconds=60)
            yield port, Path(folder), process
        finally:
            process.kill()
            process.wait()


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return client.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def opened(server, path, *headers):
    client = socket.create_connection(("127.0.0.1", server[0]), 10)
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    client.sendall("\r\n".join([*head, "", ""]).encode())
    return client


def answer(client):
    client.settimeout(10)
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(4096)
    return received.decode()


def bytes_written(process):
    fields = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
    return int(fields["write_bytes"])


@pytest.mark.parametrize(("language", "words"), [("en", "This is too large"), ("zh-CN", "内容太大了")])
def test_a_browser_gets_a_page_in_the_language_of_the_person(language, words):
    request = request_bodies.BoundedRequest.__new__(request_bodies.BoundedRequest)
    request.requestHeaders = Headers({"Accept": ["text/html,*/*"], "Accept-Language": [language]})
    assert words in request.page()
    request.requestHeaders = Headers({"Accept": ["*/*"], "Accept-Language": [language]})
    assert request.page() is None


@pytest.mark.parametrize("path", ["/healthz", "/conversations/", "/v1/chat/completions", "/personas/new/", "/nowhere"])
def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes(server, path):
    with opened(server, path, f"Content-Length: {limit_of(path) + 1}", "Expect: 100-continue") as client:
        response = answer(client)
    assert response.startswith("HTTP/1.1 413 ")
    assert f"the limit is {limit_of(path):,}." in response


@pytest.mark.parametrize("path", ["/healthz", "/v1/chat/completions"])
def test_a_body_of_untold_length_is_refused_once_it_is_too_long(server, path):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with opened(server, path, "Transfer-Encoding: chunked") as client:
        for _ in range(limit_of(path) // 0x10000 + 16):
            client.sendall(chunk)
        response = answer(client)
    assert response.startswith("HTTP/1.1 413 ")
    assert f"more than {limit_of(path):,} bytes" in response
    assert answers(server[0])


def test_what_a_refused_client_goes_on_sending_is_kept_nowhere(server):
    before = bytes_written(server[2])
    with opened(server, "/healthz", "Transfer-Encoding: chunked") as client:
        for _ in range(480):  # 30 MB
            client.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        assert answer(client).startswith("HTTP/1.1 413 ")
    assert bytes_written(server[2]) - before < 5 * 1024**2


def test_a_body_within_the_limit_reaches_its_view(server):
    with opened(server, "/v1/chat/completions", "Content-Length: 2", "Connection: close") as client:
        client.sendall(b"{}")
        assert answer(client).startswith("HTTP/1.1 401 ")


def test_a_body_that_comes_byte_by_byte_is_given_up(server):
    started = time.monotonic()
    with opened(server, "/healthz", "Content-Length: 1000") as client:
        client.settimeout(0.3)
        response = b""
        while not response and time.monotonic() - started < 20:
            client.sendall(b"x")
            try:
                response = client.recv(4096)
            except TimeoutError:
                continue
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"within 2 seconds" in response


def test_uploads_may_be_as_many_and_as_long_as_the_settings_say():
    assert limit_of("/personas/new/") > settings.UPLOAD_FORM
    assert limit_of("/personas/new/1b671a64-40d5-491e-99b0-da01ff1f3341/uploads/7/") == settings.UPLOAD_PIECE
    assert limit_of("/v1/embeddings") == settings.API_BODY
    assert limit_of("/healthz") == 1024**2


def test_a_form_is_not_parsed_in_the_event_loop(monkeypatch):
    """Twisted would read the whole body and parse it before Django does, and nobody else is served meanwhile."""
    processed = []
    monkeypatch.setattr(request_bodies.BoundedRequest, "process", lambda self: processed.append(self))
    request = request_bodies.BoundedRequest(MagicMock())
    request.content = io.BytesIO(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n')
    request.content.seek(0, io.SEEK_END)
    request.requestHeaders = Headers({b"Content-Type": [b"multipart/form-data; boundary=x"]})
    request.requestReceived(b"POST", b"/personas/new/", b"HTTP/1.1")
    assert processed == [request]
    assert request.args == {}


def test_all_who_send_share_one_pace():
    pace = request_bodies.Pace(1000)
    assert pace.delay(500, now=10.0) == pytest.approx(0.5)
    assert pace.delay(500, now=10.0) == pytest.approx(1.0)  # somebody else, at the same moment
    assert pace.delay(100, now=20.0) == pytest.approx(0.1)  # nobody has sent anything for a while


@pytest.mark.thorough
def test_long_bodies_arrive_whole_at_the_sites_pace():
    """Three at once: each is paused again and again, and read to its end."""
    size = 6 * 1024**2
    with serving(patience_s=60) as server:
        clients = [opened(server, "/personas/new/", f"Content-Length: {size}") for _ in range(3)]
        threads = [threading.Thread(target=client.sendall, args=(b"a" * size,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread, client in zip(threads, clients, strict=True):
            thread.join(60)
            client.settimeout(60)
            # The body was read and Django asked, which has no static files here.
            assert client.recv(100).split()[1] not in {b"408", b"413"}
            client.close()
