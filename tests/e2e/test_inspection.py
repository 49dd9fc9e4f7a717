"""A person looks inside a reply of her own, and lets it go on from another word."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE
from tests.e2e.test_conversation import last_reply, say, talk, wait_for_reply  # noqa: F401

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def without_blanks(text: str) -> str:
    return re.sub(r"[\s␣↵]", "", text)


def test_look_inside_a_reply_and_go_on_from_another_word(talk: Page) -> None:  # noqa: F811
    say(talk, "Good evening! What did you do today?")
    text = wait_for_reply(talk)
    assert last_reply(talk).get_attribute("data-status") == "completed", last_reply(talk).inner_text()
    last_reply(talk).get_by_role("link", name="Look inside").click()
    talk.wait_for_url(re.compile(r"/inside/[0-9a-f-]+/$"))
    inside = talk.url
    expect(talk.locator("[data-words]")).to_have_attribute("data-state", "ready", timeout=60_000)

    words = talk.locator("a[data-number]")
    assert without_blanks("".join(words.locator(".word-text").all_inner_texts())) == without_blanks(text)
    expect(words.first.locator(".word-number")).to_contain_text("%")
    panels = talk.locator("[data-panel]:visible")
    expect(panels).to_have_count(0)
    if talk.viewport_size == PHONE:
        words.nth(1).click()
    else:
        words.nth(1).hover()
    expect(panels).to_have_attribute("data-panel", "1")
    expect(panels.locator(".choice")).to_have_count(10)

    # By keys: one stop for Tab, arrows from word to word, Enter into the alternatives, Escape back.
    words.first.focus()
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("ArrowRight")
    expect(words.nth(2)).to_be_focused()
    expect(panels).to_have_attribute("data-panel", "2")
    talk.keyboard.press("Enter")
    expect(panels).to_be_focused()
    talk.keyboard.press("Escape")
    expect(words.nth(2)).to_be_focused()
    expect(panels).to_have_count(0)
    assert talk.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    words.nth(2).click()
    before = "".join(words.locator(".word-text").all_inner_texts()[:2])
    choice = panels.locator("button.choice-word").first
    picked = choice.evaluate("each => each.firstChild.data")
    choice.click()
    talk.wait_for_url(re.compile(r"/conversations/[0-9a-f-]+/$"))
    expect(last_reply(talk).locator(".branch-count")).to_have_text("2 of 2")
    assert without_blanks(wait_for_reply(talk)).startswith(without_blanks(before + picked))

    # The second look is free: the words are there with the page.
    talk.goto(inside)
    expect(talk.locator("[data-words]")).to_have_attribute("data-state", "ready", timeout=1)


def test_another_reply_begins_with_a_candidate_that_was_not_chosen(talk: Page) -> None:  # noqa: F811
    say(talk, "I baked a cake for my sister today. What do you think of that?")
    wait_for_reply(talk)
    conversation = talk.url
    last_reply(talk).get_by_role("link", name="Look inside").click()
    first_piece = talk.locator("details", has_text="Piece 1").first
    others = first_piece.locator(".candidate:not([data-chosen]) .candidate-words").all_inner_texts()
    assert others
    talk.goto(conversation)
    last_reply(talk).get_by_role("button", name="Another reply").click()
    expect(last_reply(talk).locator(".branch-count")).to_have_text("2 of 2")
    text = wait_for_reply(talk)
    assert any(text.startswith(words) for words in others if words.strip()), (text, others)
