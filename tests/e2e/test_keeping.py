"""Conversations are sorted, taken along and brought back, in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from chat.files.export_formats import FORMATS
from chat.models import Author, Conversation
from personas.models import Persona
from tests.e2e.test_answers import press
from tests.e2e.test_barriers import page_of
from tests.factories import make_conversation, make_persona

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
WORDS = ["Do you like plums?", "Plums are good. 我喜欢李子。"]


@pytest.fixture
def page(live_server: object, browser: Browser, alice: User) -> Iterator[Page]:
    page = page_of(browser, str(live_server), alice, "en")
    yield page
    page.context.close()


@pytest.fixture
def ada(live_server: object, alice: User) -> Persona:
    return make_persona(owner=alice)


def talk(persona: Persona, title: str) -> Conversation:
    assert persona.owner is not None
    conversation = make_conversation(owner=persona.owner, persona=persona, title=title)
    question = conversation.messages.create(author=Author.USER, text=WORDS[0])
    conversation.head = conversation.messages.create(author=Author.PERSONA, parent=question, text=WORDS[1])
    conversation.save()
    return conversation


def test_conversations_are_found_by_folder_and_by_persona(page, ada, alice):
    plums = talk(ada, "Plums")
    talk(make_persona(owner=alice, name="Tom"), "Bread")
    page.goto(f"/conversations/{plums.id}/")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.locator("#conversation-folder").fill("Kitchen")
    page.locator("#conversation-menu").get_by_role("button", name="Save").click()
    page.goto("/conversations/")
    titles = page.locator("article .card-title a")
    expect(titles).to_have_count(2)
    for label, choice, shown in (("With", "Tom", "Bread"), ("Folder", "Kitchen", "Plums")):
        page.goto("/conversations/")
        page.get_by_label(label, exact=True).first.select_option(label=choice)
        press(page, "Show")
        expect(titles).to_have_text([shown])


def test_a_conversation_is_downloaded_in_each_format_and_comes_back(page, ada, alice, tmp_path):
    conversation = talk(ada, "Plums")
    files: dict[str, Path] = {}
    for name in FORMATS:
        page.goto(f"/conversations/{conversation.id}/")
        page.get_by_role("button", name="More", exact=True).first.click()
        page.locator("#conversation-menu [name=format]").select_option(name)
        with page.expect_download() as download:
            page.locator("#conversation-menu").get_by_role("button", name="Download").click()
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
        for words in WORDS:
            assert words in files[name].read_text("utf-8"), name
    html = next(file for file in files.values() if file.suffix == ".html")
    page.goto(html.as_uri())  # a page that stands alone
    expect(page.locator("blockquote")).to_have_text(WORDS)
    for number, name in enumerate(("json", "sillytavern"), start=1):
        page.goto("/conversations/")
        page.locator("#import-file").set_input_files(files[name])
        press(page, "Import")
        expect(page.locator(".message-text")).to_have_text(WORDS)
        assert Conversation.objects.filter(owner=alice).count() == number + 1


@pytest.mark.parametrize("content", [b"", b"{", b"\x00\xff\x00", b"a plain text\n" * 1000])
def test_a_file_that_is_no_conversation_is_refused_in_a_sentence(page, ada, tmp_path, content):
    file = tmp_path / "talk.jsonl"
    file.write_bytes(content)
    page.goto("/conversations/")
    page.locator("#import-file").set_input_files(file)
    press(page, "Import")
    expect(page.locator("[role=alert], .notice, .field-error").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Server Error")
    assert not Conversation.objects.exists()
