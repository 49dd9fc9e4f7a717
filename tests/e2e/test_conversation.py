"""A person talks with Samantha in the browser."""

import re
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import AT_BOTH_WIDTHS, AT_BOTH_WIDTHS_WHEN_THOROUGH, sign_up, wait_for_scripts
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.model]
_names = count()

REPLY_ENDED = re.compile("completed|stopped|failed|blocked")


@pytest.fixture
def talk(page: Page) -> Page:
    """A page on a new conversation with Samantha."""
    sign_up(page, f"reader{next(_names)}")
    page.goto("/personas/")
    page.locator("a", has_text="Samantha").first.click()
    page.locator("form[action='/conversations/'] button").first.click()
    page.wait_for_url(re.compile(r"/conversations/[0-9a-f-]+/"))
    wait_for_scripts(page)
    return page


def say(page: Page, text: str) -> None:
    page.locator("[data-composer] textarea").fill(text)
    page.keyboard.press("Enter")


def last_reply(page: Page):
    return page.locator("[data-message][data-reply]").last


def wait_for_reply(page: Page) -> str:
    expect(last_reply(page)).to_have_attribute("data-status", REPLY_ENDED, timeout=120_000)
    return last_reply(page).locator("[data-slot=text]").inner_text()


@AT_BOTH_WIDTHS_WHEN_THOROUGH
def test_a_reply_streams_and_is_kept(talk):
    say(talk, "Good evening! How are you?")
    text = wait_for_reply(talk)
    assert text.strip()
    expect(talk.locator("h1")).to_have_text("Good evening! How are you?")
    expect(talk.locator(".conversation-link[aria-current]")).to_contain_text("Good evening! How are you?")
    talk.reload()
    expect(last_reply(talk).locator("[data-slot=text]")).to_have_text(text)
    expect(talk.locator("[data-author=user] [data-slot=text]")).to_have_text("Good evening! How are you?")


def test_the_persona_is_read_while_the_page_is_looked_at(talk, site):
    conversation = talk.url.rstrip("/").rsplit("/", 1)[1]
    read = re.compile(rf"conversation\.read_ahead.*{conversation}")
    wait_until(lambda: read.search(site.log.read_text()), seconds=60, explain=site.output)
    say(talk, "Good evening!")
    wait_for_reply(talk)
    known = site.rows(
        f"""SELECT r.prompt_tokens, r.cached_tokens FROM chat_reply r JOIN chat_message m ON m.id = r.message_id
            WHERE m.conversation_id = '{conversation}'"""
    )
    assert all(prompt - cached < 40 for prompt, cached in known), known


@AT_BOTH_WIDTHS
def test_ca2_the_disclosure_stands_above_the_first_message_and_at_the_composer(talk):
    disclosure = talk.locator(".disclosure")
    expect(disclosure).to_be_visible()
    expect(disclosure).to_contain_text("not a human being")
    first = talk.locator("[data-message]").first
    assert disclosure.bounding_box()["y"] < first.bounding_box()["y"]
    expect(talk.locator(".composer-ai")).to_contain_text("AI")
    expect(talk.locator(".composer-ai")).to_be_in_viewport()


def test_a_reload_in_the_middle_of_a_reply_loses_nothing(talk):
    say(talk, "Tell me a long story about the sea, with many details.")
    expect(last_reply(talk)).to_have_attribute("data-status", re.compile("generating|completed"), timeout=120_000)
    talk.reload()
    text = wait_for_reply(talk)
    talk.reload()
    expect(last_reply(talk).locator("[data-slot=text]")).to_have_text(text)


def test_stop_keeps_what_was_already_shown(talk):
    say(talk, "Tell me a very long story about a ship, with many details.")
    expect(last_reply(talk)).to_have_attribute("data-status", re.compile("generating|completed"), timeout=120_000)
    talk.keyboard.press("Escape")
    text = wait_for_reply(talk)
    expect(last_reply(talk)).to_have_attribute("data-status", re.compile("stopped|completed"))
    assert text.strip()


def test_another_reply_stands_beside_the_first(talk):
    say(talk, "What is your favourite hour of the day?")
    wait_for_reply(talk)
    last_reply(talk).get_by_role("button", name="Another reply").click()
    expect(last_reply(talk).locator(".branch-count")).to_have_text("2 of 2")
    wait_for_reply(talk)
    last_reply(talk).get_by_role("button", name="Earlier version").click()
    expect(last_reply(talk).locator(".branch-count")).to_have_text("1 of 2")


def test_a_second_tab_shows_the_same_stream(talk):
    other = talk.context.new_page()
    other.goto(talk.url)
    wait_for_scripts(other)
    say(talk, "Can both of you hear me?")
    text = wait_for_reply(talk)
    expect(last_reply(other)).to_have_attribute("data-status", REPLY_ENDED, timeout=30_000)
    expect(last_reply(other).locator("[data-slot=text]")).to_have_text(text)


def test_markup_is_shown_as_text(talk):
    said = "<img src=x onerror=\"document.title='broken'\"><b>bold</b>"
    say(talk, said)
    expect(talk.locator("[data-author=user] [data-slot=text]").last).to_have_text(said)
    wait_for_reply(talk)
    assert talk.title() == f"{said} · Afterword"
    assert talk.locator("[data-slot=text] b, [data-slot=text] img").count() == 0


@AT_BOTH_WIDTHS_WHEN_THOROUGH
def test_k2_a_crisis_is_met_by_the_site_with_help_lines(talk):
    say(talk, "I want to kill myself and I have the pills here")
    notice = talk.locator("[data-notice][data-kind=crisis]")
    expect(notice).to_be_visible()
    assert notice.locator(".resource").count() >= 1
    expect(talk.locator("[data-composer] textarea")).to_be_editable()  # K4: she can write on at once


def test_words_survive_being_offline(talk):
    talk.context.set_offline(True)
    say(talk, "Are you there?")
    expect(talk.locator("[data-author=user]").last).to_have_attribute("data-status", re.compile("unsent|sending"))
    talk.context.set_offline(False)
    assert wait_for_reply(talk).strip()
    expect(talk.locator("[data-author=user] [data-slot=text]", has_text="Are you there?")).to_have_count(1)


@AT_BOTH_WIDTHS
def test_nothing_reaches_beyond_the_width_of_the_page(talk):
    say(talk, "A" * 300)
    wait_for_reply(talk)
    assert talk.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_line_is_drafted_by_the_model_and_sent_by_the_person(talk):
    say(talk, "Good evening! How are you?")
    wait_for_reply(talk)
    box = talk.locator("[data-composer] textarea")
    talk.get_by_role("button", name="Write my line").click()
    expect(box).not_to_have_value("", timeout=120_000)
    drafted = box.input_value()
    assert talk.locator("[data-author=user]").count() == 1
    talk.keyboard.press("Enter")
    expect(talk.locator("[data-author=user] [data-slot=text]").last).to_have_text(drafted)
    assert wait_for_reply(talk).strip()
