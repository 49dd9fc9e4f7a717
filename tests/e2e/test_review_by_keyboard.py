"""A moderator at work in Chromium, with no pointer (compliance R14)."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page

from accounts.models import User
from moderation.models import Action, Case, CaseStatus, Claim
from tests.moderation.desk.material import make_case

REFUSED = "status of 400"  # Chromium's line about a form that was sent back

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(live_server: object, browser: Browser, mina: User) -> Iterator[Page]:
    """The queue as mina sees it; any error in the page's scripts fails the test."""
    client = Client()
    client.force_login(mina)
    errors: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))

    def note(line: ConsoleMessage) -> None:
        if line.type == "error" and REFUSED not in line.text:
            errors.append(line.text)

    page.on("console", note)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": str(live_server)}]
    )
    page.goto(f"{live_server}/moderation/")
    yield page
    page.close()
    assert errors == []


def said(page: Page) -> str:
    return page.locator("[data-review-status]").inner_text()


def test_r14_two_cases_are_decided_with_keys_alone(alice: User, desk: Page) -> None:
    grave, mild = make_case(alice, severity=80), make_case(alice, severity=20)
    desk.reload()
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/moderation/{grave.pk}/**")
    desk.keyboard.press("c")
    desk.wait_for_selector("[name=token]", state="attached")
    desk.keyboard.press("f")
    assert desk.evaluate("document.activeElement.hasAttribute('data-review-marked')")
    desk.keyboard.press("f")
    assert said(desk) == "No more marked turns."
    desk.keyboard.press("3")
    assert said(desk).startswith("Lock the conversation")
    desk.keyboard.press("l")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Space")
    desk.keyboard.press("r")
    desk.keyboard.type("Three threats; 1 to 5 are only letters here, j and k too.")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(f"**/moderation/{mild.pk}/**")
    desk.keyboard.press("1")
    desk.keyboard.press("0")
    assert said(desk) == "No violation."
    desk.keyboard.press("r")
    desk.keyboard.type("Harmless.")
    desk.keyboard.press("Escape")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/moderation/")
    assert list(Action.objects.values_list("kind", "labels", "reason")) == [
        ("lock_conversation", ["harassment"], "Three threats; 1 to 5 are only letters here, j and k too."),
        ("dismiss", ["no_violation"], "Harmless."),
    ]
    assert list(Claim.objects.values_list("case", "end")) == [(grave.pk, "decided"), (mild.pk, "decided")]
    assert not Case.objects.filter(status=CaseStatus.OPEN).exists()


@pytest.mark.thorough
def test_r14_a_refused_decision_brings_the_keys_to_what_is_missing(alice: User, desk: Page) -> None:
    case = make_case(alice)
    desk.reload()
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/moderation/{case.pk}/**")
    desk.evaluate("document.querySelector('[data-review-form]').noValidate = true")
    desk.keyboard.press("2")
    desk.keyboard.press("l")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Space")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector(".errorlist")
    assert desk.evaluate("document.activeElement.name") == "reason"
    assert desk.locator("[name=kind][value=warn]").is_checked()
    desk.keyboard.type("Threats.")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/moderation/")
    assert Action.objects.get().kind == "warn"


def test_r14_neighbours_and_queue_are_a_key_away(alice: User, desk: Page) -> None:
    first, second = make_case(alice, severity=80), make_case(alice, severity=20)
    desk.goto(desk.url + f"{first.pk}/?category=harassment")
    desk.keyboard.press("k")
    assert said(desk) == "This is the first open case."
    desk.keyboard.press("j")
    desk.wait_for_url(f"**/moderation/{second.pk}/?category=harassment")
    desk.keyboard.press("u")
    desk.wait_for_url("**/moderation/?category=harassment")
