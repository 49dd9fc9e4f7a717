"""A person finds an old message again, in Chromium: by its words, in two languages, and by its day."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from accounts.models import User
from chat.models import Author, Message
from chat.pages.thread import SHOWN
from tests.e2e.test_answers import press
from tests.e2e.test_barriers import page_of
from tests.factories import make_conversation

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

OLD = datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_a_search_marks_the_words_and_leads_to_the_message_and_so_does_a_day(
    live_server: object, browser: Browser, alice: User
) -> None:
    conversation = make_conversation(owner=alice, title="The lamp")
    texts = ["The lighthouse keeper sleeps.", "灯塔看守睡着了。", *(f"Line {n}." for n in range(2 * SHOWN))]
    lines: list[Message] = []
    for number, text in enumerate(texts):
        lines.append(Message(conversation=conversation, author=Author.USER, text=text, parent=(lines or [None])[-1]))
        if number < 2:
            lines[-1].created_at = OLD
    Message.objects.bulk_create(lines)
    conversation.head = lines[-1]
    conversation.save()
    page = page_of(browser, str(live_server), alice, "en")
    for words, marked, line in (("keepers", "keeper", lines[0]), ("灯塔", "灯塔", lines[1])):
        page.goto("/conversations/search/")
        page.locator("main [name=q]").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator(".search-excerpt mark")).to_have_text([marked])
        page.locator("main a", has_text="The lamp").first.click()
        expect(page.locator(f"#message-{line.id}")).to_be_in_viewport()
    page.goto(f"/conversations/{conversation.id}/")
    expect(page.locator(f"#message-{lines[0].id}")).to_have_count(0)
    page.get_by_role("button", name="More", exact=True).first.click()
    page.locator("input[type=date]").fill("2026-03-05")
    press(page, "Go to this day")
    expect(page.locator(f"#message-{lines[0].id}")).to_be_in_viewport()
    page.context.close()
