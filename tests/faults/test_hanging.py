"""Processes that hang: what they should do waits, nothing else does, and they are replaced."""

import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.site import Site, Visitor
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.model]

LETTERS = Path(__file__).parents[1] / "contracts" / "importers" / "letters.txt"
TYPED = {
    "name": "Teo",
    "depicts": "dead",
    "declaration": "on",
    "import_consent": "on",
    "language": "en",
    "then": "preview",
}
WATCHED = {
    "web": ("daphne",),
    "general": ("celery", "general@"),
    "imports": ("celery", "imports@"),
    "beat": ("celery", "beat"),
    "generation": ("celery", "generation@"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(SILENCE="15s") as site:
        yield site


def logged(site: Site, event: str) -> set[str]:
    """The processes that the supervisor reported."""
    return set(re.findall(rf'"event": "{event}", "watched": "(\w+)"', site.log.read_text()))


def test_nothing_waits_for_a_hanging_process_and_it_is_replaced(site):
    visitor = Visitor(site)
    visitor.sign_up("nora")
    persona = site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0]
    # The supervisor leaves alone what has never answered it.
    wait_until(lambda: logged(site, "process.answers") >= {*WATCHED}, seconds=60, explain=site.output)
    before = {name: site.processes(*words) for name, words in WATCHED.items()}
    for process in before["imports"]:
        process.suspend()

    # 1. The preview comes at once and says that files are read; so does every other page.
    began = time.monotonic()
    page = visitor.post("/personas/new/", TYPED, files={"files": ("letters.txt", LETTERS.read_bytes())})
    assert "0 of 1 read" in page.text
    assert httpx.get(f"{site.url}/healthz").text == "ok\n"
    assert time.monotonic() - began < 30

    # 2. Somebody in a crisis is seen.
    conversation = visitor.start_conversation(str(persona))
    with visitor.talk(conversation) as talk:
        talk.say("I want to kill myself tonight")
        wait_until(
            lambda: site.rows(f"SELECT 1 FROM moderation_case WHERE conversation_id = '{conversation}'"),
            seconds=20,
            explain=site.output,
        )
    assert "0 of 1 read" in visitor.http.get(page.url).text

    # 3. The others that wait for nothing but work hang too. Each is replaced, and the one that works is not.
    hanging = set(WATCHED) - {"generation"}
    for process in itertools.chain(before["web"], before["general"], before["beat"]):
        process.suspend()

    def running_instead(name: str) -> set[psutil.Process]:
        return set(site.processes(*WATCHED[name])) - set(before[name])

    wait_until(lambda: all(map(running_instead, hanging)), seconds=150, explain=site.output)

    # 4. The new worker reads the file, once the timetable has found what the lost one left.
    def is_read() -> bool:
        try:
            return "severe audience" in visitor.http.get(page.url).text
        except httpx.HTTPError:  # the web process has just been replaced
            return False

    wait_until(is_read, seconds=180, explain=site.output)
    assert logged(site, "process.silent") == hanging
    assert site.processes(*WATCHED["generation"]) == before["generation"]
