"""The command palette, in Chromium, with pages from Django."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.e2e.conftest import DESK
from tests.e2e.wire import ORIGIN, Wire
from tests.factories import make_conversation

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=getattr(request, "param", DESK))
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def other(alice: User) -> str:
    conversation = make_conversation(owner=alice, title="灯塔 and the sea")
    return f"{ORIGIN}/conversations/{conversation.id}/"


@pytest.fixture
def palette(page: Page, alice: User, client: Client, other: str) -> Page:
    """The page of a conversation with the palette open."""
    client.force_login(alice)

    def get(path: str) -> tuple[int, str]:
        response = client.get(path)
        return response.status_code, response.content.decode()

    Wire(page, make_conversation(owner=alice, title="The lamp").id, get).open()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-words")).to_be_focused()
    return page


def test_typing_narrows_the_list_and_enter_opens_the_conversation(palette: Page, other: str) -> None:
    palette.keyboard.type("SEA 灯")
    expect(palette.locator(".palette li:visible")).to_have_count(1)
    palette.keyboard.press("Enter")
    palette.wait_for_url(other)


def test_each_command_is_listed_once_and_by_its_whole_name(palette: Page) -> None:
    labels = palette.locator(".palette li").all_inner_texts()
    assert {"Personas", "Account", "All conversations", "The lamp Ada", "New conversation with Ada"} <= set(labels)
    assert len(labels) == len(set(labels))


def test_arrows_choose_a_page_and_escape_closes(palette: Page) -> None:
    palette.keyboard.press("ArrowDown")
    expect(palette.locator(".palette li button").first).to_be_focused()
    palette.keyboard.press("ArrowUp")
    expect(palette.locator("#palette-words")).to_be_focused()
    palette.keyboard.press("Escape")
    expect(palette.locator(".palette")).to_be_hidden()


def test_what_is_no_command_is_searched_in_messages(palette: Page) -> None:
    palette.keyboard.type("no such command & more")
    expect(palette.get_by_text("No command has these words.")).to_be_visible()
    palette.keyboard.press("Enter")
    palette.wait_for_url(f"{ORIGIN}/conversations/search/?q=no%20such%20command%20%26%20more")


@pytest.mark.parametrize(
    "page",
    [pytest.param(DESK, marks=pytest.mark.thorough), {"width": 320, "height": 640}],
    indirect=True,
    ids=["desk", "narrow"],
)
def test_the_palette_fits_the_page(palette: Page) -> None:
    assert palette.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = palette.locator(".palette").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= palette.viewport_size["width"]  # type: ignore[index]


def test_the_palette_links_to_the_page_of_shortcuts(palette: Page) -> None:
    palette.locator(".palette").get_by_role("link", name="Shortcuts").click()
    expect(palette.get_by_role("heading", name="Shortcuts")).to_be_visible()
