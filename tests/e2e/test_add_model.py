"""The owner adds a model in Chromium and sees how far it is."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from accounts.models import User
from generation import tasks
from generation.catalogue import model_rows
from generation.models import ModelEntry, ModelStatus
from tests.generation.engines import tiny_models

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_the_bar_moves_by_itself_and_then_the_model_can_be_activated(
    live_server: object, browser: Browser, olga: User, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STATE_DIR = tmp_path / "state"
    settings.MODEL_FOLDERS = [str(tmp_path / "shelf")]
    tiny_models.gpt2(tmp_path / "shelf" / "gpt2")
    # No worker runs here: the test moves the row as one would.
    monkeypatch.setattr(tasks.install_model, "delay", lambda name, activate: None)
    monkeypatch.setattr(model_rows, "is_installed", lambda name: True)
    client = Client()
    client.force_login(olga)
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": str(live_server)}]
    )

    page.goto(f"{live_server}{reverse('admin:generation_modelentry_add')}")
    page.get_by_role("link", name=str(tmp_path / "shelf" / "gpt2")).click()
    page.get_by_role("button", name="Add this model").click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "0")
    row = ModelEntry.objects.filter(name="gpt2")
    row.update(progress=60, step="copying model.safetensors")
    expect(bar).to_have_attribute("value", "60")
    row.update(status=ModelStatus.READY, progress=100, step="")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("gpt2 is active from the next reply on.")).to_be_visible()
    page.close()
    assert model_rows.active().name == "gpt2"
    assert errors == []
