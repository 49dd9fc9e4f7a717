"""Two web processes and two generation workers, each on a machine of its own, serve one site."""

import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from generation.catalogue import packaged
from tests import model_server
from tests.machines import METRICS_TOKEN, OUTSIDE, Host, Network, NotAllowed, Stores
from tests.model_server import ModelServer
from tests.site import ENDS, Listener, Visitor
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.model]
SLOTS = 2


@dataclass
class Machines:
    """`near` has the real model; `far` asks a server of the test's own, which keeps replies until it is let go."""

    stores: Stores
    near: Host
    far: Host
    server: ModelServer
    people: list[Visitor] = field(default_factory=list)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stores.database_url) as connection:
            return connection.execute(query).fetchall()

    def output(self) -> str:
        return "\n".join(machine.output() for machine in (self.stores, self.near, self.far))

    def ask(self, count: int) -> list[Future[dict[str, Any]]]:
        """`count` messages in conversations of their own, through both web processes in turn."""
        persona = str(self.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
        pool = ThreadPoolExecutor(count)
        asked = []
        for number in range(count):
            visitor = self.people[number % len(self.people)]
            listener = Listener(visitor, visitor.start_conversation(persona))
            asked.append(pool.submit(listener.ask, "What do you see from your window?", seconds=80))
        pool.shutdown(wait=False)
        return asked

    def join(self) -> "subprocess.Popen[bytes]":
        """A second worker, once it has said that it is there; nobody else is told of it."""
        worker = self.far.worker(SLOTS)
        wait_until(lambda: f':{worker.pid}"' in self._readiness(), explain=self.output)
        return worker

    def _readiness(self) -> str:
        return httpx.get(f"{self.near.url}/readyz", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).text

    def replies(self) -> list[tuple[str, int]]:
        """Engine and attempt of each reply. What the real model says is drawn by lot; the filter may withdraw it."""
        rows = self.rows("SELECT engine, attempt, status FROM chat_reply ORDER BY queued_at")
        assert {status for *_, status in rows} <= {"completed", "blocked"}, rows
        return [(engine, attempt) for engine, attempt, _ in rows]


@pytest.fixture(scope="module")
def machines(installed_model: packaged.CatalogueModel) -> Iterator[Machines]:
    try:
        network = Network()
    except NotAllowed as reason:
        pytest.skip(str(reason))
    with ExitStack() as stack:
        stack.callback(network.close)
        server = stack.enter_context(model_server.running(OUTSIDE))
        stores = Stores(network)
        stack.callback(stores.close)
        near = Host(network, "near", 2, stores, ENGINES="openvino", LEASE="3s")
        stack.callback(near.close)
        remote = {"OPENAI_BASE_URL": server.url("held"), "OPENAI_MODEL": "held"}
        far = Host(network, "far", 3, stores, ENGINES="openai", LEASE="3s", **remote)
        stack.callback(far.close)
        made = Machines(stores, near, far, server)
        wait_until(lambda: _accepts(stores.database_url), explain=made.output)
        near.manage("migrate", "--verbosity", "0")
        near.manage("shell", "-c", "from generation.catalogue import model_rows; model_rows.ensure_active()")
        for host in (near, far):
            host.manage("collectstatic", "--no-input", "--verbosity", "0")
            host.web()
        near.worker(SLOTS)
        near.celery(
            "worker", "-Q", "default,imports", "--pool", "threads", "-c", "2", "-n", "general@%h", log="general"
        )
        near.celery("beat", "--pidfile=", log="beat")
        for number, host in enumerate((near, far)):
            wait_until(lambda host=host: host.answers("/readyz"), seconds=90, explain=made.output)
            visitor = Visitor(host)  # type: ignore[arg-type]
            visitor.sign_up(f"person{number}")
            made.people.append(visitor)
        yield made


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_one_conversation_through_two_web_processes(machines: Machines) -> None:
    """What is said through one machine is followed through the other, with the same session."""
    here = machines.people[0]
    persona = str(machines.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
    conversation = here.start_conversation(persona)
    elsewhere = Visitor(machines.far)  # type: ignore[arg-type]
    elsewhere.http.cookies = here.http.cookies
    with elsewhere.talk(conversation) as there, here.talk(conversation) as talk:
        talk.say("Good evening.")
        there.until(*ENDS)
    assert machines.replies() == [("openvino", 1)]


def test_a_worker_that_joins_is_used_and_one_that_leaves_loses_nothing(machines: Machines) -> None:
    server, known = machines.server, len(machines.replies())

    joined = machines.join()
    asked = machines.ask(8)
    wait_until(lambda: server.held == SLOTS, explain=machines.output)
    joined.kill()
    all_end(asked, machines.output)
    after_kill = machines.replies()[known:]
    assert Counter(after_kill) == Counter({("openvino", 1): 8 - SLOTS, ("openvino", 2): SLOTS})

    server.held = 0
    drained = machines.join()
    asked = machines.ask(6)
    wait_until(lambda: server.held == SLOTS, explain=machines.output)
    drained.send_signal(signal.SIGTERM)
    wait_until(lambda: "Warm shutdown" in machines.far.log("generation").read_text(), explain=machines.output)
    server.go.set()
    all_end(asked, machines.output)
    assert drained.wait(20) == 0, machines.far.log("generation").read_text()
    after_drain = machines.replies()[known + 8 :]
    assert Counter(after_drain) == Counter({("openvino", 1): 6 - SLOTS, ("openai", 1): SLOTS})


def all_end(asked: list[Future[dict[str, Any]]], explain: Callable[[], str]) -> None:
    for future in asked:
        try:
            future.result(timeout=90)
        except AssertionError as error:
            raise AssertionError(explain()) from error
