"""The owner finds a real llama.cpp server, tries its model and switches to it, in Chromium, by forms alone."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from accounts.models import User
from chat.trials import trial_questions
from generation import tasks
from generation.catalogue import installation, packaged
from generation.models import EngineEntry
from generation.routing import engine_rows, router
from generation.routing.engine_pool import POOL
from generation.trials import look, questions
from moderation.models import AuditEntry
from persona_site.redis import connection
from tests.e2e.conftest import DESK, PHONE
from tests.site import ROOT, free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="module")
def llama_port(installed_model: packaged.CatalogueModel) -> Iterator[int]:
    """llama.cpp's server with the weights of the default model, one conversation at a time."""
    port = free_port()
    gguf = str(installation.bundled_gguf(installed_model))
    command = [sys.executable, "-m", "benchmarks.llama_server", gguf, str(port), "1", "2048", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: answers(port), seconds=120)
        yield port
        process.terminate()


def answers(port: int) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    return False


@pytest.fixture
def worker_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Performs the tasks of the page in threads, as a generation worker does. Today's model is the real one."""
    threads: list[threading.Thread] = []

    def perform(task: object, *arguments: str) -> None:
        def work() -> None:
            task(*arguments)  # type: ignore[operator]
            connections.close_all()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    monkeypatch.setattr(tasks.try_model, "delay", lambda trial_id: perform(tasks.try_model, trial_id))
    monkeypatch.setattr(tasks.look_for_servers, "delay", lambda: perform(tasks.look_for_servers))
    # One question is enough here, and a busy machine takes a minute for each.
    monkeypatch.setattr(trial_questions, "_ASKED", trial_questions._ASKED[:1])
    connection().delete("generation:look")
    EngineEntry.objects.all().delete()
    EngineEntry.objects.create(name="openvino", kind="openvino", order=10)
    engine_rows.forget()
    yield
    for thread in threads:
        thread.join()
    POOL.close()


@pytest.mark.parametrize(
    ("viewport", "has_scripts"),
    [(DESK, True), pytest.param(PHONE, False, marks=pytest.mark.thorough)],
    ids=["desk", "phone, no scripts"],
)
def test_a_server_of_this_machine_is_found_tried_and_switched_to(
    live_server: object,
    browser: Browser,
    olga: User,
    llama_port: int,
    worker_here: None,
    monkeypatch: pytest.MonkeyPatch,
    viewport: dict[str, int],
    has_scripts: bool,
) -> None:
    places = (look.Place("llama.cpp", llama_port), look.Place("LM Studio", free_port()))
    monkeypatch.setattr(look, "PLACES", places)
    client = Client()
    client.force_login(olga)
    context = browser.new_context(viewport=viewport, base_url=str(live_server), java_script_enabled=has_scripts)  # type: ignore[arg-type]
    context.set_default_timeout(120_000)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": str(live_server)}])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    # 1. Look.
    page.goto(reverse("generation:models"))
    page.get_by_role("button", name="Look").click()
    button = page.get_by_role("button", name=f"Try {MODEL}")
    expect(button).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Nothing answers at the usual port of LM Studio.")).to_be_visible()
    assert fits(page, viewport)

    # 2. Try it.
    button.click()
    switch = page.get_by_role("button", name="Switch", exact=True)
    expect(switch).to_be_visible(timeout=300_000)
    expect(page.get_by_text("first words after")).to_have_count(2)
    expect(page.get_by_role("heading", name="SmolLM2 135M Instruct").first).to_be_visible()
    assert fits(page, viewport)
    assert [entry.name for entry in engine_rows.entries()] == ["openvino"]

    # 3. Switch, and back.
    switch.click()
    expect(page.get_by_text(f"{MODEL} answers from the next reply on.")).to_be_visible()
    engine_rows.forget()
    first, second = engine_rows.candidates()
    assert (first.kind, first.base_url, second.name) == ("openai", f"http://127.0.0.1:{llama_port}/v1", "openvino")
    assert speaking() == first.name
    page.get_by_role("button", name="Switch back").click()
    expect(page.get_by_text(f"The switch to {MODEL} is taken back.")).to_be_visible()
    engine_rows.forget()
    assert [entry.name for entry in engine_rows.candidates()] == ["openvino"]
    assert [row.action for row in AuditEntry.objects.order_by("id")] == ["model.switched", "model.switched_back"]
    assert errors == []
    context.close()


def fits(page: object, viewport: dict[str, int]) -> bool:
    width = page.locator("main").evaluate("main => main.ownerDocument.scrollingElement.scrollWidth")  # type: ignore[attr-defined]
    return bool(width <= viewport["width"])


def speaking() -> str:
    """The engine that generates a reply now."""
    names: list[str] = []
    question = questions.questions()[0]
    tokens = router.stream(question.build, lambda: False, lambda info, reason: names.append(info.name))
    assert any(token.text.strip() for token in tokens)
    return names[-1]
