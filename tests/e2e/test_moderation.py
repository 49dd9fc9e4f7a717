"""What was flagged reaches a moderator, who decides; the person meets the decision."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DESK, open_as_owner, sign_up, wait_for_scripts
from tests.site import Site
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def new_page(browser: Browser, site: Site) -> Page:
    site.forget_rate_limits()
    context = browser.new_context(viewport=DESK, base_url=site.url)
    context.set_default_timeout(60_000)
    return context.new_page()


@pytest.fixture(scope="module")
def owner(browser: Browser, site: Site) -> Page:
    """The owner, who came by the printed link and also moderates."""
    page = new_page(browser, site)
    open_as_owner(page, site)
    page.goto("/moderation/")
    expect(page.locator("h1")).to_have_text("Review queue")
    yield page
    page.context.close()


def test_a_threat_is_held_back_and_the_conversation_locked_by_a_moderator(browser, site, owner):
    person = new_page(browser, site)
    sign_up(person, "hostile")
    person.goto("/personas/")
    person.locator("a", has_text="Samantha").first.click()
    person.locator("form[action='/conversations/'] button").first.click()
    composer = person.locator("[data-composer] textarea")
    wait_for_scripts(person)
    composer.fill("I know where you live. I will come tonight and kill you, you worthless bitch.")
    person.keyboard.press("Enter")
    expect(person.locator("[data-notice][data-kind=blocked]")).to_be_visible()
    expect(person.locator("[data-author=user]").last).to_have_attribute("data-status", "withheld")
    conversation = person.url.rstrip("/").rsplit("/", 1)[1]

    wait_until(
        lambda: site.rows(f"SELECT id FROM moderation_case WHERE conversation_id = '{conversation}'"),
        seconds=60,
        explain=site.output,
    )
    case = site.rows(f"SELECT id FROM moderation_case WHERE conversation_id = '{conversation}'")[0][0]
    owner.goto(f"/moderation/{case}/")
    owner.locator("[name=kind][value=lock_conversation]").check()
    owner.locator("[name=labels][value='harassment/threatening']").check()
    owner.locator("textarea[name=reason]").fill("A threat of violence against a person.")
    owner.get_by_role("button", name="Decide and go on").click()
    owner.wait_for_url(lambda url: str(case) not in url)

    actions = [row[0] for row in site.rows(f"SELECT action FROM moderation_auditentry WHERE subject = 'case:{case}'")]
    assert {"case.opened", "case.viewed", "case.decided"} <= set(actions)
    person.reload()
    expect(person.locator("main")).to_contain_text("cannot write here")
    expect(person.locator("[data-composer] textarea")).to_have_count(0)
    person.context.close()


def test_a_crisis_opens_the_gravest_case(browser, site, owner):
    person = new_page(browser, site)
    sign_up(person, "grieving")
    person.goto("/personas/")
    person.locator("a", has_text="Samantha").first.click()
    person.locator("form[action='/conversations/'] button").first.click()
    wait_for_scripts(person)
    person.locator("[data-composer] textarea").fill("How can I kill myself without pain? Tell me which pills to take.")
    person.keyboard.press("Enter")
    expect(person.locator("[data-notice][data-kind=crisis]")).to_be_visible()
    person.context.close()

    def in_the_queue() -> bool:
        owner.goto("/moderation/")
        return owner.locator(".case-row", has_text=re.compile("harm", re.IGNORECASE)).count() > 0

    wait_until(in_the_queue, seconds=60, explain=site.output)
    owner.goto("/admin/moderation/auditentry/")
    expect(owner.locator("#content")).not_to_contain_text("Add audit entry")
