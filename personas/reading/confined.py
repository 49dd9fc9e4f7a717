"""The child's side of `children`. It sets limits, runs one job on one file, and writes answers as JSON lines.

    python -m personas.reading.confined FILE_DESCRIPTOR < request

A job may call `grant` for work that is known to be slow and large. The hard limits bound that, too.

Covered: processor time, memory, the size of written files, open files, core dumps; the site's secrets, which are not
in its environment. Not covered: the kernel's interface. The child runs as the same user, without a filter of system
calls, so code that a file injects could still open every file that this user may open.
"""

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec
from django.apps import apps
from django.conf import settings
from django.utils import translation

from text import cleaning

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 64  # modules, the file, a temporary file of an archive


def main() -> None:
    request = json.loads(sys.stdin.readline())
    _limit(**request["limits"])
    _speak(**request["speech"])
    job = importlib.import_module(request["module"])
    with os.fdopen(int(sys.argv[1]), "rb") as file, os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)  # output that a library prints must not mix with the answers
        try:
            for answer in job.answers(file, **request["arguments"]):
                _write(output, *answer)
            _write(output, "end", None)
        except MemoryError:
            _write(output, "out of memory", None)
        except Exception as error:
            # The text of an exception may quote the file. Its type and place do not.
            place = traceback.extract_tb(error.__traceback__)[-1]
            _write(output, "broken", f"{os.path.basename(place.filename)}:{place.lineno} {type(error).__name__}")


def _speak(language: str, folders: Sequence[str]) -> None:
    """Sentences for the person are in this language. The settings have nothing but its translations."""
    settings.configure(LOCALE_PATHS=list(folders))
    apps.populate(())  # translations ask for the apps, and there are none
    translation.activate(language)


def grant(seconds: int) -> None:
    """Lets the job take so many more seconds of processor time, and memory up to its hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    # The second between both limits tells a job that is out of time (SIGXCPU) from one that is killed.
    resource.setrlimit(resource.RLIMIT_CPU, (min(soft + seconds, hard - 1), hard))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit(*, seconds: int, memory: int, most_seconds: int, most_memory: int, written: int) -> None:
    """Seconds of processor time; bytes of address space and of each written file."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # the child ends with the thread that waits for it
    os.nice(10)  # pages, replies and the monitor go first
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, most_seconds + 1))  # SIGXCPU, then SIGKILL
    resource.setrlimit(resource.RLIMIT_AS, (memory, most_memory))
    for kind, most in (
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


_encoder = msgspec.json.Encoder()


def _write(output: BinaryIO, kind: str, payload: Any) -> None:
    try:
        line = _encoder.encode((kind, payload))
    except UnicodeEncodeError:  # a name or a sentence with a lone surrogate, for which UTF-8 has no bytes
        line = _encoder.encode(cleaning.clean_json([kind, msgspec.to_builtins(payload)]))
    output.write(line + b"\n")
    output.flush()


if __name__ == "__main__":
    main()
