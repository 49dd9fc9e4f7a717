"""The processes of a running site, and the supervisor that keeps them running.

supervisord (docs/decisions/0001-supervisor.md) starts them, restarts a process that ends, and ends
all of them when it ends. On several machines the same commands run one by one (docs/operations.md).
"""

import ctypes
import os
import re
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

# The time that a worker has to finish. After the next start, unfinished replies are queued again by their lease.
STOP_SECONDS = 10
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Process:
    """A program that `manage.py up` runs. `command` is quoted as for a shell."""

    name: str
    command: str
    priority: int = 10  # lower starts earlier and stops later


def processes(*, with_redis: bool) -> list[Process]:
    """Every process of a site on one machine, except PostgreSQL."""
    python = shlex.quote(sys.executable)
    # `nice` orders them: pages before replies, so that pages answer at once and the owner's link does not wait for the
    # language model at a start; replies before the monitor; the monitor before imports;
    # imports before fine-tunes, which take minutes of what the others leave.
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
        Process("tuning", f"nice -n 19 {worker} --queues tuning --concurrency 1 --hostname tuning@%h"),
        Process(
            "beat",
            f"nice -n 5 {celery} beat --pidfile= --loglevel WARNING",
        ),
    ]
    if with_redis:
        listed.insert(0, Process("redis", f"{python} -m persona_site.services", priority=1))
    return listed


def _model_threads() -> str:
    """Threads of the language model: all cores except one, which the filter, the pages and the stores share.

    Threads use CPU time while they wait for each other. On two busy cores a step of one reply took 434 ms of
    CPU time with two threads, and 112 to 125 ms with one.
    """
    return os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) - 1))


def configuration(listed: Sequence[Process]) -> str:
    """supervisord's configuration file for these processes."""
    sections = [
        _section(
            "supervisord",
            nodaemon="true",
            umask="077",  # supervisord's default for its processes is 022
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
                command=process.command,
                priority=str(process.priority),
                environment=f'AFTERWORD_PROCESS="{process.name}",PYTHONUNBUFFERED="1",TQDM_DISABLE="1",'
                f'OMP_NUM_THREADS="{_model_threads()}"',
                autorestart="true",
                # A process that ends right after its start is tried again after 1 s, 2 s, 3 s …
                startretries="1000",
                stopsignal="TERM",
                stopwaitsecs=str(STOP_SECONDS),
                stopasgroup="true" if process.name == "redis" else "false",
                killasgroup="true",
                redirect_stderr="true",
                **_output(process),
            )
        )
    # One group for all except Redis, so that they stop together and Redis stops after them.
    names = ",".join(process.name for process in listed if process.name != "redis")
    sections.append(_section("group:site", programs=names, priority="10"))
    return "\n".join(sections)


def _output(process: Process) -> dict[str, str]:
    """Sends output to the terminal, and that of Redis to its own file: its log is of no use in the terminal."""
    if process.name == "redis":
        path = str(settings.STATE_DIR / "redis" / "log").replace("%", "%%")  # supervisord reads this value twice
        return {"stdout_logfile": path, "stdout_logfile_maxbytes": "1MB", "stdout_logfile_backups": "1"}
    return {"stdout_logfile": "/dev/fd/1", "stdout_logfile_maxbytes": "0"}


def _section(title: str, **values: str) -> str:
    return "\n".join([f"[{title}]", *(f"{key} = {_escaped(value)}" for key, value in values.items()), ""])


def _escaped(value: str) -> str:
    """The value as supervisord reads it back, since a folder may have any name.

    A single % would begin a variable. A # or ; behind a blank would begin a comment, so the variable `here`, cut to
    nothing, stands between them.
    """
    return re.sub(r"(?<=\s)(?=[#;])", "%(here).0s", value.replace("%", "%%"))


class Supervisor:
    """A running supervisord, which ends when this process ends."""

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
            # Errors go to a file: supervisord must be able to write them and go on after the pipe's reader was killed.
            stderr=errors,
            # In its own session, so that Ctrl-C reaches only this process, which then stops everything in order.
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
        """Ends every process: sends SIGTERM, waits, and kills the processes that still run."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(2 * STOP_SECONDS + 5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        orphans = [child for child in psutil.Process().children(recursive=True) if _is_ours(child)]
        for process in orphans:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(orphans, timeout=STOP_SECONDS)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._reader.join(1)


def _is_ours(process: psutil.Process) -> bool:
    """Whether supervisord started the process. PostgreSQL is adopted too, but `EmbeddedPostgres` stops it."""
    try:
        return "AFTERWORD_PROCESS" in process.environ()
    except psutil.Error:
        return False


def _prctl(option: int, value: int) -> None:
    """Calls prctl on Linux. Elsewhere a killed `manage.py up` leaves its processes, and the next start reports them."""
    if sys.platform == "linux":
        _libc.prctl(option, value, 0, 0, 0)


_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _adopt_orphans() -> None:
    """Makes this process the parent of supervisord's children if supervisord is killed, so that `stop` finds them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
