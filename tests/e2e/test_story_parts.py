"""The parts of a story, in Chromium: continuations that are taken or changed first, scenes, chapters, the dial."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from stories.models import Continuation, Story
from tests.e2e.test_answers import press
from tests.e2e.test_barriers import page_of
from tests.factories import make_story

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
OFFERS = ["The ice broke. A bell rang.", "Nobody came that night.", "她点起了灯。"]


@pytest.fixture
def page(live_server: object, browser: Browser, alice: User) -> Iterator[Page]:
    page = page_of(browser, str(live_server), alice, "en")
    yield page
    page.context.close()


@pytest.fixture
def story(live_server: object, alice: User) -> Story:
    return make_story(owner=alice, title="The Lamp", premise="A keeper waits.")


def offer(story: Story) -> None:
    story.continuations.all().delete()
    for number, text in enumerate(OFFERS, start=1):
        Continuation.objects.create(story=story, number=number, text=text, status="written")


def test_a_continuation_is_taken_as_it_is_or_changed_first(page, story):
    offer(story)
    page.goto(f"/stories/{story.id}/")
    expect(page.locator(".offer")).to_have_count(3)
    press(page, "Take continuation 1")
    expect(page.locator(".chapter")).to_contain_text(OFFERS[0])
    expect(page.locator(".chapter [data-author=persona]")).to_contain_text(["The ice broke."])
    offer(story)
    page.goto(f"/stories/{story.id}/")
    box = page.get_by_label("The next words of the story")
    press(page, "Change continuation 2 first")
    expect(box).to_have_value(OFFERS[1])
    box.fill(f"{OFFERS[1]} I slept.")
    press(page, "Add only")
    expect(page.locator(".chapter [data-author=both]")).to_have_text(f"{OFFERS[1]} I slept.")


def test_a_story_is_divided_into_scenes_and_chapters(page, story):
    page.goto(f"/stories/{story.id}/")
    for words, button in (("The fog came in.", "New scene"), ("It was noon.", "New chapter")):
        page.get_by_label("The next words of the story").fill(words)
        press(page, "Add only")
        expect(page.locator(".chapter").last).to_contain_text(words)
        if button == "New scene":
            press(page, button)
    expect(page.locator(".chapter .asterism")).to_have_count(1)
    page.locator("summary", has_text="New chapter").click()
    page.locator("#new-chapter").fill("Morning")
    press(page, "Begin the chapter")
    expect(page.locator(".chapter h2")).to_contain_text(["1", "Morning"])
    expect(page.locator(".chapter")).to_have_count(2)


def test_the_dial_is_kept_in_plain_words(page, story):
    page.goto(f"/stories/{story.id}/")
    dial = page.get_by_role("group", name="How the narrator goes on")
    expect(dial.locator("span")).to_have_text(["Steady", "Lively", "Wild"])
    dial.get_by_label("Wild").check()
    press(page, "Offer three ways to go on")
    expect(page.locator(".offer[data-under-way]")).to_have_count(3)
    expect(dial.get_by_label("Wild")).to_be_checked()
    story.refresh_from_db()
    assert story.dial == "wild"
