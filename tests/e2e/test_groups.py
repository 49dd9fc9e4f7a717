"""A person talks with two personas at once, in Chromium, on the running site."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import DESK, PHONE, sign_up, wait_for_scripts
from tests.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.model]

ENDED = re.compile("completed|stopped|failed|blocked")


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    site.forget_rate_limits()
    context = browser.new_context(viewport=DESK, base_url=site.url)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def say(page: Page, text: str) -> None:
    page.locator("[data-composer] textarea").fill(text)
    page.keyboard.press("Enter")


def replies(page: Page) -> Locator:
    return page.locator("[data-message][data-reply]")


def wait_for_turn(page: Page) -> list[tuple[str, str]]:
    """Until nobody speaks. Returns who said what."""
    expect(replies(page).last).to_have_attribute("data-status", ENDED, timeout=120_000)
    expect(page.locator("[data-stop]")).to_be_hidden()
    return [
        (reply.locator("[data-speaker]").inner_text(), reply.locator("[data-slot=text]").inner_text())
        for reply in replies(page).all()
    ]


def test_two_personas_talk_with_a_person(page: Page) -> None:
    sign_up(page, "hostess")
    page.goto("/conversations/group/")
    for name in ("Samantha", "Ada Lovelace"):  # by keyboard alone
        page.get_by_label(name).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Begin").press("Enter")
    page.wait_for_url(re.compile(r"/conversations/[0-9a-f-]{36}/"))
    wait_for_scripts(page)
    expect(page.locator(".disclosure")).to_contain_text("are not human beings")

    say(page, "Ada, what is your engine good for?")
    spoken = wait_for_turn(page)
    assert spoken[0][0] == "Ada Lovelace"

    say(page, "Samantha and Ada, say good evening to me.")
    expect(replies(page)).to_have_count(len(spoken) + 2, timeout=120_000)
    spoken = wait_for_turn(page)
    assert [name for name, _ in spoken[-2:]] == ["Samantha", "Ada Lovelace"]
    colors = [reply.get_attribute("data-color") for reply in replies(page).all()[-2:]]
    assert len(set(colors)) == 2

    page.reload()
    wait_for_scripts(page)
    assert wait_for_turn(page) == spoken

    page.set_viewport_size(PHONE)
    replies(page).last.get_by_role("button", name="Another reply").click()
    expect(replies(page).last.locator(".branch-count")).to_have_text("2 of 2")
    assert wait_for_turn(page)[-1][0] == "Ada Lovelace"

    count = replies(page).count()
    page.locator(".speaker", has_text="Samantha").click()
    expect(replies(page)).to_have_count(count + 1)
    page.keyboard.press("Escape")
    assert wait_for_turn(page)[count][0] == "Samantha"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
