"""The precedence of environment and admin, and the valid values of a row."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model

from generation.engine import EngineUnavailable
from generation.models import EngineEntry
from generation.routing import engine_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def environment(settings: Any) -> Any:
    settings.ENGINES = ["openai", "transformers"]
    settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = "http://127.0.0.1:1/v1", "words"
    settings.OPENAI_API_KEY = "secret"
    engine_rows.follow_environment()
    return settings


def names() -> list[str]:
    return [entry.name for entry in engine_rows.entries()]


def test_the_environment_makes_the_first_rows_without_the_key() -> None:
    remote, local = engine_rows.entries()
    assert (remote.name, remote.kind, remote.base_url, remote.model) == (
        "openai",
        "openai",
        "http://127.0.0.1:1/v1",
        "words",
    )
    assert remote.key_variable == "OPENAI_API_KEY"
    assert (local.name, local.is_remote) == ("transformers", False)
    assert "secret" not in str([vars(entry) for entry in engine_rows.entries()])


def test_a_row_of_the_environment_follows_it_at_every_start(environment: Any) -> None:
    environment.ENGINES = ["transformers", "openai"]
    environment.OPENAI_MODEL = "better"
    engine_rows.follow_environment()
    assert names() == ["transformers", "openai"]
    assert engine_rows.named("openai").model == "better"
    environment.ENGINES = ["transformers"]
    engine_rows.follow_environment()
    assert names() == ["transformers"]


def test_a_row_that_the_admin_saved_is_left_alone(environment: Any) -> None:
    EngineEntry.objects.filter(pk="openai").update(follows_environment=False, model="chosen", order=30)
    EngineEntry.objects.create(name="mine", kind="openai", base_url="http://127.0.0.1:2/v1", model="m", order=15)
    environment.ENGINES, environment.OPENAI_MODEL = ["transformers"], "better"
    engine_rows.follow_environment()
    assert names() == ["transformers", "mine", "openai"]
    assert engine_rows.named("openai").model == "chosen"


def test_the_switch_is_kept_over_a_start() -> None:
    EngineEntry.objects.filter(pk="openai").update(is_enabled=False)
    engine_rows.follow_environment()
    assert [entry.name for entry in engine_rows.enabled()] == ["transformers"]


def test_an_engine_that_is_gone_is_unavailable() -> None:
    with pytest.raises(EngineUnavailable):
        engine_rows.named("gone")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"base_url": ""}, "base_url"),
        ({"base_url": "ftp://there"}, "base_url"),
        ({"model": ""}, "model"),
        ({"key_variable": "SECRET_KEY"}, "key_variable"),
        ({"key_variable": "/etc/passwd"}, "key_variable"),
        ({"weight": 0}, "weight"),
        ({"currency": "euro"}, "currency"),
        ({"kind": "transformers"}, "kind"),
        ({"kind": "unknown"}, "kind"),
    ],
)
def test_what_cannot_work_is_refused_where_it_is_typed(fields: dict[str, Any], wrong: str) -> None:
    good = {"name": "far", "kind": "openai", "base_url": "http://vllm:8000/v1", "model": "words"}
    entry: Model = EngineEntry(**good)
    entry.full_clean()
    with pytest.raises(ValidationError) as refused:
        EngineEntry(**(good | fields)).full_clean()
    assert wrong in refused.value.message_dict


def test_each_host_follows_its_own_environment(db: None, settings: Any) -> None:
    """A host with a card and a host without one write the same table. Neither changes the other's values."""
    settings.ENGINES = ["openvino", "transformers"]
    engine_rows.follow_environment()
    settings.ENGINES = ["transformers"]
    engine_rows.follow_environment()
    assert [entry.name for entry in engine_rows.candidates()] == ["transformers"]
    settings.ENGINES = ["openvino", "transformers"]
    engine_rows.forget()
    assert [entry.name for entry in engine_rows.candidates()] == ["openvino", "transformers"]
