"""A person writes a story with Samantha: on a narrow screen, with the keyboard alone."""

import io
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import sign_up
from tests.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.focus()
    page.keyboard.press("Enter")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_three_ways_to_go_on_are_mixed_and_the_story_becomes_a_book(browser: Browser, site: Site) -> None:
    site.forget_rate_limits()
    context = browser.new_context(viewport={"width": 320, "height": 640}, base_url=site.url)
    context.set_default_timeout(60_000)
    page = context.new_page()
    sign_up(page, "storyteller")
    page.goto("/stories/")
    page.get_by_label("Who narrates").select_option(label="Samantha")
    page.get_by_label("Title").fill("The Lamp")
    press(page, "Begin")
    expect(page.locator("h1")).to_have_text("The Lamp")

    page.get_by_label("The next words of the story").fill("The fog came in, and I heard an oar knock against wood.")
    press(page, "Add, and let it go on")
    expect(page.locator(".chapter")).to_contain_text("I heard an oar")
    expect(page.locator(".offer")).to_have_count(3)
    expect(page.locator(".offer[data-under-way]")).to_have_count(0, timeout=180_000)
    sentence = page.locator(".sentence").first
    words = sentence.inner_text().strip()
    sentence.locator("input").focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("The next words of the story")).to_have_value(words)
    page.keyboard.press("Space")
    expect(page.get_by_label("The next words of the story")).to_have_value("")
    page.keyboard.press("Space")
    assert fits(page)
    press(page, "Add only")
    expect(page.locator(".chapter [data-author=persona]")).to_have_text(words)
    expect(page.locator(".offer")).to_have_count(0)

    with page.expect_download() as download:
        page.get_by_role("link", name="Download as e-book").click()
    book = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert "I heard an oar" in book.read("book/chapter-1.xhtml").decode()
    press(page, "Take back the last step")
    expect(page.locator(".chapter [data-author=persona]")).to_have_count(0)
    context.close()
