"""`manage.py up`: runs a whole site on one machine, in the foreground, until Ctrl-C."""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.sign_in import first_run
from generation.catalogue import model_rows, packaged
from persona_site import env, liveness, preflight, services, static_files
from persona_site.processes import Supervisor, processes

WEB_SECONDS = 120
# A site gets its link after this time even if no engine works, so that the owner can sign in and see why.
REPLIES_SECONDS = 30
_COLUMN = 10


class Command(BaseCommand):
    help = "Runs the whole site: stores, web server, workers and timetable. Ctrl-C ends all of them."
    requires_system_checks: list[str] = []  # preflight.configuration runs them and reports one sentence
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGINT, _interrupt)
        try:
            with ExitStack() as running:
                self._run(running)
        except KeyboardInterrupt:
            self._say(f"Stopped. All data is kept in {settings.STATE_DIR}.")
        except (preflight.CannotStart, services.ServiceUnavailable) as error:
            raise CommandError(str(error)) from None

    def _run(self, running: ExitStack) -> None:
        started = time.monotonic()
        with self._step(f"State folder {settings.STATE_DIR}"):
            preflight.configuration()
            preflight.state_folder()
            lock = running.enter_context(preflight.only_instance())
            preflight.port()
        with self._step("Stores"):
            postgres = self._start_stores(running)
        with self._step("Database schema"):
            preflight.schema()
            call_command("migrate", verbosity=0, interactive=False)
        with self._step("Static files"):
            static_files.collect()
        with self._step("Language model"):
            self._prepare_model()
        supervisor = Supervisor(
            processes(with_redis=not env.secret("REDIS_URL")), keep_open=[lock.fileno()], show=self._show
        )
        running.callback(supervisor.stop)
        running.callback(self._say, "Stopping …")
        running.callback(_ignore_signals)
        with self._step("Web server"):
            _wait_for_web(supervisor)
        running.enter_context(_watched(supervisor))
        # The first person who writes is answered as quickly as later ones.
        with self._step("Replies"):
            can_reply = _wait_for_replies(supervisor)
        self._announce(time.monotonic() - started)
        if not can_reply:
            self._say("Replies cannot begin yet.")
            threading.Thread(target=self._tell_when_replies_begin, args=(started,), daemon=True).start()
        _watch(supervisor, postgres)

    def _start_stores(self, running: ExitStack) -> services.EmbeddedPostgres | None:
        postgres = None
        if env.secret("DATABASE_URL"):
            preflight.database_url()
        else:
            postgres = running.enter_context(services.embedded_postgres())
        if env.secret("REDIS_URL"):
            preflight.redis_url()
        else:
            running.enter_context(services.redis_users())
        return postgres

    def _prepare_model(self) -> None:
        """Installs the model that MODEL names, or the active one, or the default one."""
        try:
            if settings.MODEL:
                self._accept_terms(model_rows.lookup(settings.MODEL))
                model_rows.install(settings.MODEL, report=self._percent)
                model_rows.activate(settings.MODEL)
            else:
                self._prepare_active()
        except packaged.CatalogueError as error:
            raise preflight.CannotStart(str(error)) from None

    def _prepare_active(self) -> None:
        """Installs the active model where its files are missing. If that fails, the default model serves people."""
        model, default = model_rows.active(), packaged.PACKAGED[packaged.DEFAULT]
        try:
            model_rows.ensure_active(report=self._percent)
        except packaged.CatalogueError as error:
            if not model_rows.is_installed(default.name):
                raise
            model_rows.activate(default.name)
            self._say(
                f"{error}\n{default.title} replies until you install {model.title} again (Admin → Model entries)."
            )

    def _accept_terms(self, model: packaged.CatalogueModel) -> None:
        """Shows the terms and asks in the terminal. Without a terminal, ACCEPT_MODEL_TERMS must be yes."""
        if model.terms is None or model_rows.terms_accepted(model.name):
            return
        if not settings.ACCEPT_MODEL_TERMS:
            self._say(f"{model.terms.text}\n{model.terms.summary}\n")
            if not sys.stdin.isatty():
                raise preflight.CannotStart(
                    f"{model.title} is licensed under the {model.terms.title}, shown above ({model.terms.url}). "
                    "To accept them without a terminal, set ACCEPT_MODEL_TERMS=yes."
                )
            if input(f"Do you accept the {model.terms.title}? [y/N] ").strip().lower() not in {"y", "yes"}:
                raise preflight.CannotStart(
                    "You did not accept the terms, so nothing was fetched. Leave out MODEL to run the default model."
                )
        model_rows.accept_terms(user=None, name=model.name)

    def _percent(self, percent: int, step: str) -> None:
        self._say(f"  {percent:3} % {step}")

    def _announce(self, seconds: float) -> None:
        self._say(f"Ready after {seconds:.1f} s. Ctrl-C ends everything.")
        if first_run.owner_has_signed_in():
            self._say(f"Open {settings.SITE_URL}/")
        else:
            self._say("Open this link, once, to sign in as the owner:")
            self._say(first_run.new_link())

    def _tell_when_replies_begin(self, started: float) -> None:
        while not _get("/readyz", seconds=60):
            time.sleep(1)
        self._say(f"Replies can begin. ({time.monotonic() - started:.1f} s)")

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        """Prints the title of a long step, and its duration when it ends."""
        started = time.monotonic()
        self._say(f"{title} …")
        yield
        self._say(f"{title}: done in {time.monotonic() - started:.1f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _show(self, output: IO[bytes]) -> None:
        """Prints the processes' output, each line after the name of its process. Runs in its own thread."""
        for line in output:
            self._say(readable(line.decode(errors="replace").rstrip("\n")))


def readable(line: str) -> str:
    """A log event as `process | level event key=value`, and any other line unchanged."""
    try:
        event = json.loads(line)
        name, level, title = event.pop("process"), event.pop("level"), event.pop("event")
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{'':{_COLUMN}} | {line}"
    for key in ("time", "logger"):
        event.pop(key, None)
    details = " ".join(f"{key}={value}" for key, value in event.items())
    return f"{name:{_COLUMN}} | {level} {title} {details}".rstrip()


def _wait_for_web(supervisor: Supervisor) -> None:
    """Waits until the web server and Redis answer. Raises CannotStart."""
    deadline = time.monotonic() + WEB_SECONDS
    while not (_get("/healthz") and (env.secret("REDIS_URL") or services.redis_answers())):
        if not supervisor.is_running():
            raise _supervisor_ended()
        if time.monotonic() > deadline:
            raise preflight.CannotStart(f"The site did not answer within {WEB_SECONDS} s. The lines above say why.")
        time.sleep(0.2)


def _wait_for_replies(supervisor: Supervisor) -> bool:
    """Waits until every part of the site works, at most REPLIES_SECONDS. Returns whether it does.

    The request also makes the web process load its filter.
    """
    deadline = time.monotonic() + REPLIES_SECONDS
    while not (is_ready := _get("/readyz")) and supervisor.is_running() and time.monotonic() < deadline:
        time.sleep(0.2)
    return is_ready


@contextmanager
def _watched(supervisor: Supervisor) -> Iterator[None]:
    """Watches the processes in a thread: it kills one that stops answering, and supervisord starts it again."""
    ended = threading.Event()
    watch = liveness.Watch(listed=supervisor.listed, ask=lambda: liveness.ask_all(lambda: _get("/healthz")))
    threading.Thread(target=watch.run, args=(ended,), name="liveness", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _get(path: str, seconds: float = 5) -> bool:
    """Whether the web server answers 200."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.BIND, settings.BIND)  # noqa: S104
    own_name = f"[{host}]" if ":" in host else host
    name = next((host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), own_name)
    try:
        connection = HTTPConnection(host, settings.PORT, timeout=seconds)
        connection.request("GET", path, headers={"Host": name})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False


def _supervisor_ended() -> preflight.CannotStart:
    path = settings.STATE_DIR / "supervisord.err"
    return preflight.CannotStart(f"The supervisor ended. The lines above or {path} say why.")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(supervisor: Supervisor, postgres: services.EmbeddedPostgres | None) -> None:
    """Watches PostgreSQL and supervisord until a signal comes. supervisord watches the other processes."""
    while supervisor.is_running():
        if postgres is not None:
            postgres.keep()
        time.sleep(1)
    raise _supervisor_ended()


def _ignore_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
