"""The operator's own models: which may be added, how they are installed, and that our engines run them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openvino
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from tokenizers import Tokenizer

from accounts.models import User
from generation import tasks
from generation.catalogue import conversion, graph, installation, local_models, model_rows, packaged, probe, tokens
from generation.engine import Engine, Prompt, PromptMessage, Sampling, Token
from generation.engines.hf_transformers.engine import TransformersEngine
from generation.engines.openvino.engine import OpenVINOEngine
from generation.models import ModelEntry, ModelStatus
from tests.generation.engines import tiny_models

pytestmark = pytest.mark.django_db
ADD = "admin:generation_modelentry_add"
EXPORTER = installation._EXPORTER


@pytest.fixture(autouse=True)
def no_exporter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The exporter is not installed, so it would be fetched."""
    monkeypatch.setattr(installation, "_EXPORTER", tmp_path / "none")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for each of the tiny models."""
    folder = tmp_path_factory.mktemp("made")
    for name, make in tiny_models.MAKERS.items():
        make(folder / name)
    return folder


@pytest.fixture
def shelf(made: Path, settings: Any, tmp_path: Path) -> Path:
    """The operator's folder with the tiny models, and an empty folder for installed models."""
    settings.STATE_DIR = tmp_path / "state"
    settings.MODEL_FOLDERS = [str(tmp_path / "shelf")]
    return Path(shutil.copytree(made, tmp_path / "shelf"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A fake of the processes that fetch, export and load. It exports the named models, and loads every model."""
    commands: list[list[str]] = []

    def fake(command: list[str], what: str, **options: Any) -> None:
        commands.append(command)
        if "generation.catalogue.openvino_export" in command:
            Path(command[-1]).mkdir()
            (Path(command[-1]) / "openvino_model.xml").write_text("<fake/>")
        if "generation.catalogue.conversion" in command:
            Path(command[-1]).mkdir(exist_ok=True)
            (Path(command[-1]) / "config.json").write_text("{}")

    monkeypatch.setattr(installation, "_run", fake)
    return commands


def without_exporter(*_: Any) -> None:
    """A fake of a machine without access to a package index."""
    raise packaged.InstallationFailed("Fetching the exporter did not work: no index")


def failing(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Makes those fake processes fail whose command contains all the words."""
    run_ = installation._run

    def some_fail(command: list[str], what: str, **options: Any) -> None:
        run_(command, what, **options)
        if set(words) <= set(command):
            raise packaged.InstallationFailed(f"{what} did not work: unknown operation")

    monkeypatch.setattr(installation, "_run", some_fail)


def add(path: Path, **fields: Any) -> ModelEntry:
    return model_rows.add(**({"name": path.stem, "path": path, "title": path.stem.title()} | fields))


def edit_json(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


# --- What may be added ---------------------------------------------------------------------------


def test_what_lies_in_the_named_folders_is_offered(shelf: Path) -> None:
    (shelf / "deep").mkdir()
    (shelf / "deep" / "model.gguf").touch()
    (shelf / "notes").mkdir()
    assert local_models.found() == sorted([shelf / "deep/model.gguf", *(shelf / name for name in tiny_models.MAKERS)])


def test_a_folder_is_read(shelf: Path) -> None:
    qwen, gpt2 = local_models.inspect(shelf / "qwen"), local_models.inspect(shelf / "gpt2")
    assert (qwen.longest, qwen.has_chat_template) == (tiny_models.WINDOW, True)
    assert (gpt2.longest, gpt2.has_chat_template) == (tiny_models.WINDOW, False)
    assert {"config.json", "tokenizer.json", "model.safetensors"} <= gpt2.files.keys()


def test_the_parameters_are_counted_and_decide_about_candidates(shelf: Path, settings: Any) -> None:
    """The tiny models have less than a million. One from a billion answers by itself."""
    settings.CANDIDATES = 6
    for name in ("qwen", "gpt2"):
        assert local_models.inspect(shelf / name).parameters_m == 1
    add(shelf / "qwen")
    assert model_rows.lookup("qwen").info().sampling.candidates == 6
    for parameters_m, candidates in ((999, 6), (1000, 1), (7000, 1), (0, 1)):
        ModelEntry.objects.update(parameters_m=parameters_m)
        assert model_rows.lookup("qwen").info().sampling.candidates == candidates
    settings.CONVERSATION_TUNE = False
    smollm2 = packaged.PACKAGED["smollm2-135m"].info()
    assert smollm2.chat_sampling is not None
    assert {smollm2.sampling.candidates, smollm2.chat_sampling.candidates} == {6}


@pytest.mark.parametrize("name", packaged.PACKAGED)
def test_a_tuned_model_has_only_the_form_that_it_was_taught(settings: Any, name: str) -> None:
    settings.CONVERSATION_TUNE = True
    info = packaged.PACKAGED[name].info()
    assert (info.prompt_form, info.chat_sampling) == ("transcript", None)


def with_broken_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"these are no weights")


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def with_code(folder: Path) -> None:
    edit_json(folder / "config.json", auto_map={"AutoModelForCausalLM": "modeling.Evil"})


def with_tokenizer_code(folder: Path) -> None:
    edit_json(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["tokenization.Evil", None]})


def quantized(folder: Path) -> None:
    edit_json(folder / "config.json", quantization_config={"quant_method": "gptq"})


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def without_length(folder: Path) -> None:
    edit_json(folder / "config.json", n_positions=None, n_ctx=None)


def broken_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def with_a_link_out(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("/etc/hostname")


def with_an_index_that_leads_out(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../qwen/model.safetensors"}}))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (pickled, "pickle can run programs"),
        (with_code, "brings its own program"),
        (with_tokenizer_code, "brings its own program"),
        (quantized, "quantized"),
        (without_tokenizer, "no tokenizer"),
        (without_length, "does not say how many tokens"),
        (broken_json, "config.json cannot be read"),
        (with_broken_weights, "weights of gpt2 cannot be read"),
        (with_a_link_out, "MODEL_FOLDERS"),
        (with_an_index_that_leads_out, "has no ../qwen/model.safetensors"),
    ],
)
def test_what_could_do_harm_or_not_work_is_refused(shelf: Path, spoil: Callable[[Path], None], why: str) -> None:
    spoil(shelf / "gpt2")
    with pytest.raises(packaged.ModelRefused, match=why):
        add(shelf / "gpt2")
    assert not ModelEntry.objects.exists()


def test_nothing_outside_of_the_named_folders_is_read(shelf: Path, made: Path) -> None:
    (shelf / "linked").symlink_to(made / "gpt2")
    for path in (made / "gpt2", shelf / ".." / ".." / "made", shelf / "linked", Path("/etc/passwd")):
        with pytest.raises(packaged.ModelRefused, match="MODEL_FOLDERS"):
            add(path, name="x")
    assert shelf / "linked" not in local_models.found()


def test_pickled_weights_beside_safetensors_stay_behind(shelf: Path, run: list[list[str]]) -> None:
    (shelf / "gpt2" / "pytorch_model.bin").write_bytes(b"a program")
    (shelf / "gpt2" / "modeling.py").write_text("raise SystemExit")
    add(shelf / "gpt2")
    model_rows.install("gpt2")
    assert not {"pytorch_model.bin", "modeling.py"} & set(os.listdir(model_rows.folder("gpt2")))


def test_a_model_in_shards_is_taken_whole(shelf: Path, run: list[list[str]]) -> None:
    weights = shelf / "gpt2" / "model.safetensors"
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for shard in shards:
        shutil.copy(weights, weights.with_name(shard))
    weights.unlink()
    (shelf / "gpt2" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": dict(enumerate(shards))}))
    add(shelf / "gpt2")
    model_rows.install("gpt2")
    assert {*shards, "model.safetensors.index.json"} <= set(os.listdir(model_rows.folder("gpt2")))


def test_links_within_the_named_folders_are_followed(shelf: Path, run: list[list[str]]) -> None:
    """A snapshot of a Hugging Face cache consists of links to blobs with other names."""
    weights = shelf / "gpt2" / "model.safetensors"
    weights.rename(shelf / "blob")
    weights.symlink_to("../blob")
    add(shelf / "gpt2")
    model_rows.install("gpt2")
    copy = model_rows.folder("gpt2") / "model.safetensors"
    assert copy.read_bytes() == (shelf / "blob").read_bytes()
    assert not copy.is_symlink()


def test_an_older_tokenizer_gets_the_form_that_is_counted_with(shelf: Path) -> None:
    """GPT-2 was published with vocab.json and merges.txt."""
    folder = shelf / "gpt2"
    words = json.loads((folder / "tokenizer.json").read_text())["model"]
    (folder / "vocab.json").write_text(json.dumps(words["vocab"]))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(pair) for pair in words["merges"])]))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|end|>", "unk_token": "<|end|>"})
    )
    before = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(tiny_models.CHINESE).ids
    (folder / "tokenizer.json").unlink()
    assert "vocab.json" in local_models.inspect(folder).files
    conversion.convert_tokenizer(folder, folder)
    assert Tokenizer.from_file(str(folder / "tokenizer.json")).encode(tiny_models.CHINESE).ids == before


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + b"\xff" * 64, b"PK\x03\x04 a zip"])
def test_a_broken_gguf_file_is_refused(shelf: Path, content: bytes) -> None:
    (shelf / "model.gguf").write_bytes(content)
    with pytest.raises(packaged.ModelRefused, match="cannot be read as GGUF"):
        add(shelf / "model.gguf")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"context_length": 20}, "between 128 and 256"),
        ({"context_length": 257}, "between 128 and 256"),
        ({"prompt_form": "chat"}, "no chat template"),
        ({"name": "../gpt2"}, "not a valid name for a model"),
        ({"name": packaged.DEFAULT}, "already"),
        ({"title": "t" * 81}, "at most 80 characters"),
    ],
)
def test_what_is_said_of_a_model_must_fit(shelf: Path, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(packaged.ModelRefused, match=why):
        add(shelf / "gpt2", **fields)


def test_a_name_is_given_once(shelf: Path) -> None:
    add(shelf / "gpt2")
    with pytest.raises(packaged.ModelRefused, match="already"):
        add(shelf / "cpm", name="gpt2")


# --- How it comes here ---------------------------------------------------------------------------


def test_a_folder_is_copied_exported_and_loaded_once(shelf: Path, run: list[list[str]]) -> None:
    add(shelf / "qwen", prompt_form="chat", licence="Apache-2.0", languages=["en", "zh"])
    steps: list[int] = []
    model_rows.install("qwen", report=lambda percent, step: steps.append(percent))

    fetch, export, load = run
    assert "requirements-export.txt" in fetch[-1]
    assert "generation.catalogue.openvino_export" in export
    assert load[-4:-2] == ["generation.catalogue.probe", "openvino"]
    assert steps == sorted(steps)
    row = ModelEntry.objects.get(name="qwen")
    assert (row.status, row.progress, row.error) == (ModelStatus.READY, 100, "")
    model = model_rows.lookup("qwen")
    assert (model.licence, model.languages, model.prompt_form) == ("Apache-2.0", ("en", "zh"), "chat")
    shutil.rmtree(shelf)  # the original is not needed any more
    assert installation.is_exported(model_rows.folder("qwen"))


def test_a_gguf_file_is_converted_and_exported(shelf: Path, run: list[list[str]]) -> None:
    tiny_models.qwen_gguf(shelf / "qwen.gguf")
    add(shelf / "qwen.gguf", name="from-gguf")
    model_rows.install("from-gguf")
    convert, _, export, load = run
    assert "generation.catalogue.conversion" in convert
    assert "generation.catalogue.openvino_export" in export
    assert load[-4:-2] == ["generation.catalogue.probe", "openvino"]
    assert installation.is_exported(model_rows.folder("from-gguf"))


def test_what_the_cpu_engine_exports_but_does_not_load_runs_on_transformers(
    shelf: Path, run: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "generation.catalogue.probe", "openvino")
    add(shelf / "gpt2")
    model_rows.install("gpt2")
    row = ModelEntry.objects.get(name="gpt2")
    assert row.status == ModelStatus.READY
    assert "more slowly" in row.error
    assert "unknown operation" in row.error
    assert not installation.is_exported(model_rows.folder("gpt2"))
    assert run[-1][-4:-2] == ["generation.catalogue.probe", "transformers"]


def test_what_no_engine_of_this_site_loads_is_not_ready(
    shelf: Path, run: list[list[str]], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENGINES = ["openvino"]
    failing(monkeypatch, "generation.catalogue.openvino_export")
    add(shelf / "gpt2")
    with pytest.raises(packaged.InstallationFailed, match=r"does not name transformers.*unknown operation"):
        model_rows.install("gpt2")
    assert ModelEntry.objects.get(name="gpt2").status == ModelStatus.FAILED
    with pytest.raises(packaged.InstallationFailed, match="not installed yet"):
        model_rows.activate("gpt2")


def test_too_little_space_is_said_before_anything_is_copied(
    shelf: Path, run: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_rows.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10 * 1024**2}))
    add(shelf / "gpt2")
    with pytest.raises(packaged.InstallationFailed, match=r"Gpt2 needs 4\d\d MB .* 10 MB are free"):
        model_rows.install("gpt2")
    assert run == []


