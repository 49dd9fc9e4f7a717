"""A person makes a persona from somebody's letters, and talks with it."""

import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import sign_up, wait_for_scripts

pytestmark = [pytest.mark.e2e, pytest.mark.model]
_names = count()

LETTERS = (
    "Dear Ann,\n\n"
    + "\n\n".join(
        f"I walked to the harbour again on day {day}, and the old boat was there, painted green this time. "
        "The baker asked after you, and I said that you are well and far too busy to write."
        for day in range(1, 15)
    )
    + "\n\nYour loving uncle,\nGeorge\n"
)


@pytest.fixture
def writer(page: Page) -> Page:
    sign_up(page, f"writer{next(_names)}")
    page.goto("/personas/new/")
    return page


def fill(page: Page, name: str) -> None:
    page.locator("[name=name]").fill(name)
    page.locator("[name=depicts][value=dead]").check()
    page.locator("[name=declaration]").check()


def test_letters_become_a_persona_that_talks(writer, tmp_path: Path):
    letters = tmp_path / "letters.txt"
    letters.write_text(LETTERS)
    fill(writer, "George")
    writer.locator("#id_files").set_input_files(letters)
    writer.get_by_role("button", name="Look at the preview").last.click()
    expect(writer.locator("h1")).to_have_text("George, before saving", timeout=30_000)  # it goes on by itself
    expect(writer.locator(".passage").first).to_contain_text("harbour")
    expect(writer.locator(".prompt-parts caption")).to_contain_text("tokens")
    writer.get_by_role("button", name="Save George").click()
    writer.get_by_role("button", name="Talk with George").click()
    wait_for_scripts(writer)
    writer.locator("[data-composer] textarea").fill("How is the harbour?")
    writer.keyboard.press("Enter")
    reply = writer.locator("[data-message][data-reply]").last
    expect(reply).to_have_attribute("data-status", re.compile("completed|stopped"), timeout=120_000)


def test_what_was_typed_and_uploaded_survives_a_mistake(writer, tmp_path: Path):
    wrong = tmp_path / "holiday.txt"
    wrong.write_bytes(b"\xff\xd8\xff" + b"\x00\xff" * 500)
    writer.locator("[name=name]").fill("George")
    writer.locator("[name=description]").fill("My uncle, who lived by the harbour.")
    writer.locator("#id_files").set_input_files(wrong)
    writer.get_by_role("button", name="Look at the preview").last.click()
    expect(writer.locator(".upload-list .notice")).to_contain_text("This picture is damaged", timeout=30_000)
    expect(writer.locator("[name=description]")).to_have_value("My uncle, who lived by the harbour.")


def test_markup_in_a_persona_is_shown_as_text(writer):
    name = "<b>Eve</b>"
    fill(writer, name)
    writer.locator("[name=description]").fill("<script>document.title='broken'</script>")
    writer.get_by_role("button", name="Look at the preview").last.click()
    writer.locator("button[value=save]").click()
    expect(writer.locator("h1")).to_have_text(name)
    assert "broken" not in writer.title()


def test_a_deleted_persona_is_gone(writer):
    fill(writer, "Short stay")
    writer.locator("[name=description]").fill("Somebody who leaves at once.")
    writer.get_by_role("button", name="Look at the preview").last.click()
    writer.locator("button[value=save]").click()
    writer.wait_for_url(re.compile(r"/personas/[0-9a-f-]{36}/$"))
    address = writer.url
    writer.get_by_role("link", name="Delete").click()
    writer.locator("main form button").last.click()
    answer = writer.goto(address)
    assert answer.status == 404
