"""The branches of a conversation, in Chromium, with pages from Django."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from accounts.models import User
from chat.models import Author
from tests.e2e.wire import Wire
from tests.factories import make_conversation

pytestmark = pytest.mark.e2e


def test_branches_open_over_the_conversation_and_close_by_keyboard(
    browser: Browser, alice: User, client: Client
) -> None:
    conversation = make_conversation(owner=alice)
    question = conversation.messages.create(author=Author.USER, text="Which fruit?")
    conversation.head = conversation.messages.create(author=Author.PERSONA, parent=question, text="Plums.")
    conversation.messages.create(author=Author.PERSONA, parent=question, text="Pears.", branch_name="With pears")
    conversation.save()
    client.force_login(alice)

    def get(path: str) -> tuple[int, str]:
        response = client.get(path)
        return response.status_code, response.content.decode()

    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    Wire(page, conversation.id, get).open()
    page.get_by_role("button", name="More", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("[data-branches]").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Branches")
    expect(dialog.locator(".branch-line")).to_have_count(2)
    expect(dialog.locator("[aria-current]")).to_contain_text("You read this one")
    other = dialog.locator(".branch-line", has_text="With pears")
    expect(other.get_by_role("button", name="Go to it")).to_be_visible()
    assert dialog.evaluate("(each) => each.scrollWidth <= each.clientWidth")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    context.close()