def test_a_changed_original_is_looked_at_again(shelf: Path, run: list[list[str]]) -> None:
    add(shelf / "gpt2")
    with_code(shelf / "gpt2")
    with pytest.raises(packaged.InstallationFailed, match="brings its own program"):
        model_rows.install("gpt2")


def test_removing_takes_the_files_and_leaves_the_original(shelf: Path, run: list[list[str]]) -> None:
    add(shelf / "gpt2")
    model_rows.install("gpt2")
    model_rows.activate("gpt2")
    assert model_rows.active().title == "Gpt2"
    with pytest.raises(packaged.ModelInUse, match="is the active model"):
        model_rows.remove(name="gpt2")

    ModelEntry.objects.update(is_active=False)
    folder = model_rows.folder("gpt2")
    model_rows.remove(name="gpt2")
    assert not folder.exists()
    assert (shelf / "gpt2" / "config.json").is_file()
    with pytest.raises(packaged.UnknownModel):
        model_rows.lookup("gpt2")
    assert [path.name for path in model_rows.models_dir().iterdir()] == [".lock"]


def test_nothing_is_removed_while_something_is_installed(shelf: Path) -> None:
    add(shelf / "gpt2")
    with model_rows._only_installer(), pytest.raises(packaged.ModelInUse, match="being installed"):
        model_rows.remove(name="gpt2")


