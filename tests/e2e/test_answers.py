"""After a form, the keyboard and the eye are at the answer; a menu that the keyboard has left is closed."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from chat.models import Author
from moderation.crisis import notices
from personas.memory.models import Memory
from stories.models import Passage
from tests.e2e.test_barriers import page_of
from tests.factories import make_conversation, make_persona, make_story

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.focus()
    page.keyboard.press("Enter")


def test_a_page_that_answers_a_form_begins_at_its_answer(live_server: object, browser: Browser, alice: User) -> None:
    ada = make_persona(owner=alice)
    here = {"conversation_id": uuid4(), "persona": ada, "owner": alice, "position": 0, "said_at": timezone.now()}
    rain, fog = (
        Memory.objects.create(text=text, message_id=uuid4(), **here) for text in ("I like rain.", "I like fog.")
    )
    page = page_of(browser, str(live_server), alice, "en")
    page.goto(reverse("personas:memory", args=[ada.pk]))
    lines = [page.locator(f"#memory-{each.pk}") for each in (rain, fog)]
    lines[0].get_by_role("button", name="Forget").focus()
    page.keyboard.press("Enter")
    expect(lines[1]).to_be_focused()
    expect(lines[1]).to_have_accessible_description(
        "It is forgotten, and it is gone from the prompts that were stored."
    )

    page.goto("/account/")
    press(page, "Save the country")
    expect(page.get_by_text("Your country is saved.")).to_be_focused()
    page.goto("/account/password/change/")
    for name in ("oldpassword", "password1", "password2"):
        page.locator(f"[name={name}]").fill("of another person")
    press(page, "Change the password")
    expect(page.get_by_label("Current password")).to_be_focused()
    page.goto("/conversations/group/")
    make_persona(owner=alice, name="Mira")
    page.reload()
    press(page, "Begin")
    expect(page.get_by_role("alert")).to_be_focused()
    page.context.close()


def test_a_long_conversation_shows_what_the_site_says_and_its_menu_closes_behind_the_keyboard(
    live_server: object, browser: Browser, alice: User
) -> None:
    conversation = make_conversation(owner=alice, title="The lamp")
    for number in range(30):
        message = conversation.messages.create(author=Author.PERSONA, text=f"Line {number}.", parent=conversation.head)
        conversation.head = message
    conversation.save()
    page = page_of(browser, str(live_server), alice, "en")
    page.goto(f"/conversations/{conversation.id}/")
    menu = page.locator("#conversation-menu")
    press(page, "More")
    expect(menu).to_be_visible()
    menu.get_by_role("button").last.focus()
    page.keyboard.press("Tab")
    expect(menu).to_be_hidden()

    press(page, "More")
    menu.get_by_label("Title").focus()
    menu.get_by_text("Folder").click()
    expect(menu, "a press of the mouse inside it does not close it").to_be_visible()
    press(page, "Save")
    answer = page.get_by_text("It is saved.")
    expect(answer).to_be_focused()
    expect(answer).to_be_in_viewport(ratio=1)
    page.context.close()


def test_help_beside_a_story_is_in_paragraphs_and_names_its_language(
    live_server: object, browser: Browser, alice: User
) -> None:
    help = notices.notice(country="DE", language="zh", level="passive")
    story = make_story(owner=alice)
    scene = story.scenes.get()
    passage = Passage.objects.create(scene=scene, author="user", text="I do not want to wake up.", is_withheld=True)
    story.notices.create(
        passage=passage, kind="crisis", rule="passive", version="3", text=help.text, resources=help.resources
    )
    page = page_of(browser, str(live_server), alice, "en")
    page.goto(reverse("stories:story", args=[story.pk]))
    shown = page.locator(".notice-care")
    assert shown.locator(".notice-text").inner_text() == help.text, "its line ends are seen"
    for part in (".notice-text", ".resources"):
        expect(shown.locator(part)).to_have_attribute("lang", "zh-Hans")
    page.context.close()
