"""axe-core looks for barriers on the main pages, in every theme (WCAG 2.2 AA and axe's own best practice).

In Chinese, where templates, order and colours are the same, it tries the rules about names, titles and languages.
"""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page

from accounts.interface import languages
from accounts.models import Theme, User
from chat.models import Author, Conversation
from tests.factories import make_conversation, make_persona
from tests.moderation.desk.material import make_case

pytestmark = [pytest.mark.e2e, pytest.mark.thorough, pytest.mark.django_db(transaction=True)]

AXE = settings.BASE_DIR / ".venv/typescript/node_modules/axe-core/axe.min.js"
RUN = """async ([rules]) => {
  const found = await axe.run(document, rules ? { runOnly: rules } : {});
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}"""
SHOW = """async (theme) => {
  document.documentElement.dataset.theme = theme;
  const frame = () => new Promise(requestAnimationFrame);
  for (let frames = 0; frames < 5; frames += 1) await frame(); // colours change over some frames
  await Promise.allSettled(
    document.getAnimations().filter((change) => change instanceof CSSTransition).map((change) => change.finished),
  );
}"""
OF_WORDS = ["aria-command-name", "button-name", "document-title", "empty-heading", "html-has-lang", "html-lang-valid"]
OF_WORDS += ["label", "link-name", "select-name", "summary-name", "valid-lang"]
PUBLIC = ["/", "/account/login/", "/account/signup/", "/account/looks/", "/rules/", "/privacy/", "/safety/help/"]
PUBLIC += ["/safety/protocol/", "/safety/transparency/", "/object/", "/no-such-page/"]
PERSONS = ["/", "/personas/", "/personas/new/", "/conversations/", "/conversations/search/?q=lamp", "/account/"]
PERSONS += ["/account/keys/", "/account/erase/", "/account/password/change/", "/account/email/", "/account/sessions/"]
PERSONS += ["/shortcuts/", "/offline/", "/safety/learning/", "/safety/reports/"]
OWNERS = ["/owner/", "/models/", "/moderation/", "/moderation/figures/", "/moderation/policy/", "/moderation/queues/"]
OWNERS += ["/moderation/learning/", "/moderation/personas/", "/moderation/objections/", "/moderation/mine/"]
OWNERS += ["/admin/", "/admin/accounts/user/", "/admin/generation/engineentry/", "/admin/moderation/auditentry/"]


@pytest.fixture
def conversation(alice: User) -> Conversation:
    persona = make_persona(owner=alice, name="Mira", sayings=["The lamp is lit."])
    conversation = make_conversation(owner=alice, title="The lamp", persona=persona)
    opening = conversation.messages.create(author=Author.PERSONA, text="The lamp is lit.")
    conversation.head = conversation.messages.create(author=Author.USER, text="Are you there?", parent=opening)
    conversation.save()
    return conversation


def test_no_page_has_a_barrier_in_any_theme_or_language(
    live_server: object, browser: Browser, alice: User, olga: User, conversation: Conversation
) -> None:
    persona = conversation.persona_id
    own = [f"/conversations/{conversation.id}/{page}" for page in ("", "goodbye/", "delete/")]
    own += [reverse(f"personas:{page}", args=[persona]) for page in ("detail", "memory")]
    own += [f"/conversations/messages/{conversation.head_id}/delete/"]
    olgas = [*OWNERS, reverse("moderation:case", args=[make_case(alice).pk])]
    barriers: dict[str, list[str]] = {}
    for person, paths in ((None, PUBLIC), (alice, [*PERSONS, *own]), (olga, olgas)):
        page = page_of(browser, str(live_server), person, "en")
        for path in paths:
            barriers |= {f"{path} {theme}": found for theme, found in walk(page, path).items() if found}
        page.context.close()
        page = page_of(browser, str(live_server), person, "zh-hans")
        for path in paths:
            open_page(page, path)
            assert page.locator("html").get_attribute("lang") == "zh-hans", path
            barriers |= {f"{path} in Chinese": found} if (found := page.evaluate(RUN, [OF_WORDS])) else {}
        page.context.close()
    assert not barriers, "\n".join(f"{page}: {found}" for page, found in barriers.items())


def page_of(browser: Browser, site: str, person: User | None, language: str) -> Page:
    context = browser.new_context(
        base_url=site, viewport={"width": 1280, "height": 900}, reduced_motion="reduce", locale=language
    )
    context.set_default_timeout(60_000)
    if person is not None:
        languages.keep(person, language)
        client = Client()
        client.force_login(person)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    return context.new_page()


def open_page(page: Page, path: str) -> None:
    page.goto(path)
    assert urlsplit(page.url).path == urlsplit(path).path, f"{path} leads to {page.url}"
    page.evaluate(AXE.read_text("utf-8"))  # as the debugger does, which the site's policy for scripts does not concern


def walk(page: Page, path: str) -> dict[str, Any]:
    """What axe finds on a page: by all rules as a light device shows it, and for contrast in every other theme."""
    open_page(page, path)
    found = {"light": page.evaluate(RUN, [None])}
    for theme in (Theme.DARK, Theme.CONTRAST, Theme.TERMINAL):
        page.evaluate(SHOW, theme.value)
        found[theme] = page.evaluate(RUN, [["color-contrast"]])
    return found
