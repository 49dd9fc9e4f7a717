"""The list of conversations beside an open one, in Chromium."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from accounts.models import User
from chat.models import Author, Reply
from tests.e2e.test_barriers import page_of
from tests.factories import make_conversation

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_the_mark_of_a_new_reply_is_as_wide_as_its_word_and_the_links_stand_apart(
    live_server: object, browser: Browser, alice: User
) -> None:
    now = timezone.now()
    unread, shown = make_conversation(owner=alice, title="The lamp"), make_conversation(owner=alice, title="The sea")
    unread.head = unread.messages.create(author=Author.PERSONA, text="It is lit.")
    unread.read_at = now - timedelta(minutes=1)
    unread.save()
    Reply.objects.create(message=unread.head, status="completed", offset="0-0", queued_at=now, finished_at=now)
    page = page_of(browser, str(live_server), alice, "en")
    page.goto(f"/conversations/{shown.id}/")
    mark = page.locator(".conversation-list .badge")
    expect(mark).to_have_text("New")
    box, link = mark.bounding_box(), page.locator(".conversation-link", has_text="The lamp").bounding_box()
    assert box
    assert link
    assert box["width"] < link["width"] / 2
    search, all_of_them = (page.locator(".section-head a", has_text=name).bounding_box() for name in ("Search", "All"))
    assert search
    assert all_of_them
    assert all_of_them["x"] - search["x"] - search["width"] >= 12
    page.context.close()
