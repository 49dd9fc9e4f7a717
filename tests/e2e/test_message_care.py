"""What a person does with single messages and branches, in Chromium: pin, copy, delete, name, prune, print."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from chat.models import Author, Conversation, Reply
from tests.e2e.test_answers import press
from tests.e2e.test_barriers import page_of
from tests.factories import make_conversation, make_persona

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(live_server: object, browser: Browser, alice: User) -> Iterator[Page]:
    page = page_of(browser, str(live_server), alice, "en")
    yield page
    page.context.close()


@pytest.fixture
def conversation(live_server: object, alice: User) -> Conversation:
    """A question with two answers, of which the second is read."""
    conversation = make_conversation(owner=alice, title="Fruit")
    question = conversation.messages.create(author=Author.USER, text="Which fruit?")
    conversation.messages.create(author=Author.PERSONA, parent=question, text="Pears.")
    conversation.head = conversation.messages.create(
        author=Author.PERSONA, parent=question, text="**Plums**, ripe ones."
    )
    conversation.save()
    return conversation


def open_tools(page: Page, words: str) -> None:
    page.locator(".message", has_text=words).locator(".message-more > summary").click()


def test_a_pinned_message_is_found_in_the_menu_until_it_is_unpinned(page, conversation):
    page.goto(f"/conversations/{conversation.id}/")
    open_tools(page, "Which fruit?")
    press(page, "Pin")
    message = page.locator(".message", has_text="Which fruit?")
    expect(message.locator(".badge")).to_have_text("Pinned")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.locator("#conversation-menu a", has_text="Which fruit?").click()
    expect(message).to_be_in_viewport()
    open_tools(page, "Which fruit?")
    press(page, "Unpin")
    expect(message.locator(".badge")).to_have_count(0)


def test_a_copy_holds_the_words_of_the_message(page, conversation):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/conversations/{conversation.id}/")
    open_tools(page, "Plums")
    press(page, "Copy")
    expect(page.locator("[data-announcer]")).not_to_be_empty()
    assert page.evaluate("navigator.clipboard.readText()") == "**Plums**, ripe ones."


def test_one_message_is_deleted_after_a_question(page, conversation):
    page.goto(f"/conversations/{conversation.id}/")
    open_tools(page, "Which fruit?")
    page.locator(".message", has_text="Which fruit?").get_by_role("link", name="Delete …").click()
    expect(page.locator("blockquote")).to_have_text("Which fruit?")
    page.get_by_role("link", name="Keep it").click()
    expect(page.locator(".message")).to_have_count(2)
    open_tools(page, "Which fruit?")
    page.locator(".message", has_text="Which fruit?").get_by_role("link", name="Delete …").click()
    press(page, "Delete it")
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".message")).to_contain_text("Plums")


def test_a_branch_gets_a_name_is_read_and_the_other_one_is_pruned(page, conversation):
    page.goto(f"/conversations/{conversation.id}/branches/")
    pears = page.locator(".branch-line", has_text="Pears.")
    pears.locator("summary").click()
    pears.locator("[name=name]").fill("With pears")
    pears.get_by_role("button", name="Keep").click()
    named = page.locator(".branch-line", has_text="With pears")
    named.get_by_role("button", name="Go to it").click()
    page.wait_for_url(f"**/conversations/{conversation.id}/*")
    expect(page.locator(".message").last).to_contain_text("Pears.")
    page.goto(f"/conversations/{conversation.id}/branches/")
    expect(page.locator(".branch-line[aria-current]")).to_contain_text("With pears")
    page.locator(".branch-line", has_text="Plums").get_by_role("link", name="Delete …").click()
    expect(page.locator("blockquote")).to_contain_text("Plums")
    press(page, "Delete it")
    expect(page.locator(".branch-line")).to_have_count(1)
    assert list(conversation.messages.values_list("text", flat=True).order_by("created_at")) == [
        "Which fruit?",
        "Pears.",
    ]


def test_a_printed_conversation_is_its_words_alone(page, conversation):
    page.goto(f"/conversations/{conversation.id}/")
    controls = page.locator("button:visible, textarea:visible, summary:visible, .conversation-link:visible")
    assert controls.count() > 0
    page.emulate_media(media="print")
    expect(controls).to_have_count(0)
    for words in ("Which fruit?", ", ripe ones."):
        expect(page.locator(".message-body", has_text=words)).to_be_visible()
    expect(page.locator(".disclosure")).to_be_visible()
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF")


def test_a_persona_without_an_opening_line_is_asked_to_begin(page, live_server, alice):
    conversation = make_conversation(owner=alice, persona=make_persona(owner=alice, name="Vera"))
    page.goto(f"/conversations/{conversation.id}/")
    page.get_by_role("button", name="Ask Vera to begin").click()
    expect(page.locator(".message[data-status=queued]")).to_contain_text("Vera")
    assert Reply.objects.get(message__conversation=conversation).message.parent is None
