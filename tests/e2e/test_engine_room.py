"""The owner's page of engines at the width of a desk and of a phone, as Django renders it."""

import json
from collections.abc import Iterator
from contextvars import copy_context
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Route, expect

from accounts.models import User
from generation.models import EngineEntry
from generation.routing import failovers
from generation.routing.failovers import Failure
from persona_site.redis import connection
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.wire import ORIGIN, PAGES

pytestmark = pytest.mark.e2e
WORKER = "generation:worker:generation@a-host-with-a-rather-long-name.example:4711"


@pytest.fixture
def busy_room(db: None) -> Iterator[None]:
    EngineEntry.objects.all().delete()
    EngineEntry.objects.create(
        name="a-provider-with-a-long-name",
        kind="openai",
        base_url="http://127.0.0.1:9/v1",
        model="a-vendor/a-model-with-a-rather-long-name-70B-Instruct-FP8",
        tokens_per_day=1_000_000,
        money_per_day=20,
    )
    report = {"name": "a-provider-with-a-long-name", "model": "m", "device": "remote", "version": "1", "ok": False}
    report |= {"detail": "The server cannot be reached: ConnectError.", "since": "2026-01-01T10:00:00+00:00"}
    report |= {"breaker": "open", "tokens_per_second": 0.0, "first_token_ms": None, "speaking": 0}
    beat = {"worker": WORKER.removeprefix("generation:worker:"), "at": "", "figures": [], "engines": [report]}
    connection().set(WORKER, json.dumps(beat), ex=60)
    silent = Failure(
        "a-provider-with-a-long-name", "engine_silent", "The server fell silent.", 12, taken_over_by="near"
    )
    failovers.record([silent])
    yield
    connection().delete(WORKER, "generation:failovers")


@pytest.mark.parametrize("viewport", [pytest.param(DESK, marks=pytest.mark.thorough), PHONE], ids=["desk", "phone"])
def test_the_page_fits_and_its_switch_can_be_reached(
    browser: Browser, client: Client, olga: User, busy_room: None, viewport: dict[str, int]
) -> None:
    client.force_login(olga)
    django = copy_context()  # Playwright's callbacks run in contexts of their own

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        route.fulfill(body=django.run(client.get, path).content.decode(), content_type="text/html; charset=utf-8")

    context = browser.new_context(viewport=viewport)  # type: ignore[arg-type]
    page = context.new_page()
    page.route(PAGES, answer)
    page.goto(ORIGIN + reverse("admin:generation_engineentry_changelist"))
    expect(page.locator(".engine").first).to_contain_text("Down")
    switch = page.get_by_role("button", name="Switch off a-provider-with-a-long-name")
    switch.scroll_into_view_if_needed()
    expect(switch).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= viewport["width"]
    context.close()
