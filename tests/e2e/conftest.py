"""Chromium against the running site, at the width of a desk and of a phone."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.wire import ORIGIN, static_files
from tests.site import PASSWORD, Site

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# Chromium's own background traffic is kept away: the tests speak to loopback only.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Gone with this package's tests: while Playwright is there, a loop runs in their thread, and no other can."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert executable, "These tests drive Chromium: install Debian's package chromium, or set CHROMIUM."
    with static_files() as address, sync_playwright() as playwright:
        # Chromium takes the pages of Wire for those of a public site, which may load nothing from loopback.
        wire = [
            f"--host-resolver-rules=MAP {urlsplit(ORIGIN).hostname} {address}",
            f"--ip-address-space-overrides={address}=public",
        ]
        browser = playwright.chromium.launch(executable_path=executable, args=[*_ARGUMENTS, *wire])
        yield browser
        browser.close()


# Other tests run beside these, so a page may take a while.
expect.set_options(timeout=20_000)

# For a test whose page a phone lays out in another way.
AT_BOTH_WIDTHS = pytest.mark.parametrize("context", [DESK, PHONE], indirect=True, ids=["desk", "phone"])
# The same, where the phone's turn takes long and another test looks at the layout.
AT_BOTH_WIDTHS_WHEN_THOROUGH = pytest.mark.parametrize(
    "context", [DESK, pytest.param(PHONE, marks=pytest.mark.thorough)], indirect=True, ids=["desk", "phone"]
)


@pytest.fixture
def context(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """As wide as a desk's, without AT_BOTH_WIDTHS."""
    site.forget_rate_limits()
    context = browser.new_context(viewport=getattr(request, "param", DESK), base_url=site.url)
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def sign_up(page: Page, name: str) -> None:
    page.goto("/account/signup/")
    page.locator("[name=email]").fill(f"{name}@example.test")
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.locator("[name=birth_date]").fill("1970-05-17")
    page.locator("[name=agreement]").check()
    page.locator("form:has([name=password2]) button").last.click()
    page.wait_for_url(lambda url: "/signup/" not in url)


def open_as_owner(page: Page, site: Site) -> None:
    """The owner's link, and the date of birth that the site asks for once."""
    page.goto(site.owner_link())
    page.locator("[name=birth_date]").fill("1970-05-17")
    page.locator("form:has([name=birth_date]) button").click()
    page.wait_for_url(lambda url: "/birth-date/" not in url)


def wait_for_scripts(page: Page) -> None:
    """Until the conversation's modules are at work; before that, the page is the plain form."""
    expect(page.locator("[data-keys]:not([hidden])")).to_have_count(1)
