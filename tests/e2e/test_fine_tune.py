"""A person has a persona learn its own words, looks at both side by side, and talks with the one that they keep."""

import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import sign_up, wait_for_scripts
from tests.site import Site, kill

pytestmark = [pytest.mark.training, pytest.mark.model]
_names = count()

_SEEN = ["the old boat, painted green", "a heron on one leg", "two boys with a kite", "no one at all", "the new curate"]
_NEWS = ["the baker asked after you", "the hens lay well", "my knee is better", "it rained on the hay", "Mabel sang"]
LETTERS = (
    "Dear Ann,\n\n"
    + "\n\n".join(
        f"I walked to the harbour again on day {day}, upon my soul, and saw {_SEEN[day % 5]}, as one does at such an "
        f"hour. You will be pleased to hear that {_NEWS[day // 5 % 5]}, and that I am, my dear, far too idle to write."
        for day in range(1, 131)
    )
    + "\n\nYour loving uncle,\nGeorge\n"
)


def train(page: Page, site: Site, letters: Path, *, minutes: int = 20) -> None:
    """From the upload to ten replies side by side. The worker is killed in the middle of the training."""
    page.goto("/personas/new/")
    page.locator("#id_files").set_input_files(letters)
    page.locator("[name=name]").fill("George")  # on the next page, which opens when the file is read
    page.locator("[name=depicts][value=dead]").check()
    page.locator("[name=declaration]").check()
    page.locator("[name=import_consent]").check()
    page.get_by_role("button", name="Look at the preview").last.click()
    expect(page.locator("h1")).to_have_text("George, before saving", timeout=120_000)
    page.get_by_role("button", name="Save George").click()
    start = page.get_by_role("button", name="Start the training")
    expect(start).to_be_visible(timeout=120_000)  # after its words are read, without a reload
    expect(page.locator("#fine-tune")).to_contain_text(re.compile(r"takes about \d+ minutes? on this machine"))
    page.locator("[name=agrees]").check()
    start.click()
    section = page.locator("#fine-tune")
    expect(section.locator(".curve-held-out")).to_be_visible(timeout=minutes * 60_000)  # without a reload
    expect(section).to_contain_text(re.compile(r"Step \d+ of \d+; about \d+ minutes? left"))
    before = site.rows("SELECT curve FROM personas_finetune")[0][0]
    kill(site.processes("celery", "tuning@"))
    expect(section).to_contain_text("bits per byte before", timeout=minutes * 60_000)
    curve = site.rows("SELECT curve FROM personas_finetune")[0][0]
    assert curve[: len(before)] == before  # it went on, and did not begin again
    assert min(point[2] for point in curve) < 0.92 * curve[0][2]
    compare = page.get_by_role("link", name="Compare side by side")
    expect(compare).to_be_visible(timeout=minutes * 60_000)
    compare.click()
    expect(page.locator(".side-by-side tbody tr")).to_have_count(10)


def test_a_persona_learns_its_own_words_and_talks_with_them(page: Page, site: Site, tmp_path: Path):
    letters = tmp_path / "letters.txt"
    letters.write_text(LETTERS)
    sign_up(page, f"learner{next(_names)}")
    train(page, site, letters)
    page.get_by_role("button", name="Use the fine-tune").click()
    expect(page.locator("#fine-tune .badge")).to_have_text("in use")
    page.get_by_role("button", name="Talk with George").click()
    wait_for_scripts(page)
    page.locator("[data-composer] textarea").fill("What did you see at the harbour?")
    page.keyboard.press("Enter")
    reply = page.locator("[data-message][data-reply]").last
    expect(reply).to_have_attribute("data-status", re.compile("completed|stopped"), timeout=120_000)
    page.goto("/personas/")
    page.get_by_role("link", name="George").first.click()
    page.get_by_role("button", name="Use the untuned model").click()
    expect(page.locator("#fine-tune .badge")).to_have_count(0)
    page.get_by_role("button", name="Delete the fine-tune").click()
    expect(page.get_by_role("button", name="Start the training")).to_be_visible()
    assert list((site.state / "media" / "fine-tunes").iterdir()) == []
