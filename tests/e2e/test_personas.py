"""A person makes a persona from somebody's letters, and talks with it."""

import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import AT_BOTH_WIDTHS_WHEN_THOROUGH, sign_up, wait_for_scripts

pytestmark = [pytest.mark.e2e, pytest.mark.model]
_names = count()

LETTERS = (
    "Dear Ann,\n\nI worked as a ferryman on this river for thirty years. Now I only look at it.\n\n"
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


def begin_without_words(page: Page, name: str, description: str) -> None:
    page.get_by_role("button", name="Go on").last.click()
    fill(page, name)
    page.locator("[name=description]").fill(description)


def preview(page: Page) -> None:
    page.get_by_role("button", name="Look at the preview").last.click()


@AT_BOTH_WIDTHS_WHEN_THOROUGH
def test_letters_become_a_persona_that_is_tried_saved_and_talks(writer, tmp_path: Path):
    letters = tmp_path / "letters.txt"
    letters.write_text(LETTERS)
    writer.locator("#id_files").set_input_files(letters)
    # 1. The file is sent and read, and the next page opens by itself.
    expect(writer.get_by_role("heading", name="Who speaks")).to_be_visible(timeout=60_000)
    expect(writer.locator("[name^=who-][value=persona]")).to_be_checked()
    writer.locator("[name=import_consent]").check()
    # 2. A line is tried with the real model before anybody says who this is.
    writer.get_by_label("Your line").fill("How is the harbour?")
    writer.keyboard.press("Tab")
    writer.keyboard.press("Enter")
    expect(writer.locator(".tried blockquote")).not_to_be_empty(timeout=120_000)
    # 3. A sentence of theirs is taken into the description.
    sentence = "I worked as a ferryman on this river for thirty years."
    writer.get_by_role("button", name=f"Add to the description: {sentence}").click()
    expect(writer.locator("[name=description]")).to_have_value(f"“{sentence}”")
    # 4. Who this is, the preview, and the talk.
    fill(writer, "George")
    preview(writer)
    expect(writer.locator("h1")).to_have_text("George, before saving", timeout=30_000)
    expect(writer.locator(".passage").filter(has_text="harbour").first).to_be_visible()
    expect(writer.locator(".prompt-parts caption")).to_contain_text("tokens")
    writer.get_by_role("button", name="Save George").click()
    # 5. The page follows the import: what its words allow is there without a reload.
    expect(writer.get_by_role("button", name="Answer only from these words")).to_be_visible(timeout=60_000)
    writer.get_by_role("button", name="Talk with George").click()
    wait_for_scripts(writer)
    writer.locator("[data-composer] textarea").fill("How is the harbour?")
    writer.keyboard.press("Enter")
    reply = writer.locator("[data-message][data-reply]").last
    expect(reply).to_have_attribute("data-status", re.compile("completed|stopped"), timeout=120_000)


def chat(lines: int) -> bytes:
    said = ("Nora: Where is the map, number {n}?", "Uncle Teo: In the piano, as proof number {n}.")
    return "".join(
        f"{n // 1440 % 28 + 1:02}/05/2019, {n // 60 % 24:02}:{n % 60:02} - {said[n % 2].format(n=n)}\n"
        for n in range(lines)
    ).encode()


def test_dropped_files_go_on_after_a_lost_connection(writer):
    """Three pieces; the connection is lost in the middle, and later the page is loaded again."""
    sent: list[str] = []
    attempts = count()

    def unreliable(route: Route) -> None:
        if route.request.method != "PATCH":
            return route.continue_()
        sent.append(route.request.headers["upload-offset"])
        return route.abort() if next(attempts) in {1, 3} else route.continue_()

    writer.route(re.compile(r"/uploads/\d+/$"), unreliable)
    writer.evaluate(
        """({ text, name }) => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([text], name, { lastModified: 17 }));
            const talk = "Teo: Tea?\\nNora: Always tea.\\n".repeat(9);
            dropped.items.add(new File([talk], "talk.txt", { lastModified: 17 }));
            const zone = document.querySelector("[data-drop-zone]");
            zone.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
        }""",
        {"text": chat(150_000).decode(), "name": "WhatsApp chat.txt"},
    )
    expect(writer.get_by_role("heading", name="Who speaks")).to_be_visible(timeout=120_000)
    offsets = [int(offset) for offset in sent]
    assert offsets[:2] == [0, 4 * 1024**2]
    assert offsets[-1] == 0  # the other file, in one piece
    assert offsets[:-1] == sorted(offsets[:-1]), "a piece that had arrived was sent again"
    expect(writer.locator(".speaker legend").first).to_contain_text("lines in")
    expect(writer.locator(".upload-list .upload-name")).to_have_text(["WhatsApp chat.txt", "talk.txt"])


def test_a_file_that_is_chosen_again_goes_on_where_it_was(writer, tmp_path: Path):
    file = tmp_path / "long.txt"
    file.write_bytes(chat(150_000))
    writer.route(
        re.compile(r"/uploads/\d+/$"),
        lambda route: route.continue_() if route.request.headers.get("upload-offset") == "0" else route.abort(),
    )
    writer.locator("#id_files").set_input_files(file)
    expect(writer.locator("[data-uploads] [data-slot=state]")).to_contain_text("connection is lost", timeout=60_000)
    writer.goto("/personas/")  # this page's own next try must fail, too
    writer.unroute_all()
    writer.get_by_role("link", name="Without a name").click()
    files = writer.get_by_role("list", name="Files in this draft")
    expect(files).to_contain_text("have arrived. Choose the same file again")
    first = []
    writer.on("request", lambda request: first.append(request) if request.method == "PATCH" else None)
    writer.locator("#id_files").set_input_files(file)
    expect(writer.get_by_role("heading", name="Who speaks")).to_be_visible(timeout=120_000)
    assert first[0].headers["upload-offset"] == str(4 * 1024**2)


def test_what_was_typed_and_uploaded_survives_a_mistake(writer, tmp_path: Path):
    wrong = tmp_path / "holiday.txt"
    wrong.write_bytes(b"\xff\xd8\xff" + b"\x00\xff" * 500)
    begin_without_words(writer, "George", "My uncle, who lived by the harbour.")
    writer.locator("#id_files").set_input_files(wrong)
    expect(writer.locator(".upload-list .notice")).to_contain_text("This picture is damaged", timeout=60_000)
    expect(writer.locator("[name=description]")).to_have_value("My uncle, who lived by the harbour.")


def test_markup_in_a_persona_is_shown_as_text(writer):
    name = "<b>Eve</b>"
    begin_without_words(writer, name, "<script>document.title='broken'</script>")
    preview(writer)
    writer.locator("button[value=save]").click()
    expect(writer.locator("h1")).to_have_text(name)
    assert "broken" not in writer.title()


def test_a_deleted_persona_is_gone(writer):
    begin_without_words(writer, "Short stay", "Somebody who leaves at once.")
    preview(writer)
    writer.locator("button[value=save]").click()
    writer.wait_for_url(re.compile(r"/personas/[0-9a-f-]{36}/$"))
    address = writer.url
    writer.get_by_role("link", name="Delete").click()
    writer.locator("main form button").last.click()
    answer = writer.goto(address)
    assert answer.status == 404


def test_the_form_goes_on_when_its_only_file_is_cancelled(writer):
    writer.route(
        re.compile(r"/uploads/\d+/$"),
        lambda route: route.abort() if route.request.method == "PATCH" else route.continue_(),
    )
    letters = {"name": "letters.txt", "mimeType": "text/plain", "buffer": LETTERS.encode()}
    writer.locator("#id_files").set_input_files(letters)
    expect(writer.locator("[data-uploads] [data-slot=state]")).to_contain_text("connection is lost")
    writer.locator("[name=words]").fill("I walked to the harbour again.")
    writer.get_by_role("button", name="Go on").last.click()
    expect(writer.locator("[data-upload-status]")).to_contain_text("when all files have arrived")
    writer.get_by_role("button", name="Cancel letters.txt").click()
    expect(writer.get_by_role("heading", name="Who this is")).to_be_visible(timeout=60_000)
