"""Pages with a name of one long word, in Chromium: nothing runs out of the page, and nothing is cut off."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page

from accounts.models import User
from chat.models import Author, Conversation
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_barriers import page_of
from tests.factories import make_conversation, make_persona

pytestmark = [pytest.mark.e2e, pytest.mark.thorough, pytest.mark.django_db(transaction=True)]

LONG = ("Donaudampfschifffahrtsgesellschaft" * 3)[:80]  # as long as a name may be
IS_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
CUT_LABELS = """() => [...document.querySelectorAll(".message:has(.message-author)")].filter((message) =>
  message.querySelector(".message-author").getBoundingClientRect().bottom > message.getBoundingClientRect().bottom + 1
).length"""


@pytest.fixture
def conversation(alice: User) -> Conversation:
    persona = make_persona(owner=alice, name=LONG, sayings=["The lamp is lit."])
    conversation = make_conversation(owner=alice, persona=persona, title=LONG, folder=LONG[:60])
    conversation.head = conversation.messages.create(author=Author.PERSONA, text="Yes.", is_pinned=True)
    conversation.save()
    group = make_conversation(owner=alice, persona=persona)
    for color, member in enumerate([persona, make_persona(owner=alice, name="Mira")], 1):
        group.members.create(persona=member, color=color)
    return conversation


def test_a_name_of_one_long_word_stays_within_the_page(
    live_server: object, browser: Browser, alice: User, conversation: Conversation
) -> None:
    paths = [reverse(f"personas:{page}", args=[conversation.persona_id]) for page in ("detail", "memory", "delete")]
    paths += [f"/conversations/{each.id}/" for each in alice.conversations.all()]
    paths += ["/personas/", "/conversations/", "/stories/", f"/conversations/{conversation.id}/members/"]
    page = page_of(browser, str(live_server), alice, "en")
    assert {path: found for path in paths for found in faults(page, path)} == {}
    page.context.close()


def faults(page: Page, path: str) -> list[str]:
    found = []
    for size in (DESK, PHONE):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        page.goto(path)
        found += [f"scrolls sideways at {size['width']}"] if page.evaluate(IS_WIDER) else []
        found += [f"cuts a name at {size['width']}"] if page.evaluate(CUT_LABELS) else []
    return found
