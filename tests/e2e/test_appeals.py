"""A person reads on a phone how an objection was answered, in Chromium."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from moderation.desk import appeals
from moderation.models import ActionKind, AppealOutcome, Restriction
from tests.e2e.conftest import PHONE
from tests.e2e.test_barriers import page_of
from tests.moderation.desk.material import decide, make_case

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ANSWER = "I read the whole conversation.\n\nYou quoted a play: Donaudampfschifffahrtsgesellschaftskapitänswitwe."
IS_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.mark.parametrize("outcome", list(AppealOutcome))
def test_the_outcome_of_an_objection_is_read_once_and_in_its_paragraphs(
    live_server: object, browser: Browser, alice: User, mina: User, olga: User, outcome: AppealOutcome
) -> None:
    decide(make_case(alice), mina, ActionKind.SUSPEND_USER)
    restriction = Restriction.objects.get()
    appeal = appeals.file(restriction=restriction, user=alice, text="It was a play.\nAct two.")
    appeals.answer(appeal=appeal, moderator=olga, outcome=outcome, answer=ANSWER)
    for person, path in ((alice, "decision"), (olga, "restriction")):
        for language in ("en", "zh-hans"):
            page = page_of(browser, str(live_server), person, language)
            page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
            page.goto(reverse(f"moderation:{path}", args=[restriction.pk]))
            expect_answer(page, language, outcome)
            if person == alice:  # also where the answer is the reason of the lift
                expect(page.get_by_text("You quoted a play")).to_have_count(1)
            page.context.close()


def expect_answer(page: Page, language: str, outcome: AppealOutcome) -> None:
    titles = {
        ("en", "upheld"): "The restriction stays",
        ("en", "overturned"): "The restriction is lifted",
        ("zh-hans", "upheld"): "维持限制",
        ("zh-hans", "overturned"): "解除限制",
    }
    expect(page.get_by_text(titles[language, outcome.value], exact=True)).to_be_visible()
    answer = page.locator("[aria-labelledby=objection] .notice-text")
    assert answer.inner_text() == ANSWER
    expect(page.locator(".statement")).to_have_attribute("lang", "en")  # as the person's account was at that time
    assert not page.evaluate(IS_WIDER)
