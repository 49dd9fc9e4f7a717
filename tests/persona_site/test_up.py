"""`manage.py up` with its real processes: started, killed, stopped, started again."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from django.conf import settings as django_settings

from generation import catalogue
from tests.persona_site.test_preflight import free_port
from tests.waiting import wait_until

pytestmark = pytest.mark.faults


class Site:
    """A running `manage.py up` and everything that it printed."""

    def __init__(self, state: Path, port: int) -> None:
        self.state, self.port = state, port
        self.lines: list[str] = []
        # Only our own settings: the test run's stores are not this site's.
        environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=django_settings.BASE_DIR,
            env=environment | {"AFTERWORD_STATE": str(state), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def printed(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, pattern: str, seconds: float = 300) -> re.Match[str]:
        def found() -> "re.Match[str] | None":
            assert self.process.poll() is None, self.printed()
            return re.search(pattern, self.printed())

        return wait_until(found, seconds=seconds, explain=self.printed)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def part_is_ok(self, part: str) -> bool:
        _, body = self.get("/readyz")
        return body != "" and json.loads(body)[part]["ok"]

    def processes(self) -> list[psutil.Process]:
        """Everything that runs for this state folder, whoever its parent is."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("AFTERWORD_STATE") == str(self.state) or any(
                    str(self.state) in word for word in process.cmdline()
                )
            except psutil.Error:
                continue
            if mine and process.pid != os.getpid():
                found.append(process)
        return found

    def kill(self, part: str) -> int:
        """SIGKILLs the process whose command line has `part`; its number."""
        process = next(p for p in self.processes() if part in " ".join(p.cmdline()))
        process.kill()
        process.wait(10)
        return process.pid

    def is_back(self, part: str, old: int) -> bool:
        return any(part in " ".join(p.cmdline()) and p.pid != old for p in self.processes())

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A fresh state folder, but for the model: converting it once per test run is enough."""
    folder = tmp_path_factory.mktemp("up")
    catalogue.models_dir().mkdir(parents=True, exist_ok=True)
    (folder / "models").symlink_to(catalogue.models_dir())
    return folder


def test_a_site_starts_survives_kills_stops_and_starts_again(state):
    site = Site(state, free_port())
    try:
        # 1. It says what it does, and gives a link once the site answers.
        link = site.wait_for(r"http://127\.0\.0\.1:\d+(/setup/[\w-]+/)")
        for step in ("State folder", "Stores", "Database schema", "Static files", "Web server"):
            assert f"{step}" in site.printed()
        assert site.get("/healthz") == (200, "ok\n")
        assert site.get(link[1])[0] == 200  # signed in and led to the first page

        # 2. A second one on the same folder is refused in one sentence.
        second = Site(state, free_port())
        assert second.process.wait(60) == 1
        assert f"Afterword is already running on the state folder {state}." in second.printed()
        assert site.get("/healthz")[0] == 200

        # 3. What is killed comes back, the stores included.
        for part in ("redis-server", "daphne", "generation@", "general@", " beat "):
            old = site.kill(part)
            wait_until(lambda part=part, old=old: site.is_back(part, old), explain=site.printed)
        wait_until(lambda: site.part_is_ok("redis"), explain=site.printed)
        site.kill(f"postgres -D {state}" if sys.platform != "linux" else "bin/postgres")
        wait_until(lambda: site.part_is_ok("database"), explain=site.printed)
    finally:
        code = site.stop()
    # 4. Ctrl-C: exit code 0, nothing left behind.
    assert code == 0, site.printed()
    assert site.processes() == []

    # 5. Again: quick, with its data; the owner was there, so no link.
    started = time.monotonic()
    site = Site(state, free_port())
    try:
        site.wait_for(r"Open http://127\.0\.0\.1:\d+/\n?")
        assert "/setup/" not in site.printed()
        seconds = time.monotonic() - started
    finally:
        code = site.stop(signal.SIGTERM)
    assert code == 0
    assert site.processes() == []
    assert seconds < 15 or os.getloadavg()[0] > 2 * os.cpu_count(), f"{seconds:.1f} s"


def test_killed_itself_it_takes_its_processes_along_and_the_next_start_works(state):
    site = Site(state, free_port())
    site.wait_for("Ctrl-C ends everything")
    site.process.kill()
    site.process.wait()
    site = Site(state, free_port())
    try:
        site.wait_for("Ctrl-C ends everything")
    finally:
        code = site.stop()
    assert code == 0
    assert site.processes() == []


def test_without_its_supervisor_it_ends_everything_and_says_so(state):
    site = Site(state, free_port())
    site.wait_for("Ctrl-C ends everything")
    site.kill("supervisor.supervisord")
    assert site.process.wait(60) == 1
    assert "The supervisor ended" in site.printed()
    assert site.processes() == []
