"""Files wait for a worker that does not get on; nothing else does."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.site import Site, Visitor
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.model]

LETTERS = Path(__file__).parents[1] / "contracts" / "importers" / "letters.txt"
ANSWERED = re.compile(r"process\.answers.*imports")
TYPED = {"name": "Teo", "depicts": "dead", "declaration": "on", "language": "en", "then": "preview"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def test_pages_and_the_monitor_do_not_wait_for_imports(site):
    visitor = Visitor(site)
    visitor.sign_up("nora")
    persona = site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0]
    # The supervisor leaves alone what has never answered it.
    wait_until(lambda: ANSWERED.search(site.log.read_text()), seconds=60, explain=site.output)
    for process in site.processes("celery", "imports@"):
        process.suspend()

    # 1. The preview comes at once and says that files are read; so does every other page.
    began = time.monotonic()
    page = visitor.post("/personas/new/", TYPED, files={"files": ("letters.txt", LETTERS.read_bytes())})
    assert "0 of 1 read" in page.text
    assert httpx.get(f"{site.url}/healthz").text == "ok\n"
    assert time.monotonic() - began < 10

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

    # 3. The worker hangs, so another one takes its place and reads the file.
    wait_until(
        lambda: "severe audience" in visitor.http.get(page.url).text,
        seconds=300,  # silence, a start, and the timetable's look for what a lost worker left
        explain=site.output,
    )
