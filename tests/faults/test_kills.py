"""Eight people are being answered; a process is killed; every answer still comes, once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.site import ENDS, Listener, Site, Visitor, kill
from tests.waiting import wait_until

PEOPLE = 8
pytestmark = [pytest.mark.faults, pytest.mark.model]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(LEASE="5s") as site:
        yield site


@pytest.fixture(scope="module")
def listeners(site: Site) -> list[Listener]:
    persona = site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0]
    made = []
    for number in range(PEOPLE):
        visitor = Visitor(site)
        visitor.sign_up(f"person{number}")
        made.append(Listener(visitor, visitor.start_conversation(str(persona))))
    return made


def ask_all(listeners: list[Listener], text: str) -> list[Future]:
    for listener in listeners:
        listener.frames.clear()
    pool = ThreadPoolExecutor(len(listeners))
    futures = [pool.submit(listener.ask, text) for listener in listeners]
    pool.shutdown(wait=False)
    return futures


def all_are_at_work(listeners: list[Listener]) -> bool:
    """Every reply was begun by the worker, and the first words of one have come."""
    begun = all(any(frame["type"] == "reply.started" for frame in listener.frames) for listener in listeners)
    return begun and any(frame["type"] == "reply.delta" for listener in listeners for frame in listener.frames)


@pytest.mark.parametrize(
    "words", [("celery", "generation@"), ("daphne",), ("redis-server",)], ids=["worker", "web", "redis"]
)
def test_a_killed_process_costs_no_message_and_no_reply(site, listeners, words):
    def strike() -> None:
        victims = site.processes(*words)
        assert victims, f"No process with {words}."
        kill(victims)

    strike_while_all_are_answered(site, listeners, words[0], strike)
    wait_until(lambda: site.processes(*words), seconds=30, explain=site.output)


def test_connections_that_the_database_ends_cost_no_message_and_no_reply(site, listeners):
    def end() -> None:
        assert site.rows(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""
        )

    strike_while_all_are_answered(site, listeners, "the storm", end)


def strike_while_all_are_answered(site: Site, listeners: list[Listener], name: str, strike: Callable[[], None]) -> None:
    asked = f"Tell me at length what you did the day that {name} was here."
    futures = ask_all(listeners, asked)
    wait_until(lambda: all_are_at_work(listeners), seconds=180, explain=site.output)
    strike()

    ends = [future.result(timeout=300) for future in futures]

    assert all(end["type"] in ENDS for end in ends)
    answered = site.rows(
        f"""SELECT m.id, r.status, r.attempt, count(*) OVER (PARTITION BY m.id)
            FROM chat_message m JOIN chat_message a ON a.parent_id = m.id JOIN chat_reply r ON r.message_id = a.id
            WHERE m.text = '{asked}'"""
    )
    assert len(answered) == PEOPLE, "A message was lost, or one was answered twice."
    # What the model says is drawn by lot, and the filter may withdraw it: that is an end like another.
    assert {status for _, status, _, _ in answered} <= {"completed", "blocked"}, (answered, site.output())
    for listener, end in zip(listeners, ends, strict=True):
        if end["type"] == "reply.blocked":
            continue
        shown = what_a_page_shows(listener.frames, end["reply_id"])
        assert shown.strip() == end["text"].strip()


def what_a_page_shows(frames: list[dict], reply_id: str) -> str:
    """The text of the newest attempt, each part once."""
    parts = {
        (frame["attempt"], frame["seq"]): frame["text"]
        for frame in frames
        if frame["type"] == "reply.delta" and frame["reply_id"] == reply_id
    }
    newest = max(attempt for attempt, _ in parts)
    return "".join(text for (attempt, _), text in sorted(parts.items()) if attempt == newest)
