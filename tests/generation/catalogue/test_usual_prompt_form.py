"""A model of a billion parameters with a chat template is added with it, unless the owner chooses otherwise."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation.catalogue import local_models, model_rows
from generation.catalogue.local_models import LocalModel
from generation.forms import AddModelForm
from tests.generation.engines import tiny_models


@pytest.fixture
def local(settings: Any, tmp_path: Path) -> LocalModel:
    settings.STATE_DIR, settings.MODEL_FOLDERS = tmp_path / "state", [str(tmp_path)]
    tiny_models.qwen(tmp_path / "qwen")
    return local_models.inspect(tmp_path / "qwen")


@pytest.mark.parametrize(
    ("parameters_m", "has_chat_template", "form"),
    [(999, True, "transcript"), (1000, True, "chat"), (8_000, True, "chat"), (8_000, False, "transcript")],
)
def test_the_form_follows_from_size_and_template(
    local: LocalModel, parameters_m: int, has_chat_template: bool, form: str
) -> None:
    changed = replace(local, parameters_m=parameters_m, has_chat_template=has_chat_template)
    assert changed.usual_prompt_form == form
    assert AddModelForm(changed, None)["prompt_form"].value() == form


@pytest.mark.django_db
def test_a_large_model_gets_its_template_and_one_candidate(local: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_models, "inspect", lambda path: replace(local, parameters_m=2000))
    model_rows.add(name="large", path=local.path, title="Large", context_length=200)
    model_rows.add(name="base", path=local.path, title="Base", context_length=200, prompt_form="transcript")
    assert model_rows.lookup("large").info().prompt_form == "chat"
    assert model_rows.lookup("large").candidates == 1
    assert model_rows.lookup("base").info().prompt_form == "transcript"
