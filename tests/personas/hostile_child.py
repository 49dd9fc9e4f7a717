"""Attacks of a child process that a hostile file controls. The child runs them in place of the importers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from personas.reading import confined
from tests.waiting import wait_until


def answers(file: BinaryIO, *, name: str = "", **_: Any) -> Iterator[tuple[str, Any]]:
    if not name:  # a picture
        yield from globals()[file.read().decode()]()
        return
    yield "format", "plain-text"
    yield from globals()[name]()


def burn() -> Iterator[tuple[str, Any]]:
    while True:
        pass
    yield


def ask_for_more() -> Iterator[tuple[str, Any]]:
    for _ in range(1000):
        confined.grant(3600)
    yield from burn()


def hoard() -> Iterator[tuple[str, Any]]:
    pages = []
    while True:
        pages.append(b"x" * 2**24)
    yield


def sleep() -> Iterator[tuple[str, Any]]:
    time.sleep(3600)
    yield


def drip() -> Iterator[tuple[str, Any]]:
    while True:
        time.sleep(0.2)
        yield "skips", {"media": 1}


def crash() -> Iterator[tuple[str, Any]]:
    os.kill(os.getpid(), signal.SIGSEGV)
    yield


def leave() -> Iterator[tuple[str, Any]]:
    os._exit(0)
    yield


def fall_silent() -> Iterator[tuple[str, Any]]:
    os.close(sys.stdout.fileno())
    os.closerange(3, 64)
    time.sleep(3600)
    yield


def scream() -> Iterator[tuple[str, Any]]:
    yield "Remark", {"text": "x" * 2**28}


def babble() -> Iterator[tuple[str, Any]]:
    os.write(_output(), b"\x80\x04pickle, or anything else\n")
    yield "Remark", {"text": "one"}


def lie() -> Iterator[tuple[str, Any]]:
    yield "utterances", [[1, None, "yesterday", []]]


def invent() -> Iterator[tuple[str, Any]]:
    yield "os.system", "true"


def say_nothing() -> Iterator[tuple[str, Any]]:
    yield from ()


def draw() -> Iterator[tuple[str, Any]]:
    yield "picture", {"not": "a picture"}


def break_the_log() -> Iterator[tuple[str, Any]]:
    yield "broken", ["name", {"message": "x"}]


def write() -> Iterator[tuple[str, Any]]:
    with open(os.environ.get("TMPDIR", "/tmp") + f"/afterword-{os.getpid()}", "wb") as target:
        os.unlink(target.name)
        while True:
            target.write(bytes(2**22))
    yield


def quote() -> Iterator[tuple[str, Any]]:
    raise ValueError("marked-7f3a-secret")
    yield


def tell_secrets() -> Iterator[tuple[str, Any]]:
    yield "Remark", {"text": " ".join(os.environ)}


def tell_place() -> Iterator[tuple[str, Any]]:
    yield "Remark", {"text": f"{os.getsid(0)} {os.nice(0)}"}


def start_another() -> Iterator[tuple[str, Any]]:
    other = subprocess.Popen(["sleep", "3600"])
    wait_until(lambda: other.pid)
    yield "Remark", {"text": str(other.pid)}
    time.sleep(3600)


def _output() -> int:
    """The descriptor of the answers: the newest pipe."""
    return max(number for number in range(64) if os.path.exists(f"/proc/self/fd/{number}") and _is_pipe(number))


def _is_pipe(number: int) -> bool:
    return os.readlink(f"/proc/self/fd/{number}").startswith("pipe:") and number > 2
