"""`manage.py up` with its real processes: start, kill, stop, start again."""

from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.persona_site.test_preflight import up
from tests.site import Site, Visitor, command_line, kill
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.model]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.remove()


@pytest.fixture(autouse=True)
def nothing_runs_on(site: Site) -> Iterator[None]:
    yield
    if site.process is not None and site.process.poll() is None:
        site.stop()


def left_behind(site: Site) -> list[psutil.Process]:
    """All processes that run for this state folder, with any parent."""
    matches = []
    for process in psutil.process_iter():
        try:
            state = process.environ().get("AFTERWORD_STATE", "")
        except psutil.Error:
            continue
        if any(str(site.state) in word for word in (*command_line(process), state)):
            matches.append(process)
    return matches


def part_is_ok(site: Site, part: str) -> bool:
    try:
        return bool(httpx.get(f"{site.url}/readyz", timeout=30).json()[part]["ok"])
    except (httpx.HTTPError, ValueError):
        return False


def replace(site: Site, *words: str) -> None:
    """Sends SIGKILL to the process with all the words in its command line, and waits for its successor."""

    def running() -> set[psutil.Process]:
        return {
            process for process in left_behind(site) if all(word in " ".join(command_line(process)) for word in words)
        }

    victims = running()
    assert victims, f"No process with {words}."
    kill(victims)
    wait_until(lambda: running() - victims, explain=site.output)


def test_a_site_starts_survives_kills_stops_and_starts_again(site):
    site.start(speaking=False)
    # 1. It reports its steps, and prints a link when the site answers.
    for step in (
        "State folder",
        "Stores",
        "Database schema",
        "Static files",
        "Language model",
        "Web server",
        "Replies",
    ):
        assert f"{step}: done in" in site.log.read_text() or f"{step} {site.state}: done in" in site.log.read_text()
    visitor = Visitor(site)
    assert visitor.http.get(site.owner_link()).status_code == 200
    assert visitor.http.get("/account/").status_code == 200

    # 2. Killed processes are started again, also the stores, which keep their data.
    for words in (
        ("redis-server",),
        ("daphne",),
        ("celery", "generation@"),
        ("celery", "general@"),
        ("celery", "imports@"),
        ("celery", "tuning@"),
        ("celery", "beat"),
    ):
        replace(site, *words)
    replace(site, "bin/postgres", "-D")
    wait_until(lambda: part_is_ok(site, "database") and part_is_ok(site, "redis"), seconds=60, explain=site.output)
    assert visitor.http.get("/account/").status_code == 200

    # 3. Ctrl-C gives exit code 0 and leaves no process.
    assert site.stop() == 0, site.output()
    assert left_behind(site) == []

    # 4. A second start keeps the data. The owner has signed in, so it prints no new link.
    links = site.log.read_text().count("/setup/")
    site.start(speaking=False)
    assert site.log.read_text().count("/setup/") == links
    assert visitor.http.get("/account/").status_code == 200

    # 5. Another run on the same folder is refused, and does not disturb the first.
    assert f"Afterword is already running on the state folder {site.state}. Stop that run first" in up(site.state)
    assert httpx.get(f"{site.url}/healthz").text == "ok\n"

    # 6. If it is killed itself, its processes end too, and the next start works.
    site.process.kill()
    site.process.wait()
    site.start(speaking=False)

    # 7. If its supervisor is killed, it ends and says so.
    next(process for process in left_behind(site) if "supervisor.supervisord" in command_line(process)).kill()
    assert site.process.wait(60) == 1
    assert "The supervisor ended" in site.output()
    assert left_behind(site) == []
