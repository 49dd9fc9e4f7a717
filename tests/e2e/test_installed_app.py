"""The site as an app, its sizes of text and its seals, in Chromium."""

import pytest
from playwright.sync_api import Browser

from accounts.models import User
from tests.e2e.test_answers import press
from tests.e2e.test_barriers import page_of
from tests.factories import make_persona

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
NAMES = ("Vera", "Verena", "奶奶")


def test_a_browser_finds_nothing_that_would_keep_it_from_installing_the_site(
    live_server: object, browser: Browser, alice: User
) -> None:
    page = page_of(browser, str(live_server), alice, "en")
    page.goto("/personas/")
    chromium = page.context.new_cdp_session(page)
    read = chromium.send("Page.getAppManifest")
    assert read["errors"] == []
    assert read["url"].endswith(page.locator("link[rel=manifest]").get_attribute("href"))
    for icon in read["manifest"]["icons"]:
        width = page.evaluate(
            "url => new Promise((done) => { const image = new Image(); image.onload = () => done(image.naturalWidth);"
            " image.onerror = () => done(0); image.src = url; })",
            icon["url"],
        )
        assert width > 0, icon
        if icon["type"] == "image/png":
            assert str(width) == icon["sizes"].split("x")[0]
    errors = chromium.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
    page.context.close()


def test_a_size_of_text_is_shown_at_once_and_kept(live_server: object, browser: Browser, alice: User) -> None:
    page = page_of(browser, str(live_server), alice, "en")
    page.goto("/account/looks/")
    size = "parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)"
    before = page.evaluate(size)
    page.locator("[name=text_size]").last.check()
    page.wait_for_function(f"{size} > {before}")
    with page.expect_navigation():
        press(page, "Save")
    page.goto("/account/looks/")
    page.wait_for_function(f"{size} > {before}")
    page.context.close()


def test_a_persona_without_a_picture_has_a_seal_of_its_own(live_server: object, browser: Browser, alice: User) -> None:
    for name in NAMES:
        make_persona(owner=alice, name=name)
    page = page_of(browser, str(live_server), alice, "en")
    page.goto("/conversations/")
    seals = [page.locator(f'form.card:has([aria-label="Talk with {name}"]) .avatar') for name in NAMES]
    assert len({seal.screenshot() for seal in seals}) == len(NAMES)
    page.context.close()
