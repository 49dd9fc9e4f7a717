"""Checks before a site starts. Each raises CannotStart with one sentence for the operator."""

import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psutil
import psycopg
import redis
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.utils import Error as DatabaseError

from persona_site import services
from persona_site.processes import STOP_SECONDS

# A first start writes the database (90 MB with its log), static files and the converted model.
FIRST_START_BYTES = 1200 * 1024**2
LATER_START_BYTES = 100 * 1024**2


class CannotStart(Exception):
    """Its text is a sentence for the operator, without secrets."""


def configuration() -> None:
    """Runs the system checks of all rooms and reports the first error."""
    errors = [message for message in checks.run_checks() if message.level >= checks.ERROR]
    if errors:
        hint = f" {errors[0].hint}" if errors[0].hint else ""
        raise CannotStart(f"{errors[0].msg}{hint} ({errors[0].id})")


def state_folder() -> None:
    """Checks that the folder can be written and that the disk has enough free space."""
    folder: Path = settings.STATE_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        services.close_to_others()
        probe = folder / ".probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The state folder {folder} cannot be written: {os.strerror(error.errno or errno.EIO)}. "
            "Free some space, or point AFTERWORD_STATE at another folder."
        ) from None
    needed = LATER_START_BYTES if (folder / "postgres" / "PG_VERSION").exists() else FIRST_START_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CannotStart(
            f"The disk of the state folder {folder} has {free // 1024**2} MB free; this start needs "
            f"{needed // 1024**2} MB. Free some space, or point AFTERWORD_STATE at another disk."
        )


@contextmanager
def only_instance(*, wait_seconds: float = 2 * STOP_SECONDS) -> Iterator[IO[bytes]]:
    """Locks the state folder for this run and yields the open lock file, which supervisord inherits.

    After a run was killed, its supervisord holds the lock until its processes have ended. This waits for that.
    """
    with (settings.STATE_DIR / "up.lock").open("a+b") as lock:
        deadline = time.monotonic() + wait_seconds
        while not _locked(lock):
            if time.monotonic() > deadline or _holder_lives(lock):
                raise CannotStart(
                    f"Afterword is already running on the state folder {settings.STATE_DIR}. "
                    "Stop that run first, or point AFTERWORD_STATE at another folder."
                )
            time.sleep(0.2)
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()
        yield lock


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder_lives(lock: IO[bytes]) -> bool:
    lock.seek(0)
    number = lock.read()
    return number.isdigit() and psutil.pid_exists(int(number))


def port() -> None:
    """Checks that nothing else listens on the site's port."""
    family = socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.BIND, settings.PORT))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {settings.PORT} on {settings.BIND} is in use by another program. "
                    f"Choose another one: PORT={settings.PORT + 1} make run"
                ) from None
            raise CannotStart(
                f"The site cannot listen on {settings.BIND}, port {settings.PORT}: "
                f"{error.strerror}. Change BIND or PORT."
            ) from None


def redis_url() -> None:
    """Checks that the server of REDIS_URL answers."""
    where = _without_password(settings.REDIS_URL)
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5).ping()
    except redis.AuthenticationError:
        raise CannotStart(f"Redis at {where} refuses the user or password in REDIS_URL.") from None
    except redis.RedisError as error:
        raise CannotStart(f"Redis at {where} does not answer ({type(error).__name__}). Check REDIS_URL.") from None
    except ValueError:
        raise CannotStart("REDIS_URL must read redis://user:password@host:port/0, rediss://… or unix://…") from None


def database_url() -> None:
    """Checks that the server of DATABASE_URL answers and has pgvector."""
    values = settings.DATABASES["default"]
    where = f"{values['HOST'] or 'localhost'}:{values['PORT'] or 5432}/{values['NAME']}"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
            (has_vector,) = cursor.fetchone()
    except DatabaseError as error:
        raise CannotStart(
            f"The database at {where} does not answer: {_reason(error, values.get('PASSWORD', ''))} Check DATABASE_URL."
        ) from None
    if not has_vector:
        raise CannotStart(
            f"The database at {where} has no pgvector. Install it on that server "
            "(Debian: postgresql-18-pgvector, or the image pgvector/pgvector:pg18), then start again."
        )


def schema() -> None:
    """Checks that no newer version of the site has changed the database: this one could not write into it."""
    loader = MigrationLoader(connection)
    known = {*loader.disk_migrations, *(old for new in loader.disk_migrations.values() for old in new.replaces)}
    rooms = {app.label for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR}
    for room, name in sorted(loader.applied_migrations):
        if room in rooms and (room, name) not in known:
            raise CannotStart(
                f"A newer version of Afterword has changed the database ({room}.{name}). Run that version, or restore "
                "a backup from before the upgrade (docs/operations.md)."
            )


def _reason(error: DatabaseError, password: str) -> str:
    """The first line of the server's or the driver's message, as a sentence, without the password."""
    cause = error.__cause__
    if isinstance(cause, psycopg.errors.ConnectionTimeout):
        return "no answer within the time allowed."
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = lines[0].rsplit("FATAL:", 1)[-1].strip().rstrip(".")
    if password:
        reason = reason.replace(password, "***")
    return f"{reason}."


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"
