"""The pages by keyboard alone, in Chromium: Tab reaches every control, and one sees where it is."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page

from accounts.models import User
from chat.models import Author, Conversation
from tests.e2e.test_barriers import page_of
from tests.factories import make_conversation, make_persona
from tests.moderation.desk.material import make_case

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# Marks each control with what it looks like without the focus, and notes how it looks with it.
WATCH = """() => {
  const style = (element) => {
    const { outlineStyle, outlineWidth, outlineColor, borderBottom, boxShadow } = getComputedStyle(element);
    const outline = outlineStyle === "none" || outlineWidth === "0px" ? "" : outlineColor;
    return [outline, borderBottom, boxShadow].join();
  };
  const looks = (element) => [element, element.nextElementSibling].filter(Boolean).map(style).join(); // or its label
  const name = ({ tagName, id, name, textContent }) => `${tagName} ${id || name || textContent.trim().slice(0, 40)}`;
  const group = (element) => (element.type === "radio" ? element.name : element); // arrows choose among radios
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const controls = all.filter((element) => element.checkVisibility() && !element.disabled && element.tabIndex >= 0);
  const before = new Map(controls.map((element) => [element, looks(element)]));
  const reached = new Set();
  const faults = all.filter(({ tabIndex }) => tabIndex > 0).map((element) => `${name(element)}: positive tabindex`);
  document.addEventListener("focusin", ({ target }) => {
    reached.add(group(target));
    if (before.get(target) === looks(target)) faults.push(`${name(target)}: looks the same with the focus`);
  });
  window.found = () => {
    const missed = controls.filter((element) => !reached.has(group(element)));
    return [...faults, ...missed.map((element) => `${name(element)}: Tab does not reach it`)];
  };
  return controls.length + 3 * controls.filter(({ type }) => type === "date").length; // day, month, year, calendar
}"""
PUBLIC = ["/", "/account/login/", "/account/signup/", "/account/looks/", "/safety/help/", "/object/"]
PERSONS = ["/", "/personas/", "/personas/new/", "/conversations/", "/stories/", "/account/", "/account/email/"]
OWNERS = ["/owner/", "/models/", "/moderation/", "/moderation/policy/"]


@pytest.fixture
def conversation(alice: User) -> Conversation:
    persona = make_persona(owner=alice, name="Mira", sayings=["The lamp is lit."])
    conversation = make_conversation(owner=alice, title="The lamp", persona=persona)
    opening = conversation.messages.create(author=Author.PERSONA, text="The lamp is lit.")
    conversation.head = conversation.messages.create(author=Author.USER, text="Are you there?", parent=opening)
    conversation.save()
    return conversation


@pytest.mark.parametrize(
    "who", ["nobody", *(pytest.param(who, marks=pytest.mark.thorough) for who in ("alice", "olga"))]
)
def test_tab_goes_through_the_whole_page_and_is_seen(
    who: str, live_server: object, browser: Browser, alice: User, olga: User, conversation: Conversation
) -> None:
    own = [f"/conversations/{conversation.id}/{page}" for page in ("", "goodbye/", "branches/", "members/")]
    own += [reverse(f"personas:{page}", args=[conversation.persona_id]) for page in ("detail", "memory", "edit")]
    own += ["/conversations/group/", "/account/looks/"]
    case = reverse("moderation:case", args=[make_case(alice).pk])
    person, paths = {"nobody": (None, PUBLIC), "alice": (alice, [*PERSONS, *own]), "olga": (olga, [*OWNERS, case])}[who]
    page = page_of(browser, str(live_server), person, "en")
    page.emulate_media(reduced_motion="no-preference")  # with less motion, styles change a moment after the focus
    faults = {path: found for path in paths if (found := walk(page, path))}
    page.context.close()
    assert not faults


def walk(page: Page, path: str) -> list[str]:
    """What Tab does wrong on its way through a page."""
    page.goto(path)
    for _ in range(page.evaluate(WATCH) + 3):  # a control that a script shows a moment later takes a Tab of its own
        page.keyboard.press("Tab")
    found: list[str] = page.evaluate("window.found()")
    return found
