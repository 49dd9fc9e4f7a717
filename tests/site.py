"""The whole site as its operator runs it, and people who use it through HTTP and websockets."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg
import redis
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests import schema
from tests.waiting import wait_until

PASSWORD = "a long enough password"
ROOT = Path(__file__).resolve().parent.parent
_MODELS = ROOT / "var" / "test" / "models"  # converted once, for every state folder that tests make


def share_models(state: Path) -> None:
    """Makes a state folder, and lets it have the models that were converted for the others."""
    _MODELS.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    if not (state / "models").exists():
        (state / "models").symlink_to(_MODELS)


_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command_line(process: psutil.Process) -> list[str]:
    """Its words, or none once it has ended: what a test kills ends while others are looked at."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILLs them; one may have ended with its parent before its turn comes."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


class Site:
    """`manage.py up` with a state folder and a port of its own. With `has_tables` its start needs no migrations."""

    def __init__(self, *, has_tables: bool = False, **settings: str) -> None:
        self.state = Path(tempfile.mkdtemp(prefix="afterword-"))
        if has_tables:
            schema.fill(self.state)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.state.parent / f"{self.state.name}.log"
        self._environment = os.environ | {
            "AFTERWORD_STATE": str(self.state),
            "PORT": str(self.port),
            "CONVERSATIONS_PER_MINUTE": "1000",  # a test begins them faster than a person
            **settings,
        }
        for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"):
            self._environment.pop(name, None)
        self.process: subprocess.Popen[bytes] | None = None
        self._log_before = 0  # bytes
        # One for all questions: a client reads the system's certificates first, which takes longer than the answer.
        self._probe = httpx.Client(base_url=self.url, timeout=2, verify=False)

    def __enter__(self) -> "Site":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        self.remove()

    def start(self, *, speaking: bool = True) -> None:
        """Until replies begin, or, without `speaking`, until pages are answered."""
        share_models(self.state)
        self._log_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        path = "/readyz" if speaking else "/healthz"
        wait_until(lambda: self._answers(path), seconds=300, explain=self.output)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def remove(self) -> None:
        shutil.rmtree(self.state, ignore_errors=True)
        self.log.unlink(missing_ok=True)

    def output(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]

    def owner_link(self) -> str:
        """The newest; it is printed a moment after the site says that it is ready."""
        return wait_until(lambda: re.findall(r"http://127\.0\.0\.1:\d+/setup/\S+\n", self.log.read_text()))[-1].strip()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in this site's database."""
        with psycopg.connect(f"postgresql://postgres@/postgres?host={self.state / 'postgres'}") as connection:
            return connection.execute(query).fetchall()

    def forget_rate_limits(self) -> None:
        """Everybody here comes from one address, from which only so many may sign up in a minute."""
        with redis.Redis(unix_socket_path=str(self.state / "redis" / "redis.sock")) as connection:
            for key in connection.scan_iter("cache:*:allauth:rl:*"):
                connection.delete(key)

    def processes(self, *words: str) -> list[psutil.Process]:
        """Running processes of this site whose command line has all the words."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in children if all(word in " ".join(command_line(each)) for word in words)]

    def manage(self, *arguments: str) -> str:
        """The output of a management command of this site."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def _answers(self, path: str) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"The site ended with {self.process.returncode}. {self.output()}")
        # This start's own lines: right after a kill, the web process of the start before may still answer.
        if b"Ready after" not in self.log.read_bytes()[self._log_before :]:
            return False
        try:
            return self._probe.get(path).status_code == 200
        except httpx.HTTPError:
            return False


