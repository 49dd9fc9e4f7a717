"""Themes in Chromium, and the deliberate pace of the terminal."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import User
from chat.models import Conversation
from chat.socket.protocol import ReplyDelta, ReplyQueued, ReplyStarted
from tests.e2e.wire import Wire
from tests.factories import PASSWORD, make_conversation

pytestmark = pytest.mark.e2e

REPLY = "The lamp is lit. I have waited for you all evening, " + "and I counted the boats, " * 12 + "and they are in."
THEME = "document.documentElement.dataset.theme"
PAPER = "getComputedStyle(document.body.parentElement).backgroundColor"
BLACK = "rgb(11, 7, 2)"


@pytest.mark.django_db(transaction=True)
def test_a_theme_is_kept_after_signing_in_on_another_browser(
    live_server: object, browser: Browser, alice: User
) -> None:
    first, second = (browser.new_context(base_url=str(live_server)) for _ in range(2))
    page = first.new_page()
    sign_in(page)
    page.goto("/account/looks/")
    page.get_by_label("Terminal").check()
    assert page.evaluate(PAPER) == BLACK  # at once, before it is saved
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Pages look like this from now on.")).to_be_visible()

    other = second.new_page()
    other.goto("/account/login/")
    assert other.evaluate(PAPER) != BLACK
    # No script has run when the page is first painted, so what the server wrote is what is seen.
    second.add_init_script(f"addEventListener('DOMContentLoaded', () => (window.atFirst = {THEME}))")
    sign_in(other)
    assert other.evaluate("window.atFirst") == "terminal"
    assert other.evaluate(PAPER) == BLACK
    for context in (first, second):
        context.close()


def sign_in(page: Page) -> None:
    page.goto("/account/login/")
    page.locator("[name=login]").fill("alice@example.test")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form:has([name=password]) button").last.click()
    page.wait_for_url(lambda url: "/login/" not in url)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def terminal(page: Page, alice: User, client: Client) -> Wire:
    """A conversation in the terminal theme, with the clock in the test's hands."""
    alice.theme = "terminal"
    alice.save()
    client.force_login(alice)

    def get(path: str) -> tuple[int, str]:
        response = client.get(path)
        return response.status_code, response.content.decode()

    wire = Wire(page, make_conversation(owner=alice).id, get)
    page.clock.install()
    wire.open()
    return wire


def begin(wire: Wire, text: str) -> Locator:
    """A reply that arrives at once. Returns the part of its text that is not typed out yet."""
    reply, message = uuid4(), uuid4()
    wire.send(
        ReplyQueued(
            reply_id=reply,
            message_id=message,
            parent=None,
            persona_id=Conversation.objects.get().persona_id,
            attempt=0,
            position=0,
            expected_wait_ms=None,
            detail="",
        ),
        ReplyStarted(reply_id=reply, attempt=1, engine="script"),
        ReplyDelta(reply_id=reply, attempt=1, seq=0, text=text),
    )
    text_of = wire.page.locator(".message-persona .message-text")
    expect(text_of).to_have_text(text)  # whole from the beginning, for screen readers and for copying
    return text_of.locator("span")


def test_a_reply_is_typed_out_slowly_and_enter_shows_the_rest(terminal: Wire) -> None:
    rest = begin(terminal, REPLY)
    button = terminal.page.get_by_role("button", name="Show the whole reply")
    expect(button).to_be_visible()
    terminal.page.clock.run_for(400)
    typed = len(REPLY) - len(rest.inner_text())
    assert 5 <= typed <= 100  # the clock also runs by itself
    heard = terminal.page.locator("[data-announcer] p")
    expect(heard).to_have_text([REPLY])  # each sentence once, whole
    terminal.page.locator("#composer-text").press("Enter")
    expect(rest).to_have_count(0)
    expect(button).to_be_hidden()
    expect(heard).to_have_count(1)
    assert "message.send" not in {frame["type"] for frame in terminal.received}


@pytest.mark.thorough
def test_a_click_shows_the_rest(terminal: Wire) -> None:
    rest = begin(terminal, REPLY)
    terminal.page.locator(".message-persona .message-text").click()
    expect(rest).to_have_count(0)


def test_nothing_moves_for_a_person_who_asks_for_less_motion(terminal: Wire) -> None:
    terminal.page.emulate_media(reduced_motion="reduce")
    expect(begin(terminal, REPLY)).to_have_count(0)