# --- That it speaks ------------------------------------------------------------------------------


@pytest.mark.model
def test_a_model_is_added_from_the_terminal_and_loaded_by_a_real_process(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "_pip", without_exporter)
    call_command("add_model", str(shelf / "gpt2"), "--name", "gpt2", "--activate")
    assert (model_rows.active().name, model_rows.active().context_length) == ("gpt2", tiny_models.WINDOW)
    assert "no index" in ModelEntry.objects.get(name="gpt2").error
    assert tokens.count(tiny_models.CHINESE) > len(tiny_models.CHINESE)


@pytest.mark.model
@pytest.mark.thorough
def test_a_gguf_file_speaks_on_both_engines(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real processes convert, export and load the model."""
    monkeypatch.setattr(installation, "_EXPORTER", EXPORTER)
    if not EXPORTER.is_dir():
        pytest.skip(f"{EXPORTER} is not here; `make install` puts requirements-export.txt there.")
    tiny_models.qwen_gguf(shelf / "qwen.gguf")
    assert local_models.inspect(shelf / "qwen.gguf").longest == tiny_models.WINDOW
    add(shelf / "qwen.gguf", name="from-gguf")
    model_rows.install("from-gguf")
    assert ModelEntry.objects.get(name="from-gguf").error == ""
    for engine_class in (OpenVINOEngine, TransformersEngine):
        assert whole_characters(engine_class(model_rows.lookup("from-gguf")))

    # The emptied graph of an export, filled with the same weights, is that export again.
    folder = model_rows.folder("from-gguf")
    graph.empty(installation.exported(folder), shelf / "graph")
    graph.fill(shelf / "graph", folder, shelf / "filled")
    assert not any(kind == "int8" for kind, _ in constants(shelf / "graph"))
    assert constants(shelf / "filled") == constants(installation.exported(folder))


def constants(folder: Path) -> list[tuple[str, bytes]]:
    """The types and values of all constants of a model in the CPU engine's format."""
    model = openvino.Core().read_model(folder / graph.FILE)
    values = [node.get_data() for node in model.get_ops() if node.get_type_name() == "Constant"]
    return sorted((str(value.dtype), value.tobytes()) for value in values)


@pytest.mark.model
def test_a_model_of_an_unknown_kind_is_named(shelf: Path) -> None:
    edit_json(shelf / "gpt2" / "config.json", model_type="telepathy")
    assert "telepathy" in probe.probe("transformers", shelf / "gpt2", 200)


def test_a_model_that_does_not_load_is_no_model(
    shelf: Path, run: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "generation.catalogue.probe")
    with pytest.raises(CommandError, match="Loading gpt2 with transformers did not work"):
        call_command("add_model", str(shelf / "gpt2"), "--name", "gpt2")
    assert not ModelEntry.objects.exists()
    assert [path.name for path in model_rows.models_dir().iterdir()] == [".lock"]


@pytest.mark.model
@pytest.mark.parametrize("family", list(tiny_models.MAKERS))
def test_every_family_streams_whole_characters(shelf: Path, run: list[list[str]], family: str) -> None:
    add(shelf / family)
    model_rows.install(family)
    assert whole_characters(TransformersEngine(model_rows.lookup(family)))


def whole_characters(engine: Engine) -> str:
    """Random weights generate every possible byte after a Chinese sentence. No part of a character is shown.

    Five times, since a small vocabulary soon draws the end of the text.
    """
    prompt = Prompt(form="transcript", text=tiny_models.CHINESE)
    said: list[Token] = []
    try:
        for seed in range(5):
            sampling = Sampling(temperature=1, min_p=0, top_p=1, repetition_penalty=1, seed=seed, max_tokens=60)
            said += engine.stream(prompt, sampling, lambda: False)
    finally:
        engine.close()
    assert sum(token.usage.completion_tokens for token in said if token.usage) > 10
    shown = "".join(token.text for token in said)
    assert "\ufffd" not in shown
    return shown


@pytest.mark.model
@pytest.mark.parametrize("engine_class", [pytest.param(TransformersEngine, marks=pytest.mark.thorough), OpenVINOEngine])
def test_gemma_writes_chinese(engine_class: type[TransformersEngine | OpenVINOEngine]) -> None:
    model = packaged.PACKAGED["gemma3-270m"]
    folder = Path(os.environ.get("GEMMA_FOLDER") or model_rows.folder(model.name))
    if not (folder / "config.json").is_file():
        pytest.skip("Gemma is not here, since its terms are accepted by a person; GEMMA_FOLDER may say where it is.")
    if engine_class is OpenVINOEngine and not installation.is_exported(folder):
        pytest.skip(f"{folder} has no openvino/, the form for the CPU engine.")
    engine = engine_class(model, folder)
    prompt = Prompt(form="transcript", text="以下是一封写给老朋友的信。\n\n亲爱的朋友：\n")
    try:
        said = list(engine.stream(prompt, Sampling(seed=3, max_tokens=60), lambda: False))
    finally:
        engine.close()
    shown = "".join(token.text for token in said)
    chinese = [character for character in shown if "\u4e00" <= character <= "\u9fff"]
    assert len(chinese) > len(shown) / 2
    assert "\ufffd" not in shown


@pytest.mark.model
def test_the_models_own_template_is_used(shelf: Path, run: list[list[str]]) -> None:
    add(shelf / "qwen", prompt_form="chat")
    model_rows.install("qwen")
    engine = TransformersEngine(model_rows.lookup("qwen"))
    try:
        messages = (PromptMessage("user", "你好"),)
        said = list(engine.stream(Prompt(form="chat", messages=messages), Sampling(max_tokens=3), lambda: False))
    finally:
        engine.close()
    assert said[-1].usage is not None


# --- The owner's page ----------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client, olga: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    client.force_login(olga)
    monkeypatch.setattr(tasks.install_model, "delay", lambda name, activate: None)
    return client


FORM = {"title": "Tiny", "name": "tiny", "prompt_form": "transcript", "context_length": 200, "languages": "en,zh"}


def test_the_owner_chooses_among_what_is_there(desk: Client, shelf: Path) -> None:
    page = desk.get(reverse(ADD)).content.decode()
    assert str(shelf / "gpt2") in page
    form = desk.get(reverse(ADD), {"path": str(shelf / "gpt2")}).content.decode()
    assert 'max="256"' in form
    assert 'value="chat"' not in form
    assert 'value="chat"' in desk.get(reverse(ADD), {"path": str(shelf / "qwen")}).content.decode()


def test_an_added_model_shows_how_far_it_is(
    desk: Client, shelf: Path, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[str] = []
    monkeypatch.setattr(tasks.install_model, "delay", lambda name, activate: queued.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(reverse(ADD), FORM | {"path": str(shelf / "gpt2")}, follow=True)
    assert queued == ["tiny"]
    assert ModelEntry.objects.get(name="tiny").languages == ["en", "zh"]
    page = answer.content.decode()
    assert "<progress" in page
    assert "data-under-way" in page
    ModelEntry.objects.update(progress=40, step="copying model.safetensors")
    part = desk.get(reverse("admin:generation_modelentry_state", args=["tiny"])).content.decode()
    assert 'value="40"' in part
    assert "copying model.safetensors" in part
    assert "<html" not in part


def test_a_failure_is_said_and_can_be_tried_again_or_removed(
    desk: Client, shelf: Path, run: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(shelf / "gpt2")
    with_code(shelf / "gpt2")
    with pytest.raises(packaged.CatalogueError):
        model_rows.install("gpt2")
    page = desk.get(reverse("admin:generation_modelentry_change", args=["gpt2"])).content.decode()
    assert "brings its own program" in page
    for action, said in (("install_again", "is being installed"), ("remove", "is removed")):
        data = {"action": action, "_selected_action": ["gpt2"]}
        url = reverse("admin:generation_modelentry_changelist")
        assert said in desk.post(url, data, follow=True).content.decode()
    assert not ModelEntry.objects.filter(name="gpt2").exists()


def test_a_path_from_elsewhere_is_refused_on_the_page(desk: Client, shelf: Path) -> None:
    for method in (desk.get, desk.post):
        page = method(reverse(ADD), {"path": "/etc/passwd"} | FORM).content.decode()
        assert "MODEL_FOLDERS" in page
    assert not ModelEntry.objects.filter(name="tiny").exists()


def test_others_than_the_owner_cannot_add(client: Client, mina: User, shelf: Path) -> None:
    client.force_login(mina)
    assert client.get(reverse(ADD)).status_code == 403
    assert client.post(reverse(ADD), FORM | {"path": str(shelf / "gpt2")}).status_code == 403
    assert client.get(reverse("admin:generation_modelentry_state", args=["tiny"])).status_code == 403
    assert not ModelEntry.objects.exists()