class Visitor:
    """Somebody with a browser's cookies, without the browser."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = httpx.Client(base_url=site.url, follow_redirects=True, timeout=30)

    def open_setup_link(self) -> None:
        self.http.get(self.site.owner_link())
        self.post("/account/birth-date/", {"birth_date": "1970-05-17"})

    def sign_up(self, name: str) -> None:
        fields = {
            "email": f"{name}@example.test",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "birth_date": "1970-05-17",
            "agreement": "on",
        }
        answer = self.post("/account/signup/", fields)
        assert "sessionid" in self.http.cookies, answer.text

    def post(self, path: str, fields: dict[str, Any], files: dict[str, Any] | None = None) -> httpx.Response:
        """Loads the page of the form, then sends the form with its token."""
        page = self.http.get(path)
        token = _CSRF.search(page.text)
        data = fields | ({"csrfmiddlewaretoken": token[1]} if token else {})
        return self.http.post(page.url if token else path, data=data, files=files, headers={"Referer": str(page.url)})

    def start_conversation(self, persona_id: str) -> str:
        """The id of a new conversation."""
        page = self.http.get("/personas/")
        token = _CSRF.search(page.text)
        assert token, page.text
        answer = self.http.post(
            "/conversations/",
            data={"persona": persona_id, "csrfmiddlewaretoken": token[1]},
            headers={"Referer": str(page.url)},
        )
        answer.raise_for_status()
        return answer.url.path.rstrip("/").rsplit("/", 1)[1]

    @contextmanager
    def talk(self, conversation_id: str, after: str = "0-0") -> Iterator["Talk"]:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)
        websocket = self.site.url.replace("http", "ws", 1)
        address = f"{websocket}/ws/conversations/{conversation_id}/?after={after}"
        with connect(
            address,
            additional_headers={"Cookie": cookies},
            origin=self.site.url,
            max_size=2**22,  # type: ignore[arg-type]
        ) as websocket:
            yield Talk(websocket, self.site)


class Talk:
    """One open websocket, and every frame that came through it."""

    def __init__(self, websocket: ClientConnection, site: Site) -> None:
        self.websocket = websocket
        self.site = site
        self.frames: list[dict[str, Any]] = []

    def send(self, frame_type: str, **fields: Any) -> None:
        self.websocket.send(json.dumps({"type": frame_type, **fields}))

    def say(self, text: str, client_id: str | None = None) -> str:
        client_id = client_id or str(uuid4())
        self.send("message.send", client_id=client_id, text=text)
        return client_id

    def receive(self, seconds: float = 60) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.websocket.recv(timeout=seconds))
        self.frames.append({**frame, "received_at": time.monotonic()})
        return frame

    def until(self, *types: str, seconds: float = 120) -> dict[str, Any]:
        """Reads on to the first frame of one of these types."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                frame = self.receive(deadline - time.monotonic())
            except TimeoutError:
                seen = [each["type"] for each in self.frames]
                raise AssertionError(f"No {types} within {seconds} s; came: {seen}. {self.site.output()}") from None
            if frame["type"] in types:
                return frame


class Listener:
    """Somebody who says one thing and stays until it is answered, whatever happens to the connection.

    Like the page: it comes back with the last offset, and sends again what was not accepted.
    """

    def __init__(self, visitor: Visitor, conversation_id: str) -> None:
        self.visitor = visitor
        self.conversation_id = conversation_id
        self.offset = "0-0"
        self.frames: list[dict[str, Any]] = []

    def ask(self, text: str, *, seconds: float = 300) -> dict[str, Any]:
        """The frame that ended the reply."""
        client_id = str(uuid4())
        deadline = time.monotonic() + seconds
        accepted = False
        while time.monotonic() < deadline:
            try:
                with self.visitor.talk(self.conversation_id, after=self.offset) as talk:
                    if not accepted:
                        talk.say(text, client_id)
                    while True:
                        frame = talk.receive(deadline - time.monotonic())
                        self.frames.append(frame)
                        self.offset = frame.get("offset", self.offset)
                        accepted = accepted or (
                            frame.get("client_id") == client_id and frame["type"] == "message.accepted"
                        )
                        if frame["type"] in ENDS:
                            return frame
                        if frame["type"] == "error":
                            break  # not kept: say it again
            except (OSError, WebSocketException):
                time.sleep(0.2)  # the page backs off the same way
        raise AssertionError(f"No answer within {seconds} s: {[each['type'] for each in self.frames][-12:]}")


ENDS = {"reply.completed", "reply.stopped", "reply.blocked", "reply.failed"}
