"""Which processes make up a running site, and the supervisor that keeps them running.

supervisord (docs/decisions/0001-supervisor.md) starts them, starts again whichever ends, and ends
all of them with itself. On several machines the same commands run one by one (docs/operations.md).
"""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import psutil
from django.conf import settings

# A worker that drains gets this long; what it leaves unfinished is taken up by its lease at the next start.
STOP_SECONDS = 10
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Process:
    """One of the programs that `manage.py up` runs; `command` is quoted as for a shell."""

    name: str
    command: str
    priority: int = 10  # lower starts earlier and stops later


def processes(*, with_redis: bool) -> list[Process]:
    """Every process of a site on one machine, but PostgreSQL."""
    python = shlex.quote(sys.executable)
    # In line for the processor: pages before replies, so that they answer at once and, at a start, the link does not
    # wait for the language model; replies before the monitor; the monitor before imports.
    celery = f"{python} -m celery --quiet --app persona_site"
    worker = f"{celery} worker --pool threads --without-mingle --without-gossip --loglevel INFO"
    listed = [
        Process(
            "web",
            f"{python} -m daphne --verbosity 0 --application-close-timeout 5 "
            f"--bind {settings.BIND} --port {settings.PORT} persona_site.asgi:application",
        ),
        Process(
            "generation",
            f"nice -n 5 {worker} --queues generation --concurrency {settings.CONCURRENT_REPLIES} "
            "--hostname generation@%h",
        ),
        Process("general", f"nice -n 10 {worker} --queues default --concurrency 2 --hostname general@%h"),
        Process("imports", f"nice -n 15 {worker} --queues imports --concurrency 2 --hostname imports@%h"),
        Process(
            "beat",
            f"nice -n 5 {celery} beat --pidfile= --loglevel WARNING --scheduler persona_site.timetable.Timetable",
        ),
    ]
    if with_redis:
        listed.insert(0, Process("redis", f"{python} -m persona_site.services", priority=1))
    return listed


def _model_threads() -> str:
    """Threads of the language model: all cores but one, which the filter, the pages and the stores share.

    Threads that wait for each other burn what they wait with: on two busy cores a step of one reply took
    434 ms of CPU time with two threads, 112 to 125 ms with one.
    """
    return os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) - 1))


def configuration(listed: Sequence[Process]) -> str:
    """supervisord's configuration file for these processes."""
    sections = [
        _section(
            "supervisord",
            nodaemon="true",
            umask="077",  # it would set 022 for its processes
            logfile="/dev/null",
            logfile_maxbytes="0",
            loglevel="warn",
            pidfile=str(settings.STATE_DIR / "supervisord.pid"),
            childlogdir=str(settings.STATE_DIR),
            directory=str(settings.BASE_DIR),
            **({"user": "root"} if os.geteuid() == 0 else {}),
        )
    ]
    for process in listed:
        sections.append(
            _section(
                f"program:{process.name}",
                command=process.command.replace("%", "%%"),
                priority=str(process.priority),
                environment=f'AFTERWORD_PROCESS="{process.name}",PYTHONUNBUFFERED="1",TQDM_DISABLE="1",'
                f'OMP_NUM_THREADS="{_model_threads()}"',
                autorestart="true",
                # Ends too early to count as started: tried again after 1 s, 2 s, 3 s …
                startretries="1000",
                stopsignal="TERM",
                stopwaitsecs=str(STOP_SECONDS),
                stopasgroup="true" if process.name == "redis" else "false",
                killasgroup="true",
                redirect_stderr="true",
                **_output(process),
            )
        )
    # One group for all but Redis, so that they stop together and Redis after them.
    names = ",".join(process.name for process in listed if process.name != "redis")
    sections.append(_section("group:site", programs=names, priority="10"))
    return "\n".join(sections)


def _output(process: Process) -> dict[str, str]:
    """To the terminal; Redis, which has no log levels worth showing, to a file of its own."""
    if process.name == "redis":
        path = str(settings.STATE_DIR / "redis" / "log")
        return {"stdout_logfile": path, "stdout_logfile_maxbytes": "1MB", "stdout_logfile_backups": "1"}
    return {"stdout_logfile": "/dev/fd/1", "stdout_logfile_maxbytes": "0"}


def _section(title: str, **values: str) -> str:
    return "\n".join([f"[{title}]", *(f"{key} = {value}" for key, value in values.items()), ""])


class Supervisor:
    """A running supervisord, bound to the life of this process."""

    def __init__(
        self, listed: Sequence[Process], *, keep_open: Sequence[int], show: Callable[[IO[bytes]], None]
    ) -> None:
        path = settings.STATE_DIR / "supervisord.conf"
        path.write_text(configuration(listed), encoding="utf-8")
        _adopt_orphans()
        errors = (settings.STATE_DIR / "supervisord.err").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Not into the pipe: with its reader killed, supervisord must still be able to complain and go on.
            stderr=errors,
            # Its own session: a Ctrl-C in the terminal reaches this process alone, which then stops it in order.
            start_new_session=True,
            pass_fds=keep_open,
            preexec_fn=_end_with_parent,  # one system call: no lock, no import
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "persona_site.settings"},
        )
        errors.close()
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=show, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def is_running(self) -> bool:
        return self._process.poll() is None

    def listed(self) -> dict[str, psutil.Process]:
        """The processes that run now, by name."""
        by_name = {}
        for child in psutil.Process(self._process.pid).children():
            with suppress(psutil.Error, KeyError):  # it has just ended, or supervisord has just forked it
                by_name[child.environ()["AFTERWORD_PROCESS"]] = child
        return by_name

    def stop(self) -> None:
        """Ends every process: asks, waits, and kills what is left."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(2 * STOP_SECONDS + 5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        left = [each for each in psutil.Process().children(recursive=True) if _is_ours(each)]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(left, timeout=STOP_SECONDS)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._reader.join(1)


def _is_ours(process: psutil.Process) -> bool:
    """Whether supervisord started it; PostgreSQL, adopted as well, is stopped in its own way."""
    try:
        return "AFTERWORD_PROCESS" in process.environ()
    except psutil.Error:
        return False


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere a killed `manage.py up` leaves its processes, which the next start reports."""
    if sys.platform == "linux":
        _libc.prctl(option, value, 0, 0, 0)


_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _adopt_orphans() -> None:
    """Were supervisord itself killed, its children become ours, and `stop` finds them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
