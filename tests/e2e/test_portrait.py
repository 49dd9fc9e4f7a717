"""A person sees what the words of a persona show, corrects it, and takes the persona along."""

from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import AT_BOTH_WIDTHS_WHEN_THOROUGH, sign_up

pytestmark = [pytest.mark.e2e, pytest.mark.model]
_names = count()

LETTERS = "\n\n".join(
    f"My dear Ann, I walked to Whitby on day {day}, and ate marmalade with Mrs. Knight. She was well, as ever."
    for day in range(1, 15)
)


def make(page: Page, file: Path) -> None:
    """From the form to the page of the persona; what the file fills in by itself stays."""
    page.goto("/personas/new/")
    page.locator("#id_files").set_input_files(file)
    expect(page.get_by_role("heading", name="Who speaks")).to_be_visible(timeout=60_000)
    if not page.locator("[name=name]").input_value():
        page.locator("[name=name]").fill("George")
        page.locator("[name=depicts][value=dead]").check()
    page.locator("[name=declaration]").check()
    page.locator("[name=import_consent]").check()
    page.get_by_role("button", name="Look at the preview").last.click()
    page.get_by_role("button", name="Save George").click(timeout=60_000)


@AT_BOTH_WIDTHS_WHEN_THOROUGH
def test_letters_become_a_portrait_that_its_owner_corrects_and_takes_along(page: Page, tmp_path: Path):
    sign_up(page, f"portrait{next(_names)}")
    letters = tmp_path / "letters.txt"
    letters.write_text(LETTERS)
    make(page, letters)
    portrait = page.locator("#portrait")
    expect(portrait).to_contain_text("“My dear Ann” 14 times", timeout=60_000)  # it comes without a reload
    expect(portrait.locator("svg.plot").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    portrait.get_by_role("link", name="marmalade").click()
    expect(page.locator("mark").first).to_have_text("marmalade")
    page.get_by_label("What it should say").fill("Marmalade, and always Seville.")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.locator("#portrait")).to_contain_text("Marmalade, and always Seville.")

    page.get_by_text("Take it along").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Everything as one archive").click()
    archive = tmp_path / "george.zip"
    download.value.save_as(archive)
    make(page, archive)
    expect(page.locator("h1")).to_have_text("George")
    expect(page.locator("#portrait")).to_contain_text("“My dear Ann” 14 times", timeout=60_000)
