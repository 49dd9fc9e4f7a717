"""Every page on a narrow phone and with letters of double size: nothing runs out, and nothing is cut off."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser, Page

from accounts.models import User
from tests import factories
from tests.e2e.test_barriers import page_of
from tests.moderation.desk.material import make_case
from tests.test_hostile_input import walked

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

DOUBLE = "document.documentElement.style.fontSize = '200%'"
SIZES = {  # the width of the window, and a script
    "on a phone of 320 px": (320, "0"),  # WCAG 1.4.10
    "with letters of double size": (640, DOUBLE),  # WCAG 1.4.4
}
LEFT_EDGES = "() => ['dt', 'dd'].map((name) => document.querySelector(`.facts ${name}`).getBoundingClientRect().left)"
FAULTS = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const name = ({ tagName, id, className, textContent }) =>
    `${tagName}#${id}.${className} ${textContent.trim().replace(/\\s+/g, " ").slice(0, 40)}`;
  const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
  const isScrolled = (element) => {
    for (let each = element; each && each !== document.body; each = each.parentElement) {
      if (scrolls(each)) return true;
    }
    return false;
  };
  const isHidden = (element) => element.closest("svg, .visually-hidden, .skip-link, [popover]") !== null;
  const shown = [...document.querySelectorAll("body *")].filter((each) => each.checkVisibility() && !isHidden(each));
  const box = (element) => (element.closest("label") ?? element).getBoundingClientRect();
  const isWider = (element) => element.scrollWidth > element.clientWidth + 1;
  const faults = {
    "runs out": (each) => !isScrolled(each) && (box(each).right > clientWidth + 1 || box(each).left < -1),
    "is cut off": (each) => getComputedStyle(each).overflowX === "hidden" && isWider(each),
    "is too small for a finger": (each) =>
      each.matches("main :is(button, input, select, summary)") && Math.min(box(each).width, box(each).height) < 24,
    "scrolls without a name or the keyboard": (each) =>
      (each.matches(".table-scroll") || (each.querySelector("table") && scrolls(each) && isWider(each))) &&
      !(each.tabIndex === 0 && document.getElementById(each.getAttribute("aria-labelledby"))),
  };
  const found = Object.entries(faults).flatMap(([fault, isAt]) =>
    shown.filter(isAt).slice(0, 5).map((each) => `${name(each)} ${fault}`));
  return scrollWidth > clientWidth ? [`the page is ${scrollWidth} px wide`, ...found] : found;
}"""


@pytest.fixture
def ids(alice: User, mina: User) -> dict[str, Any]:
    """One of each thing of alice's, by the name of the argument that addresses have for it."""
    return factories.make_one_of_each(owner=alice, moderator=mina) | {"case_id": make_case(alice).pk}


def pages_of(page: Page, ids: dict[str, Any]) -> list[str]:
    """Addresses at which this person finds a whole page of the site."""
    paths = [path for path in walked(ids, "x") if "logout" not in path]
    for model in admin.site._registry:
        if row := model._default_manager.order_by("pk").last():
            paths.append(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk]))
    answers = {path: page.request.get(path, max_redirects=0) for path in paths}
    return [path for path, answer in answers.items() if answer.status == 200 and b"<main" in answer.body()]


def faults(page: Page, path: str) -> dict[str, list[str]]:
    found = {}
    for name, (width, script) in SIZES.items():
        page.set_viewport_size({"width": width, "height": 640})
        page.goto(path)
        page.evaluate(script)
        found[f"{path} {name}"] = page.evaluate(FAULTS)
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("who", ["nobody", "alice", "olga"])
def test_every_page_fits_a_narrow_phone_and_letters_of_double_size(
    who: str, live_server: object, browser: Browser, alice: User, olga: User, ids: dict[str, Any]
) -> None:
    person = {"nobody": None, "alice": alice, "olga": olga}[who]
    page = page_of(browser, str(live_server), person, "en")
    page.emulate_media(reduced_motion="no-preference")  # with less motion, letters grow a moment later
    paths = pages_of(page, ids)
    assert len(paths) > 10
    found = {name: each for path in paths for name, each in faults(page, path).items() if each}
    page.context.close()
    assert not found, "\n".join(f"{name}: {each}" for name, each in found.items())


def test_facts_stand_under_their_names_where_letters_leave_no_room_beside_them(
    live_server: object, browser: Browser, alice: User
) -> None:
    page = page_of(browser, str(live_server), alice, "en")
    page.emulate_media(reduced_motion="no-preference")  # with less motion, letters grow a moment later
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/account/")
    name, fact = page.evaluate(LEFT_EDGES)
    assert name < fact
    page.evaluate(DOUBLE)
    name, fact = page.evaluate(LEFT_EDGES)
    assert name == fact
    page.context.close()


def test_the_keyboard_scrolls_a_list_of_the_admin(live_server: object, browser: Browser, olga: User) -> None:
    page = page_of(browser, str(live_server), olga, "en")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/admin/accounts/user/")
    table = page.get_by_role("group", name="Users")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("element => element.scrollLeft > 0", arg=table.element_handle())
    page.goto("/admin/accounts/user/?q=nobody-of-this-name")
    assert page.get_by_role("group", name="Users").count() == 0  # nothing to scroll
    page.context.close()
