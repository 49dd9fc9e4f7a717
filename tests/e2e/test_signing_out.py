"""What stays in the browser, and what the page says, when a session ends."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from accounts.models import User
from tests.e2e.wire import ORIGIN, Wire
from tests.factories import make_conversation
from tests.site import Site, Visitor

pytestmark = pytest.mark.e2e

ELSEWHERE = Origin("http://127.0.0.1:9")
WORDS = "I have told nobody this."
KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('draft:'))"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def wire(page: Page, alice: User, client: Client) -> Wire:
    wire = wire_of(page, alice, client)
    wire.open()
    page.locator("#composer-text").fill(WORDS)
    assert page.evaluate(KEPT) == [f"draft:{alice.pk}:{wire.path.split('/')[2]}"]
    return wire


def wire_of(page: Page, person: User, client: Client, conversation_id: object = None) -> Wire:
    client.force_login(person)

    def get(path: str) -> tuple[int, str]:
        response = client.get(path)
        return response.status_code, response.content.decode()

    return Wire(page, conversation_id or make_conversation(owner=person).id, get)  # type: ignore[arg-type]


def test_a_session_that_ends_takes_the_draft_and_leaves_the_words_in_the_box(wire: Wire) -> None:
    wire.sockets[-1].close(code=4401)
    line = wire.page.locator("[data-connection]")
    expect(line).to_contain_text("You are signed out.")
    link = line.get_by_role("link", name="Sign in")
    assert link.get_attribute("href") == f"/account/login/?next={wire.path}"
    assert link.get_attribute("target") == "_blank"
    expect(wire.page.locator("#composer-text")).to_have_value(WORDS)
    wire.page.locator("#composer-text").press_sequentially(" Not even you.")
    assert wire.page.evaluate(KEPT) == []


@pytest.mark.thorough
def test_a_page_that_is_signed_out_comes_back_only_when_somebody_returns_to_it(wire: Wire) -> None:
    wire.page.clock.install()
    wire.sockets[-1].close(code=4401)
    expect(wire.page.locator("[data-connection]")).to_contain_text("You are signed out.")
    wire.page.clock.run_for(10 * 60_000)
    assert len(wire.sockets) == 1
    wire.page.evaluate("dispatchEvent(new Event('pageshow'))")
    wire.wait_for_socket(2)
    expect(wire.page.locator("[data-connection]")).to_be_hidden()
    wire.page.locator("#composer-text").press_sequentially(" Not even you.")
    assert len(wire.page.evaluate(KEPT)) == 1


def test_too_many_open_conversations_are_told_and_tried_again_after_a_while(wire: Wire) -> None:
    wire.page.clock.install()
    wire.sockets[-1].close(code=4429)
    expect(wire.page.locator("[data-connection]")).to_contain_text("You have reached the limit of open conversations")
    wire.page.clock.run_for(10_000)
    assert len(wire.sockets) == 1
    wire.page.clock.run_for(25_000)
    wire.wait_for_socket(2)
    assert len(wire.page.evaluate(KEPT)) == 1


def test_signing_out_forgets_drafts_in_this_tab_and_in_the_others(wire: Wire, alice: User, client: Client) -> None:
    other = wire_of(wire.page.context.new_page(), alice, client)
    other.open()
    other.page.locator("#composer-text").fill("Nor this.")
    wire.wait_until(f"{KEPT}.length === 2")
    # The answer to the form is the wire's, and empty: what follows is the page's own doing.
    other.page.get_by_role("button", name="Sign out").click()
    expect(wire.page.locator("[data-connection]")).to_contain_text("You are signed out.")
    assert wire.page.evaluate(KEPT) == []
    wire.page.locator("#composer-text").press_sequentially(" Not even you.")
    assert wire.page.evaluate(KEPT) == []


@pytest.mark.parametrize("who", ["bob", pytest.param("nobody", marks=pytest.mark.thorough)])
def test_another_persons_drafts_go_with_the_next_page(wire: Wire, bob: User, client: Client, who: str) -> None:
    client.logout()
    if who == "bob":
        client.force_login(bob)
    wire.page.goto(f"{ORIGIN}/rules/")
    expect(wire.page.locator("main")).to_be_visible()
    wire.wait_until(f"!{KEPT}.length")


@pytest.mark.thorough
def test_ones_own_draft_survives_other_pages(wire: Wire) -> None:
    wire.page.goto(f"{ORIGIN}/rules/")
    wire.page.goto(ORIGIN + wire.path)
    expect(wire.page.locator("#composer-text")).to_have_value(WORDS)


def test_the_running_site_closes_the_sockets_of_who_signs_out_and_takes_none_from_another_port(site: Site) -> None:
    site.forget_rate_limits()
    visitor = Visitor(site)
    visitor.sign_up("leaver")
    persona = site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0]
    conversation = visitor.start_conversation(str(persona))
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.http.cookies.jar)
    address = f"{site.url.replace('http', 'ws', 1)}/ws/conversations/{conversation}/"
    with pytest.raises(InvalidStatus), connect(address, additional_headers={"Cookie": cookies}, origin=ELSEWHERE):
        pass
    with visitor.talk(conversation) as talk:
        talk.send("ping")
        talk.until("pong")
        answer = visitor.post("/account/", {"country": ""})  # an ordinary page changes nothing
        assert answer.status_code == 200
        talk.send("ping")
        talk.until("pong")
        visitor.post("/account/logout/", {})
        with pytest.raises(ConnectionClosed) as closed:
            talk.receive(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
