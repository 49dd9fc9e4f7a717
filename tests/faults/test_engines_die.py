"""Two providers that die on cue stand before the local model; people's replies go on, and the owner sees why.

The providers are tests/model_server.py: no models, only servers that speak OpenAI's interface. Everything else is
the real site: its engines are set up, changed and switched in the admin, and no process is started again.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests import model_server
from tests.model_server import ModelServer
from tests.site import Listener, Site, Visitor
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.model]
ENGINES = "/admin/generation/engineentry/"
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Room:
    """The site's engines, its owner at the admin, and somebody who talks."""

    def __init__(self, site: Site, first: ModelServer, second: ModelServer) -> None:
        self.site, self.first, self.second = site, first, second
        self.owner, self.person = Visitor(site), Visitor(site)
        self.owner.open_setup_link()
        self.person.sign_up("person")
        self.persona = str(site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
        self._saves = 0
        for name, server in (("first", first), ("second", second)):
            self._save(f"{ENGINES}add/", name, server)

    def set_up(self, **fields: Any) -> None:
        """Both providers are well and in their places, the first with these fields; every test begins here.

        New names of their models make them new engines, without the failures of the test before.
        """
        self._saves += 1
        self.first.become("ok")
        self.second.become("ok")
        self.first.words = ("I am here. The lamp", " is lit and the", " sea is calm.")
        self.second.words = (" boats come home.",)
        for name, server in (("first", self.first), ("second", self.second)):
            self._save(f"{ENGINES}{name}/change/", name, server, **(fields if name == "first" else {}))
        wait_until(lambda: self.ask().engines == [self.model("first")], seconds=20, explain=self.site.output)

    def model(self, name: str) -> str:
        return f"{name}-{self._saves}"

    def change_first(self, **fields: Any) -> None:
        self._save(f"{ENGINES}first/change/", "first", self.first, **fields)

    def _save(self, path: str, name: str, server: ModelServer, **fields: Any) -> None:
        row = {
            "name": name,
            "kind": "openai",
            "is_enabled": "on",
            "order": 1 if name == "first" else 2,
            "weight": 1,
            "base_url": server.url("now"),
            "model": self.model(name),
            "context_length": 8192,
            "prompt_form": "chat",
            "first_token_seconds": 2,
            "between_tokens_seconds": 1,
            "prompt_price": 0,
            "completion_price": 0,
            "currency": "EUR",
        }
        page = self.owner.post(path, row | fields)
        assert page.url.path == ENGINES, page.text

    def switch(self, name: str, to: str) -> None:
        page = self.owner.http.get(ENGINES)
        token = _CSRF.search(page.text)
        assert token
        data = {"csrfmiddlewaretoken": token[1], "to": to}
        answer = self.owner.http.post(f"{ENGINES}{name}/switch/", data=data, headers={"Referer": str(page.url)})
        assert f"The engine {name} is switched {to} from the next reply on." in answer.text

    def ask(self) -> "Answer":
        listener = Listener(self.person, self.person.start_conversation(self.persona))
        end = listener.ask("How is the sea tonight?", seconds=60)
        return Answer(self.site, listener.frames, end)


class Answer:
    def __init__(self, site: Site, frames: list[dict[str, Any]], end: dict[str, Any]) -> None:
        self.end, self.text = end, end.get("text", "")
        started = [frame for frame in frames if frame["type"] == "reply.started"]
        self.engines = [frame["engine"] for frame in started]
        self.because = [frame["because"] for frame in started]
        [(engines, self.kept)] = site.rows(
            "SELECT r.engines, m.text FROM chat_reply r JOIN chat_message m ON m.id = r.message_id "
            f"WHERE r.id = '{end['reply_id']}'"
        )
        self.row = engines if isinstance(engines, list) else json.loads(engines)


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with ExitStack() as running:
        first = running.enter_context(model_server.running())
        second = running.enter_context(model_server.running())
        site = running.enter_context(Site(ENGINES="transformers"))
        yield Room(site, first, second)


def test_the_next_engine_goes_on_in_the_middle_of_a_sentence(room: Room) -> None:
    room.set_up()
    room.first.become("cuts_off")
    answer = room.ask()
    assert answer.end["type"] == "reply.completed"
    assert answer.text == "I am here. The lamp is lit and the boats come home."
    assert answer.kept == answer.text
    assert (answer.engines, answer.because) == ([room.model("first"), room.model("second")], ["", "engine_failed"])
    assert [(each["engine"], each["because"]) for each in answer.row] == [("first", ""), ("second", "engine_failed")]
    assert room.second.asked[-1]["messages"][-1]["content"].endswith("I am here. The lamp is lit and the")
    page = room.owner.http.get(ENGINES).text
    assert "The server&#x27;s answer ended before its end mark." in page
    assert "second continued the reply." in page


def test_a_provider_that_falls_silent_is_taken_over_after_its_time(room: Room) -> None:
    room.set_up()
    for scenario, said in (("pings", "I am here. The lamp boats come home."), ("mute", "boats come home.")):
        room.first.become(scenario)
        answer = room.ask()
        assert (answer.end["type"], answer.text) == ("reply.completed", said)
        assert answer.because == ["", "engine_silent"]


def test_when_all_providers_fail_the_local_model_finishes(room: Room) -> None:
    room.set_up()
    room.first.become("cuts_off")
    room.second.become("error_500")
    answer = room.ask()
    assert answer.end["type"] == "reply.completed", answer.end
    assert answer.text.startswith("I am here.")
    assert [each["engine"] for each in answer.row] == ["first", "second", "transformers"]


def test_a_budget_that_is_used_up_gives_the_word_to_the_next_engine(room: Room) -> None:
    room.set_up()
    for budget in ({"tokens_per_day": 1}, {"tokens_per_person": 1}):
        room.change_first(**budget)
        answers = asked_until(room, lambda answer: answer.engines == [room.model("second")])
        assert answers[-1].because == ["budget"]
        room.change_first()
        asked_until(room, lambda answer: answer.engines == [room.model("first")])
    spent = room.site.rows("SELECT account, completion_tokens, currency FROM generation_enginespend")
    assert spent
    assert all(account and currency in {"EUR", "USD"} for account, _, currency in spent)


def test_the_owner_switches_an_engine_off_and_on_without_a_restart(room: Room) -> None:
    room.set_up()
    workers = {process.pid for process in room.site.processes("celery", "generation@")}
    room.switch("first", "off")
    asked_until(room, lambda answer: answer.engines == [room.model("second")])
    asked_before = len(room.first.asked)
    assert room.ask().engines == [room.model("second")]
    assert len(room.first.asked) == asked_before
    room.switch("first", "on")
    asked_until(room, lambda answer: answer.engines == [room.model("first")])
    assert {process.pid for process in room.site.processes("celery", "generation@")} == workers


def test_a_provider_without_room_is_spared_and_used_again_once_it_is_well(room: Room) -> None:
    room.set_up()
    room.first.become("busy_429")
    for _ in range(3):
        assert room.ask().because == ["", "engine_unavailable"]
    assert room.ask().engines == [room.model("second")], "It is spared."
    wait_until(lambda: "The server answered 429." in reports(room))
    room.first.become("ok")
    # Well before the breaker's own pause of 30 s is over.
    asked_until(room, lambda answer: answer.engines == [room.model("first")], seconds=15)


def asked_until(room: Room, is_so: Callable[[Answer], bool], *, seconds: float = 5) -> list[Answer]:
    """Asks until an answer is so; workers read the rows anew every second."""
    answers: list[Answer] = []

    def asked() -> bool:
        answers.append(room.ask())
        return is_so(answers[-1])

    wait_until(asked, seconds=seconds, explain=lambda: str([answer.engines for answer in answers]))
    return answers


def reports(room: Room) -> str:
    """What the workers say of the engines on the owner's page, without the list of failures."""
    return room.owner.http.get(ENGINES).text.split("Last failures")[0]
