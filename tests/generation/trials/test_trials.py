"""A trial compares two models, keeps what failed, and serves nobody."""

import logging
from collections.abc import Generator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from generation.catalogue import model_rows, packaged
from generation.engine import EngineUnavailable, Prompt, Sampling, Token
from generation.models import EngineEntry, EngineSpend, ModelTrial, TrialStatus
from generation.routing import engine_rows, router
from generation.routing.engine_pool import POOL
from generation.trials import comparing, questions, running, trial_rows
from generation.trials.trial_rows import TrialRefused
from tests.fakes import ScriptedEngine
from tests.generation.trials.conftest import performed
from tests.model_server import ModelServer

pytestmark = pytest.mark.django_db


def begin(owner: User, server: ModelServer, scenario: str = "ok", **fields: Any) -> ModelTrial:
    return trial_rows.begin_server(owner=owner, base_url=server.url(scenario), **fields)


def test_both_models_answer_the_same_questions(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    trial = performed(begin(olga, new_server))
    assert (trial.status, trial.error, trial.model, trial.today) == ("done", "", "words", "words")
    assert [comparison["language"] for comparison in trial.comparisons] == ["en", "en", "zh"]
    for comparison in trial.comparisons:
        assert comparison["today"]["text"] == "One two three four five."
        assert comparison["new"]["text"] == "Seven eight nine."
        assert comparison["new"]["first_words_ms"] is not None


def test_the_new_model_gets_the_persona_in_its_chat_template(
    olga: User, today: EngineEntry, new_server: ModelServer
) -> None:
    performed(begin(olga, new_server))
    asked = new_server.asked[0]
    roles = [message["role"] for message in asked["messages"]]
    assert asked["path"].endswith("/chat/completions")
    assert roles[:3] == ["system", "user", "assistant"]
    assert len(roles) > 6  # the persona's samples are turns
    assert asked["messages"][-1]["content"] == trial_question(0)
    assert not {"min_p", "repetition_penalty", "n"} & asked.keys()


def trial_question(number: int) -> str:
    return questions.questions()[number].text


def test_a_base_model_continues_plain_text(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    assert performed(begin(olga, new_server, prompt_form="transcript")).status == TrialStatus.DONE
    assert new_server.asked[0]["path"] == "/ok/v1/completions"


def test_the_window_is_the_servers_own_and_not_endless(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    assert performed(begin(olga, new_server)).context_length == 2048
    assert performed(begin(olga, new_server, "several", model="words")).context_length == 4096
    assert performed(begin(olga, new_server, context_length=1024)).context_length == 1024


def test_a_trial_serves_nobody(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    performed(begin(olga, new_server))
    assert [entry.name for entry in engine_rows.entries()] == ["today"]
    assert "trial" not in POOL.loaded()
    assert "".join(token.text for token in served()) == "One two three four five."


def served() -> list[Any]:
    question = questions.questions()[0]
    return list(router.stream(question.build, lambda: False, lambda info, reason: None))


def test_what_a_trial_costs_is_counted(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    performed(begin(olga, new_server))
    assert {row.engine: row.replies for row in EngineSpend.objects.all()} == {"today": 3, "trial": 3}


def test_the_owner_chooses_among_several_models(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    trial = performed(begin(olga, new_server, "several"))
    assert (trial.status, trial.offered) == ("failed", ["words", "more/words-8b"])
    assert "has 2 models. Choose one" in trial.error
    trial = performed(begin(olga, new_server, "several", model="missing"))
    assert trial.error == "The server has no model missing. Choose one of its models."


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [("guarded", "wants a key"), ("locked", "wants a key"), ("page", "not as a model server"), ("error_500", "500")],
)
def test_a_failure_is_kept_with_its_reason(
    olga: User, today: EngineEntry, new_server: ModelServer, scenario: str, reason: str
) -> None:
    trial = performed(begin(olga, new_server, scenario))
    assert trial.status == TrialStatus.FAILED
    assert reason in trial.error
    assert trial in trial_rows.latest_for(olga)


def test_a_model_that_says_nothing_has_failed(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    trial = performed(begin(olga, new_server, "empty"))
    assert trial.status == TrialStatus.FAILED
    assert trial.error == (
        "The new model answered none of the questions. The model did not answer. The server sent an empty answer."
    )


def test_todays_fault_does_not_end_the_trial(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    """An owner whose model is down may look for another."""
    EngineEntry.objects.update(is_enabled=False)
    engine_rows.forget()
    trial = performed(begin(olga, new_server))
    assert trial.status == TrialStatus.DONE
    assert trial.comparisons[0]["today"]["fault"].startswith("The model did not answer. No engine is switched on")


def test_an_answer_without_end_is_broken_off(
    olga: User, today: EngineEntry, new_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "SECONDS", 0.3)
    trial = performed(begin(olga, new_server, "slow"))
    new = trial.comparisons[0]["new"]
    assert (new["text"], new["fault"]) == ("Seven", "The answer was broken off after 0 seconds.")


def test_a_server_that_ignores_the_limit_of_words_is_cut_off(
    olga: User, today: EngineEntry, new_server: ModelServer
) -> None:
    new_server.words = tuple(f"The harbour number {n} lies to the north. " for n in range(2000))
    trial = performed(begin(olga, new_server))
    assert 0 < len(trial.comparisons[0]["new"]["text"]) < 2 * comparing._CHARACTERS


def test_what_the_filter_withholds_is_not_shown(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    new_server.words = ("You", " should", " kill", " yourself", " tonight.")
    new = performed(begin(olga, new_server)).comparisons[0]["new"]
    assert (new["text"], new["fault"]) == ("", "The filter withheld this answer.")


def test_a_second_trial_waits_for_the_first(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    first = begin(olga, new_server)
    with pytest.raises(TrialRefused, match="Another model is being tried"):
        begin(olga, new_server)
    performed(first)
    begin(olga, new_server)


def test_a_trial_whose_worker_was_lost_is_ended(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    lost = begin(olga, new_server)
    trial_rows.claim(lost.pk)
    ModelTrial.objects.update(moved_at=timezone.now() - timedelta(minutes=11))
    assert trial_rows.get_trial_for(olga, lost.pk).error.startswith("The trial was interrupted")
    running.run(lost.pk)  # a message that the broker delivers again
    assert not new_server.requests
    begin(olga, new_server)


def test_a_trial_runs_once(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    trial = begin(olga, new_server)
    assert trial_rows.claim(trial.pk)
    assert trial_rows.claim(trial.pk) is None  # a second worker, while the first is at it
    ModelTrial.objects.update(claimed_at=None)
    performed(trial)
    asked = len(new_server.requests)
    running.run(trial.pk)
    assert len(new_server.requests) == asked


def test_an_error_of_the_site_ends_the_trial_too(
    olga: User, today: EngineEntry, new_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(running, "questions", broken)
    trial = begin(olga, new_server)
    with pytest.raises(RuntimeError):
        performed(trial)
    trial.refresh_from_db()
    assert trial.status == TrialStatus.FAILED
    assert "The site made an error" in trial.error


def test_old_trials_are_forgotten(olga: User, today: EngineEntry, new_server: ModelServer) -> None:
    kept = ModelTrial.objects.create(status="done", switched_at=timezone.now())
    ModelTrial.objects.bulk_create(ModelTrial(status="failed") for _ in range(60))
    begin(olga, new_server)
    assert ModelTrial.objects.count() == 51
    assert ModelTrial.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "file:///etc/passwd"),
        ("base_url", "gopher://127.0.0.1/"),
        ("base_url", "http://" + "a" * 200),
        ("key_variable", "SECRET_KEY"),
        ("key_variable", "DATABASE_URL"),
        ("prompt_form", "anything"),
    ],
)
def test_an_address_and_a_variable_obey_the_rules_of_engines(olga: User, field: str, value: str) -> None:
    with pytest.raises(TrialRefused):
        trial_rows.begin_server(owner=olga, **{"base_url": "http://127.0.0.1:9/v1", field: value})  # type: ignore[arg-type]
    assert not ModelTrial.objects.exists()


def test_everybody_else_finds_no_door(alice: User, mina: User, olga: User) -> None:
    trial = ModelTrial.objects.create(status="failed")
    gone = User.objects.get(pk=olga.pk)
    User.objects.filter(pk=olga.pk).update(is_active=False)  # `gone` still says that it is active
    for person in (alice, mina, gone):
        for door in (
            lambda person=person: trial_rows.get_trial_for(person, trial.pk),
            lambda person=person: trial_rows.latest_for(person),
            lambda person=person: trial_rows.begin_server(owner=person, base_url="http://127.0.0.1:9/v1"),
            lambda person=person: trial_rows.begin_installed(owner=person, name=packaged.DEFAULT),
        ):
            with pytest.raises(Http404):
                door()


def test_a_trial_that_is_not_there_is_not_found(olga: User) -> None:
    with pytest.raises(Http404):
        trial_rows.get_trial_for(olga, uuid4())
    with pytest.raises(Http404):
        trial_rows.begin_installed(owner=olga, name="no-such-model")


def test_nothing_foreign_is_logged(
    olga: User, today: EngineEntry, new_server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    new_server.words = ("Marked", " secret", " words.")
    with caplog.at_level(logging.DEBUG, logger="generation"):
        performed(begin(olga, new_server))
        performed(begin(olga, new_server, "page"))
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "trial.ended" in written
    assert "Marked" not in written
    assert str(new_server.port) not in written


# --- Models of this machine --------------------------------------------------------------------------


@pytest.fixture
def local_rows(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_rows, "is_installed", lambda name: True)
    monkeypatch.setattr(running, "_bytes_in", lambda folder: 10)
    EngineEntry.objects.all().delete()
    EngineEntry.objects.create(name="openvino", kind="openvino", order=10)
    EngineEntry.objects.create(name="transformers", kind="transformers", order=20)
    engine_rows.forget()


def test_an_installed_model_is_loaded_for_the_trial_alone(
    olga: User, local_rows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first engine that can run it loads it, and closes it at the end."""
    engine = ScriptedEngine(("Seven", " eight."))
    loaded: list[tuple[str, str]] = []

    def load(kind: str, model: packaged.CatalogueModel) -> ScriptedEngine:
        loaded.append((kind, model.name))
        if kind == "openvino":
            raise running.EngineNotReady("not prepared")
        return engine

    monkeypatch.setattr(running.engine_kinds, "load", load)
    monkeypatch.setattr(running.router, "stream", lambda *_, **__: tokens_of(ScriptedEngine()))
    trial = performed(trial_rows.begin_installed(owner=olga, name="gemma3-270m"))
    assert (trial.status, trial.error) == ("done", "")
    assert loaded == [("openvino", "gemma3-270m"), ("transformers", "gemma3-270m")]
    assert engine.closed
    assert model_rows.active().name == packaged.DEFAULT


def tokens_of(engine: ScriptedEngine) -> Generator[Token]:
    yield from engine.stream(Prompt(form="transcript", text="Hello"), Sampling(), lambda: False)


def test_a_real_installed_model_answers_beside_a_server(
    olga: User, today: EngineEntry, installed_model: packaged.CatalogueModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    EngineEntry.objects.create(name="openvino", kind="openvino", order=10)
    monkeypatch.setattr(running, "questions", lambda: questions.questions()[:1])
    trial = performed(trial_rows.begin_installed(owner=olga, name=installed_model.name))
    assert (trial.status, trial.error) == ("done", "")
    [comparison] = trial.comparisons
    assert comparison["today"]["text"] == "One two three four five."
    assert comparison["new"]["text"]
    assert comparison["new"]["tokens_per_second"]
    assert not {"openvino", "trial"} & set(POOL.loaded())


def test_a_model_that_would_fill_the_memory_is_refused(
    olga: User, local_rows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_bytes_in", lambda folder: 10**15)
    monkeypatch.setattr(running.engine_kinds, "load", lambda *_, **__: pytest.fail("It was loaded."))
    trial = performed(trial_rows.begin_installed(owner=olga, name="gemma3-270m"))
    assert "needs about" in trial.error
    assert "are free beside the model that serves" in trial.error


def test_a_model_that_does_not_load_is_told(olga: User, local_rows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(kind: str, **_: Any) -> None:
        raise EngineUnavailable("gemma3-270m does not load: RuntimeError.")

    monkeypatch.setattr(running.engine_kinds, "load", load)
    trial = performed(trial_rows.begin_installed(owner=olga, name="gemma3-270m"))
    assert trial.error == "gemma3-270m does not load: RuntimeError."


def test_what_answers_already_is_not_tried(olga: User, local_rows: None) -> None:
    with pytest.raises(TrialRefused, match="answers people already"):
        trial_rows.begin_installed(owner=olga, name=packaged.DEFAULT)


def test_a_model_that_is_not_installed_is_not_tried(
    olga: User, local_rows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_rows, "is_installed", lambda name: False)
    with pytest.raises(TrialRefused, match="is not installed yet"):
        trial_rows.begin_installed(owner=olga, name="gemma3-270m")


def test_without_an_engine_for_weights_the_reason_is_told(olga: User, local_rows: None) -> None:
    EngineEntry.objects.update(is_enabled=False)
    engine_rows.forget()
    trial = performed(trial_rows.begin_installed(owner=olga, name="gemma3-270m"))
    assert "No engine of this site can load Gemma 3 270M" in trial.error
