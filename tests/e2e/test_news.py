"""A reply that ends while its person looks elsewhere is marked and told; a folder finds its conversation again."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DESK, sign_up, wait_for_scripts
from tests.site import Site
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.model]

RECORD = """
  window.told = [];
  window.Notification = class extends Notification {
    constructor(title, options) { super(title, options); window.told.push(title); }
  };
"""


def look(page: Page, *, away: bool) -> None:
    """As a browser tells a page that its tab goes to the background, or comes back."""
    page.evaluate(
        """(away) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        away,
    )


def has_nothing_new(conversations: Page) -> bool:
    conversations.reload()
    return conversations.locator("article .badge").count() == 0


def test_a_reply_in_a_background_tab_is_marked_told_and_found_in_its_folder(browser: Browser, site: Site) -> None:
    site.forget_rate_limits()
    context = browser.new_context(viewport=DESK, base_url=site.url, permissions=["notifications"])
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(RECORD)
    sign_up(page, "elsewhere")
    for _ in range(2):  # two conversations, one of which goes into a folder
        page.goto("/personas/")
        page.locator("a", has_text="Samantha").first.click()
        page.locator("form[action='/conversations/'] button").first.click()
        wait_for_scripts(page)
    page.get_by_role("button", name="More").first.click()
    page.get_by_label("Folder").fill("Evenings")
    page.get_by_role("button", name="Save").click()
    wait_for_scripts(page)
    page.get_by_role("button", name="More").first.click()
    page.get_by_label("Tell me of a reply").check()
    page.keyboard.press("Escape")

    look(page, away=True)
    page.locator("[data-composer] textarea").fill("Good evening.")
    page.keyboard.press("Enter")
    expect(page.locator("[data-reply]").last).to_have_attribute("data-status", "completed", timeout=120_000)
    assert page.title().startswith("● ")
    assert page.evaluate("told") == ["Samantha has answered."]
    other = context.new_page()
    other.goto("/conversations/")
    expect(other.locator("article .badge")).to_have_text(["New"])
    other.get_by_label("Folder").select_option("Evenings")
    other.get_by_role("button", name="Show").click()
    expect(other.locator("article")).to_have_count(1)
    expect(other.locator("article .badge")).to_have_count(1)

    look(page, away=False)
    assert not page.title().startswith("● ")
    wait_until(lambda: has_nothing_new(other))
    context.close()
