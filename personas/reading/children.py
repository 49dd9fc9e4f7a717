"""Runs work on an uploaded file in a child process with limits, so that a hostile file harms nobody else.

ChildFailed             the child ended without an answer
├── OutOfTime           processor time, or waiting for it, passed the limit
├── OutOfMemory
├── Crashed             a signal, an exception, or malformed answers
└── AllBusy             this process already runs as many children as it may
"""

import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec
from django.conf import settings
from django.utils import translation

logger = logging.getLogger(__name__)

MOST = 2  # children of one process at once
_QUEUE_SECONDS = 20  # how long a caller waits for its turn
# Seconds of waiting for each second of processor time. On a busy machine the child (nice 10) gets only a part.
_PATIENCE = 4
# An answer takes at most this part of the child's memory, since the child holds it as text, as JSON and as bytes.
_ANSWER = 4
_CHUNK = 1 << 16
# The variables that an interpreter needs to start. None of them is a secret.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
_ANSWERS = msgspec.json.Decoder(tuple[str, msgspec.Raw])
_turns = threading.BoundedSemaphore(MOST)


class ChildFailed(Exception):
    pass


class OutOfTime(ChildFailed):
    pass


class OutOfMemory(ChildFailed):
    pass


class Crashed(ChildFailed):
    pass


class AllBusy(ChildFailed):
    pass


@dataclass(frozen=True)
class Limits:
    """`seconds` of processor time, and `memory` in bytes of address space.

    A job can grant itself more, up to `granted_seconds` more and to `granted_memory` in all (`confined.grant`).
    """

    seconds: int
    memory: int
    granted_seconds: int = 0
    granted_memory: int = 0

    @property
    def most_seconds(self) -> int:
        return self.seconds + self.granted_seconds

    @property
    def most_memory(self) -> int:
        return max(self.memory, self.granted_memory)


def answers(
    module: str, file: BinaryIO, *, limits: Limits, arguments: Mapping[str, Any]
) -> Generator[tuple[str, msgspec.Raw], None, None]:
    """Runs `module.answers(file, **arguments)` in a child and yields its answers as (kind, JSON).

    Raises ChildFailed. `file` is a real file; its position moves. Close the iterator to end the child.
    """
    with _turn(), _started(file) as child, closing(_lines(child, limits)) as lines:
        _ask(child, {"module": module, "limits": _rlimits(limits), "arguments": dict(arguments), "speech": _speech()})
        for line in lines:
            kind, payload = _parsed(line)
            match kind:
                case "end":
                    return
                case "out of memory":
                    raise OutOfMemory
                case "broken":
                    logger.error("child.broken", extra={"job": module, "at": str(bytes(payload)[:200])})
                    raise Crashed
            yield kind, payload
        raise _ended(child, module)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=_QUEUE_SECONDS):
        raise AllBusy
    try:
        yield
    finally:
        _turns.release()


@contextmanager
def _started(file: BinaryIO) -> Iterator["subprocess.Popen[bytes]"]:
    """Starts the child in its own process group. When the block ends, the group is killed.

    It stays in this process's session: Linux shares the processor among sessions first (sched(7), autogroup), and the
    child's `nice` would not count against the pages and replies of another session.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "personas.reading.confined", str(file.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # an exception's text may quote the file
        cwd=settings.BASE_DIR,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONUTF8": "1"},
        pass_fds=[file.fileno()],
        process_group=0,
    )
    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def _speech() -> dict[str, Any]:
    """The language of the sentences that the child makes for the person."""
    return {"language": translation.get_language(), "folders": [str(folder) for folder in settings.LOCALE_PATHS]}


def _rlimits(limits: Limits) -> dict[str, int]:
    return {
        "seconds": limits.seconds,
        "memory": limits.memory,
        "most_seconds": limits.most_seconds,
        "most_memory": limits.most_memory,
        "written": 2 * settings.UPLOAD_BYTES,
    }


def _ask(child: "subprocess.Popen[bytes]", request: Mapping[str, Any]) -> None:
    assert child.stdin is not None
    with suppress(BrokenPipeError):  # reading the answers detects a child that has ended
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.close()


def _lines(child: "subprocess.Popen[bytes]", limits: Limits) -> Generator[bytes, None, None]:
    """The child's output by lines. Only the waiting counts as time, not the caller's work between two lines.

    Raises OutOfTime, and OutOfMemory for a line that is too long.
    """
    assert child.stdout is not None
    poll = select.poll()
    poll.register(child.stdout, select.POLLIN)
    patience = float(_PATIENCE * limits.most_seconds)
    longest = limits.most_memory // _ANSWER
    line = bytearray()
    while True:
        began = time.monotonic()
        is_ready = poll.poll(patience * 1000)
        patience -= time.monotonic() - began
        if not is_ready or patience <= 0:
            raise OutOfTime
        chunk = os.read(child.stdout.fileno(), _CHUNK)
        if not chunk:
            return
        *line_ends, beginning = chunk.split(b"\n")
        for end in line_ends:
            yield bytes(line) + end
            line.clear()
        line += beginning
        if len(line) > longest:
            raise OutOfMemory


def _parsed(line: bytes) -> tuple[str, msgspec.Raw]:
    try:
        return _ANSWERS.decode(line)
    except (ValueError, RecursionError):
        raise Crashed from None


def _ended(child: "subprocess.Popen[bytes]", module: str) -> ChildFailed:
    """The error for the child's exit code, when its answers stopped early."""
    with suppress(subprocess.TimeoutExpired):  # `_started` kills a child that closed its output but still runs
        child.wait(1)
    logger.warning("child.ended", extra={"job": module, "code": child.returncode})
    match child.returncode:
        case code if code == -signal.SIGXCPU:
            return OutOfTime()
        case code if code == -signal.SIGKILL:  # the kernel kills it if the whole machine has no memory left
            return OutOfMemory()
    return Crashed()
