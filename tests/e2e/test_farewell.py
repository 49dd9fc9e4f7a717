"""The gentle opening of a talk with somebody who has died, and the farewell, in Chromium on the running site."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DESK, PHONE, sign_up, wait_for_scripts
from tests.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.model]


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    site.forget_rate_limits()
    context = browser.new_context(viewport=DESK, base_url=site.url)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def make_vera(page: Page) -> None:
    """A persona of somebody who has died, from its form to its page."""
    page.goto("/personas/new/")
    page.get_by_role("button", name="Go on").last.click()
    page.locator("[name=name]").fill("Vera")
    page.locator("[name=depicts][value=dead]").check()
    page.locator("[name=declaration]").check()
    page.locator("[name=description]").fill("Vera kept bees and wrote long letters. She was dry and kind.")
    page.get_by_role("button", name="Look at the preview").last.click()
    page.locator("button[value=save]").click()
    page.wait_for_url(re.compile(r"/personas/[0-9a-f-]+/$"))


def test_the_first_talk_with_somebody_who_has_died_opens_gently_and_once(page: Page) -> None:
    sign_up(page, "mourner")
    make_vera(page)
    page.locator("form[action='/conversations/'] button").first.click()
    wait_for_scripts(page)
    opening = page.locator("[data-notice][data-kind=care]")
    expect(opening).to_contain_text("Vera has died, and this is not Vera.")
    assert opening.locator(".resource").count() >= 2
    page.set_viewport_size(PHONE)
    expect(page.locator("header a", has_text="Say goodbye")).to_be_in_viewport()
    page.reload()
    expect(opening).to_have_count(1)
    page.goto("/conversations/")
    page.locator("button[aria-label='Talk with Vera']").click()
    wait_for_scripts(page)
    expect(opening).to_have_count(0)


def test_h5_a_farewell_is_begun_answered_ended_and_taken_up_again(page: Page) -> None:
    sign_up(page, "leaver")
    page.goto("/personas/")
    page.locator("a", has_text="Samantha").first.click()
    page.locator("form[action='/conversations/'] button").first.click()
    wait_for_scripts(page)
    conversation = page.url
    page.locator("header a", has_text="Say goodbye").click()
    page.get_by_role("button", name="Begin the farewell").click()
    wait_for_scripts(page)
    expect(page.locator("[data-kind=care]")).to_contain_text("This is your farewell to Samantha.")
    page.locator("[data-composer] textarea").fill("Thank you for the long evenings. They helped me.")
    page.keyboard.press("Enter")
    reply = page.locator("[data-message][data-reply]").last
    expect(reply).to_have_attribute("data-status", "completed", timeout=120_000)
    assert "?" not in reply.locator("[data-slot=text]").inner_text()
    page.get_by_role("button", name="End the farewell").click()
    expect(page.get_by_text("You have said farewell to Samantha, who rests now.")).to_be_visible()
    expect(page.locator("[data-composer]")).to_have_count(0)
    page.goto("/personas/")  # a new talk leads back to the farewell
    page.locator("a", has_text="Samantha").first.click()
    page.locator("form[action='/conversations/'] button").first.click()
    expect(page).to_have_url(conversation)
    page.get_by_role("button", name="Take it up again").click()
    wait_for_scripts(page)
