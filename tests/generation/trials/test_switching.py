"""A switch puts the tried model first, keeps the old one behind it, and can be taken back."""

from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from generation.catalogue import model_rows, packaged
from generation.models import EngineEntry, ModelEntry, ModelTrial
from generation.routing import engine_rows, router
from generation.trials import questions, switching
from generation.trials.switching import SwitchRefused
from moderation.models import AuditEntry
from tests.model_server import ModelServer

pytestmark = pytest.mark.django_db


def tried(server: ModelServer, **fields: Any) -> ModelTrial:
    values = {"base_url": server.url("ok"), "model": "org/Words-8B.gguf", "context_length": 2048, "status": "done"}
    return ModelTrial.objects.create(**(values | fields))


def order() -> list[str]:
    return [entry.name for entry in engine_rows.candidates()]


def reply() -> str:
    build = questions.questions()[0].build
    return "".join(token.text for token in router.stream(build, lambda: False, lambda info, reason: None))


def test_the_new_model_answers_and_the_old_one_stands_behind_it(
    olga: User, today: EngineEntry, new_server: ModelServer
) -> None:
    entry = switching.switch(trial=tried(new_server), owner=olga)
    assert order() == ["words-8b", "today"]
    assert (entry.model, entry.context_length, entry.prompt_form) == ("org/Words-8B.gguf", 2048, "chat")
    assert reply() == "Seven eight nine."


def test_the_old_model_takes_over_when_the_new_one_fails(
    olga: User, today: EngineEntry, new_server: ModelServer
) -> None:
    switching.switch(trial=tried(new_server, base_url=new_server.url("error_500")), owner=olga)
    assert reply() == "One two three four five."


