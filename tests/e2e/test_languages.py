"""The switch at the foot of the pages, in Chromium without scripts."""

import pytest
from playwright.sync_api import Browser, expect

from tests.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def test_a_visitor_switches_without_scripts(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.url, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto("/account/login/")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/privacy/")
    expect(page.get_by_role("heading", name="Privacy")).to_be_visible()
    context.close()
