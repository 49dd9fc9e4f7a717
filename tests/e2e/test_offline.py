"""Conversations that a person keeps in the browser, and how they go."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from chat.conversation import conversations
from chat.models import Author, Conversation
from tests import waiting
from tests.e2e.conftest import wait_for_scripts
from tests.factories import make_conversation

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WORDS = "The boats are in, and I kept your letters."
KEPT = """async () => {
  const paths = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) paths.push(new URL(request.url).pathname);
  return paths.filter((path) => !path.startsWith("/static/"));
}"""
NO_WORKER = "async () => !(await navigator.serviceWorker.getRegistrations()).length"
NOTHING_KEPT = "async () => !(await caches.keys()).length"


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(owner=alice, title="The boats")
    conversation.head = conversation.messages.create(author=Author.PERSONA, text=WORDS)
    conversation.save()
    return conversation


@pytest.fixture
def page(live_server: object, browser: Browser, alice: User) -> Iterator[Page]:
    """Alice's browser. Its site is on localhost, where service workers are allowed; it has no websockets."""
    client = Client()
    client.force_login(alice)
    context = browser.new_context(base_url=str(live_server))
    context.set_default_timeout(60_000)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": str(live_server)}
    context.add_cookies([cookie])  # type: ignore[list-item]
    yield context.new_page()
    context.close()


def wait_until(page: Page, script: str) -> None:
    """`page.wait_for_function` takes the promise of an asynchronous function for its answer."""

    def answered() -> bool:
        page.wait_for_timeout(50)
        return bool(page.evaluate(script))

    waiting.wait_until(answered, seconds=60, explain=lambda: str(page.evaluate(KEPT)))


def switch_on_and_read(page: Page, conversation: Conversation) -> str:
    """The address of the conversation, once it is kept."""
    path = f"/conversations/{conversation.id}/"
    page.goto("/account/")
    page.get_by_label("Keep the conversations that I read on this device").check()
    expect(page.locator("#keep")).to_be_enabled()
    expect(page.locator("#keep")).to_be_focused()
    page.goto(path)
    wait_until(page, f"async () => (await ({KEPT})()).includes('{path}')")
    return path


def test_a_kept_conversation_is_read_without_a_connection_and_is_gone_after_signing_out(
    page: Page, conversation: Conversation
) -> None:
    page.goto(f"/conversations/{conversation.id}/")
    page.wait_for_timeout(1500)  # a copy would be made a second after the page has opened
    assert page.evaluate(KEPT) == []  # but nothing is kept unless the person says so
    path = switch_on_and_read(page, conversation)
    page.goto("/personas/")
    assert set(page.evaluate(KEPT)) == {"/offline/", path}  # no other page

    # As in a network that does not reach the site: the browser takes itself to be online.
    page.add_init_script("Object.defineProperty(navigator, 'onLine', { get: () => true })")
    page.context.set_offline(True)
    heading = page.get_by_role("heading", name="There is no connection")

    def is_offline() -> bool:  # the worker of the page learns a little later than the page
        page.goto("/personas/")
        return heading.is_visible()

    waiting.wait_until(is_offline)
    page.get_by_role("link", name="The boats").click()
    expect(page.locator(".message-text").filter(has_text=WORDS)).to_be_visible(timeout=30_000)
    assert page.evaluate("getComputedStyle(document.querySelector('.site-header')).display") == "flex"  # with its looks
    wait_for_scripts(page)
    expect(page.locator("[data-connection]")).to_have_text(re.compile("in ([2-9]|[1-3][0-9]) s"))  # it fails for good
    page.locator("#composer-text").fill("Wait for me.")
    page.locator("#composer-text").press("Enter")
    expect(page.get_by_text("Not sent yet. It is sent as soon as there is a connection.")).to_be_visible()

    page.context.set_offline(False)
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    wait_until(page, NOTHING_KEPT)
    wait_until(page, NO_WORKER)


def test_copies_go_with_the_conversation_and_with_the_session(
    page: Page, conversation: Conversation, alice: User
) -> None:
    path = switch_on_and_read(page, conversation)
    conversations.delete(user=alice, conversation_id=conversation.id)  # on another device
    page.goto("/account/")
    wait_until(page, f"async () => !(await ({KEPT})()).includes('{path}')")
    assert page.evaluate(KEPT) == ["/offline/"]
    Session.objects.all().delete()  # as at a deactivation
    page.goto("/rules/")
    wait_until(page, NOTHING_KEPT)


@pytest.mark.thorough
def test_a_browser_without_contact_for_a_week_shows_no_copy(page: Page, conversation: Conversation) -> None:
    path = switch_on_and_read(page, conversation)
    page.evaluate(
        """async () => {
          const cache = await caches.open((await caches.keys())[0]);
          const list = await cache.match("/offline/");
          const headers = { ...Object.fromEntries(list.headers), "x-kept-at": `${Date.now() - 8 * 86400000}` };
          await cache.put("/offline/", new Response(await list.text(), { headers }));
        }"""
    )
    page.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_"):
        page.goto(path)