def test_a_switch_is_taken_back(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    trial = tried(new_server)
    switching.switch(trial=trial, owner=olga)
    assert switching.switch_back(owner=olga) == trial
    assert order() == ["today"]
    assert EngineEntry.objects.get(pk="today").order == 5
    assert reply() == "One two three four five."
    with pytest.raises(SwitchRefused, match="no switch to take back"):
        switching.switch_back(owner=olga)


def test_two_switches_are_taken_back_one_by_one(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    switching.switch(trial=tried(new_server), owner=olga)
    switching.switch(trial=tried(new_server, model="second"), owner=olga)
    assert order() == ["second", "words-8b", "today"]
    switching.switch_back(owner=olga)
    assert order() == ["words-8b", "today"]
    switching.switch_back(owner=olga)
    assert order() == ["today"]


def test_the_same_server_and_model_keep_their_row(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    switching.switch(trial=tried(new_server), owner=olga)
    EngineEntry.objects.filter(pk="words-8b").update(tokens_per_day=1000)
    switching.switch_back(owner=olga)
    switching.switch(trial=tried(new_server), owner=olga)
    assert order() == ["words-8b", "today"]
    assert EngineEntry.objects.get(pk="words-8b").tokens_per_day == 1000


def test_another_server_gets_another_name(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    switching.switch(trial=tried(new_server), owner=olga)
    switching.switch(trial=tried(new_server, base_url=new_server.url("now")), owner=olga)
    assert order() == ["words-8b-2", "words-8b", "today"]


@pytest.mark.parametrize(
    ("model", "name"),
    [("llama3:8b", "llama3-8b"), ("/srv/Big Model.gguf", "big-model"), ("模型", "server"), ("x" * 128, "x" * 50)],
)
def test_an_engine_is_named_after_its_model(db: None, model: str, name: str) -> None:
    assert switching._free_name(model) == name


def test_no_order_is_too_low(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    EngineEntry.objects.update(order=0)
    engine_rows.forget()
    entry = switching.switch(trial=tried(new_server), owner=olga)
    assert entry.order < EngineEntry.objects.get(pk="today").order  # of equal ones, either may come first


def test_each_act_is_in_the_audit_trail(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    trial = tried(new_server)
    switching.switch(trial=trial, owner=olga)
    switching.switch_back(owner=olga)
    rows = AuditEntry.objects.order_by("id").values_list("action", "subject", "actor", "data")
    data = {"engine": "words-8b", "model": ""}
    assert list(rows) == [
        ("model.switched", f"trial:{trial.pk}", f"user:{olga.pk}", data),
        ("model.switched_back", f"trial:{trial.pk}", f"user:{olga.pk}", data),
    ]


@pytest.mark.parametrize(
    "fields", [{"status": "failed"}, {"status": "running"}, {"switched_at": timezone.now()}, {"model": ""}]
)
def test_only_a_trial_that_ended_well_can_be_switched_to(
    olga: User, today: EngineEntry, new_server: ModelServer, fields: dict[str, Any]
) -> None:
    with pytest.raises(SwitchRefused):
        switching.switch(trial=tried(new_server, **fields), owner=olga)
    assert order() == ["today"]
    assert not AuditEntry.objects.exists()


def test_only_the_owner_switches(
    alice: User, mina: User, olga: User, today: EngineEntry, new_server: ModelServer
) -> None:
    trial = tried(new_server)
    for person in (alice, mina):
        with pytest.raises(Http404):
            switching.switch(trial=trial, owner=person)
    switching.switch(trial=trial, owner=olga)
    for person in (alice, mina):
        with pytest.raises(Http404):
            switching.switch_back(owner=person)
    assert order() == ["words-8b", "today"]


# --- Models of this machine --------------------------------------------------------------------------


@pytest.fixture
def installed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_rows, "is_installed", lambda name: True)
    EngineEntry.objects.all().delete()
    EngineEntry.objects.create(name="openvino", kind="openvino", order=10)
    model_rows.entries()
    ModelEntry.objects.filter(pk=packaged.DEFAULT).update(is_active=True)
    engine_rows.forget()


def local() -> ModelTrial:
    return ModelTrial.objects.create(status="done", installed="gemma3-270m")


def test_a_switch_to_an_installed_model_activates_it(olga: User, installed: None) -> None:
    assert switching.switch(trial=local(), owner=olga).name == "openvino"
    assert model_rows.active().name == "gemma3-270m"
    switching.switch_back(owner=olga)
    assert model_rows.active().name == packaged.DEFAULT


def test_a_server_goes_behind_an_installed_model_and_comes_back(
    olga: User, installed: None, new_server: ModelServer
) -> None:
    switching.switch(trial=tried(new_server), owner=olga)
    switching.switch(trial=local(), owner=olga)
    assert order() == ["openvino", "words-8b"]
    switching.switch_back(owner=olga)
    assert order() == ["words-8b", "openvino"]
    assert model_rows.active().name == packaged.DEFAULT


def test_an_engine_of_the_environment_keeps_its_values_and_comes_back(
    olga: User, db: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(model_rows, "is_installed", lambda name: True)
    settings.ENGINES, settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = ["openai", "openvino"], "http://far/v1", "far"
    EngineEntry.objects.all().delete()
    engine_rows.follow_environment()
    switching.switch(trial=local(), owner=olga)
    assert order() == ["openvino", "openai"]
    assert engine_rows.named("openai").base_url == "http://far/v1"
    switching.switch_back(owner=olga)
    assert order() == ["openai", "openvino"]
    assert EngineEntry.objects.get(pk="openai").follows_environment


def test_a_model_that_was_removed_cannot_be_switched_to_or_back(
    olga: User, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = local()
    monkeypatch.setattr(model_rows, "is_installed", lambda name: name != "gemma3-270m")
    with pytest.raises(SwitchRefused, match="is not installed yet"):
        switching.switch(trial=trial, owner=olga)
    monkeypatch.setattr(model_rows, "is_installed", lambda name: True)
    switching.switch(trial=trial, owner=olga)
    monkeypatch.setattr(model_rows, "is_installed", lambda name: name == "gemma3-270m")
    with pytest.raises(SwitchRefused, match="is not installed yet"):
        switching.switch_back(owner=olga)
    assert switching.current() == trial


def test_without_an_engine_for_weights_nothing_is_switched(olga: User, installed: None) -> None:
    EngineEntry.objects.update(is_enabled=False)
    engine_rows.forget()
    with pytest.raises(SwitchRefused, match="No engine that loads models"):
        switching.switch(trial=local(), owner=olga)
