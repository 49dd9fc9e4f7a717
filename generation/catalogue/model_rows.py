"""The models of this site, their rows, and the active model. Errors are those of `packaged`."""

import fcntl
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_noop

from accounts.models import Consent, User
from accounts.personal_data import consents
from generation.catalogue import installation, local_models
from generation.catalogue.installation import Report
from generation.catalogue.packaged import (
    CONTEXT_TOKENS,
    DEFAULT,
    MIN_CONTEXT_TOKENS,
    PACKAGED,
    CatalogueError,
    CatalogueModel,
    InstallationFailed,
    ModelInUse,
    ModelRefused,
    TermsNotAccepted,
    UnknownModel,
)
from generation.engine import PromptForm
from generation.models import ModelEntry, ModelStatus, PromptForms
from generation.tuning import adapters

_QUEUED = gettext_noop("Waiting for its turn")


def lookup(name: str) -> CatalogueModel:
    """A packaged or added model. Raises UnknownModel, which names the models of this site."""
    if name in PACKAGED:
        return PACKAGED[name]
    added = {row.name: row for row in ModelEntry.objects.exclude(path="")}
    if name in added:
        return _added(added[name])
    raise UnknownModel(
        gettext("There is no model %(name)r. The models are: %(packaged)s.")
        % {"name": name, "packaged": ", ".join([*PACKAGED, *added])}
    )


def _added(row: ModelEntry) -> CatalogueModel:
    return CatalogueModel(
        name=row.name,
        title=row.title,
        description=gettext("Added from %(name)s.") % {"name": Path(row.path).name},
        licence=row.licence,
        languages=tuple(row.languages),
        context_length=row.context_length,
        prompt_form="chat" if row.prompt_form == PromptForms.CHAT else "transcript",
        parameters_m=row.parameters_m,
        disk_mb=row.disk_mb,
        path=Path(row.path),
    )


def models_dir() -> Path:
    return Path(settings.STATE_DIR) / "models"


def folder(name: str, *, is_tuned: bool = True) -> Path:
    """The folder of a model's safetensors and tokenizer after its installation.

    A model with a conversation tune is another one for each version of the tune, and without it.
    """
    adapter = adapters.shipped(name) if is_tuned else None
    return models_dir() / (f"{lookup(name).name}.{adapters.digest(adapter)}" if adapter else lookup(name).name)


def is_installed(name: str, *, is_tuned: bool = True) -> bool:
    return (folder(name, is_tuned=is_tuned) / "config.json").is_file()


def has_chat_template(name: str) -> bool:
    """Whether the model accepts messages. For an unknown model, on a remote server, the answer is True."""
    try:
        return (folder(name) / "chat_template.jinja").is_file()
    except UnknownModel:
        return True


def active() -> CatalogueModel:
    """The active model. It is the default until another model is activated."""
    row = ModelEntry.objects.filter(is_active=True).first()
    if row is not None and row.path:
        return _added(row)
    return PACKAGED.get(row.name if row else DEFAULT, PACKAGED[DEFAULT])


def entries() -> list[tuple[CatalogueModel, ModelEntry]]:
    """Every model with its row: the packaged models in the catalogue's order, then the added models by name."""
    ModelEntry.objects.bulk_create([ModelEntry(name=name) for name in PACKAGED], ignore_conflicts=True)
    rows = ModelEntry.objects.in_bulk(list(PACKAGED))
    added = ModelEntry.objects.exclude(path="").order_by("name")
    return [(model, rows[name]) for name, model in PACKAGED.items()] + [(_added(row), row) for row in added]


def add(
    *,
    name: str,
    path: Path,
    title: str,
    prompt_form: PromptForm | None = None,
    context_length: int | None = None,
    licence: str = "",
    languages: Sequence[str] = (),
) -> ModelEntry:
    """Adds a row for a model that the operator put below MODEL_FOLDERS. `install` then copies it. Raises ModelRefused.

    `context_length` is in tokens. The default is that of the packaged models, or the model's own if that is shorter.
    The default of `prompt_form` follows from the model's size and its chat template.
    """
    local = _inspected(path)
    prompt_form = prompt_form or local.usual_prompt_form
    context_length = context_length or min(CONTEXT_TOKENS, local.longest)
    _refuse_unfit(local, name=name, prompt_form=prompt_form, context_length=context_length)
    row = ModelEntry(
        name=name,
        path=str(local.path),
        title=title,
        prompt_form=prompt_form,
        context_length=context_length,
        licence=licence,
        languages=list(languages),
        disk_mb=_disk_mb(local),
        parameters_m=local.parameters_m,
        status=ModelStatus.INSTALLING,
        step=_QUEUED,
    )
    _insert(row)
    return row


def _insert(row: ModelEntry) -> None:
    try:
        row.clean_fields()
        with transaction.atomic():
            if row.name in PACKAGED:
                raise IntegrityError
            row.save(force_insert=True)
    except ValidationError as error:
        raise ModelRefused(" ".join(error.messages)) from None
    except IntegrityError:
        raise ModelRefused(
            gettext("There is already a model called %(name)s. Choose another name.") % {"name": row.name}
        ) from None


def _inspected(path: Path) -> local_models.LocalModel:
    try:
        return local_models.inspect(path)
    except local_models.NotAModel as error:
        raise ModelRefused(str(error)) from None


def _refuse_unfit(local: local_models.LocalModel, *, name: str, prompt_form: PromptForm, context_length: int) -> None:
    if not MIN_CONTEXT_TOKENS <= context_length <= local.longest:
        raise ModelRefused(
            gettext(
                "The context length must be between %(min_context_tokens)s and %(longest)s. You entered "
                "%(context_length)s."
            )
            % {"min_context_tokens": MIN_CONTEXT_TOKENS, "longest": local.longest, "context_length": context_length}
        )
    if prompt_form == "chat" and not local.has_chat_template:
        raise ModelRefused(
            gettext("%(name)s has no chat template. Choose transcript as its prompt form.") % {"name": local.path.name}
        )
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise ModelRefused(
            gettext("%(name)r is not a valid name for a model. Use at most 64 small letters, digits and hyphens.")
            % {"name": name}
        )


def _disk_mb(local: local_models.LocalModel) -> int:
    """The space needed during installation: the weights, the exporter's floats and result, and the exporter itself."""
    exports = "openvino" in settings.ENGINES
    return local.weights_mb * (5 if exports else 1) + (400 if exports else 50)


def remove(*, name: str) -> None:
    """Deletes a model's installed files. An added model also leaves the catalogue. Raises ModelInUse.

    The operator's own copy is not touched.
    """
    with _only_installer(wait=False), transaction.atomic():
        _lock_rows()
        model = lookup(name)
        if active().name == name:
            raise ModelInUse(
                gettext("%(title)s is the active model. Activate another model first.") % {"title": model.title}
            )
        if folder(name).exists():
            with tempfile.TemporaryDirectory(prefix=".removing-", dir=models_dir()) as gone:
                folder(name).rename(Path(gone) / name)
        row = ModelEntry.objects.filter(name=name)
        if model.path is not None:
            row.delete()
        else:
            row.update(status=ModelStatus.AVAILABLE, progress=0, step="", error="")


def _lock_rows() -> None:
    """Locks all rows, so that activation and removal wait for each other."""
    list(ModelEntry.objects.select_for_update().order_by("name"))


def accept_terms(*, user: User | None, name: str) -> None:
    """Records that the terms were accepted by `user`, or, if it is None, at the site's terminal."""
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
    """Whether the current version of the terms was accepted, or there are no terms."""
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


def ensure_active(*, report: Report | None = None) -> None:
    """Installs the default model and the active one where their files are missing on this machine.

    A new version of this site can bring another conversation tune, and a restored backup can lack models. The default
    model becomes active if none is. Raises InstallationFailed or TermsNotAccepted.
    """
    install(DEFAULT, report=report)
    if not ModelEntry.objects.filter(is_active=True).exists():
        activate(DEFAULT)
    if not is_installed(active().name):
        install(active().name, report=report)


def activate(name: str) -> None:
    """Makes an installed model the active one. Workers switch between two replies."""
    model = lookup(name)
    with transaction.atomic():
        _lock_rows()
        if not is_installed(name):
            raise InstallationFailed(gettext("%(title)s is not installed yet.") % {"title": model.title})
        ModelEntry.objects.filter(is_active=True).exclude(name=name).update(is_active=False)
        ModelEntry.objects.update_or_create(name=name, defaults={"is_active": True, "status": ModelStatus.READY})


def queue(name: str) -> None:
    """Marks a model for installation by a worker. Raises TermsNotAccepted."""
    _terms_must_be_accepted(lookup(name))
    ModelEntry.objects.filter(name=name).update(status=ModelStatus.INSTALLING, progress=0, step=_QUEUED, error="")


def _terms_must_be_accepted(model: CatalogueModel) -> None:
    if model.terms is not None and not terms_accepted(model.name):
        raise TermsNotAccepted(model.terms)


def install(name: str, *, report: Report | None = None) -> None:
    """Fetches and converts a model, unless it is installed already.

    Raises TermsNotAccepted or InstallationFailed. The model's row shows the progress.
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
    row.update(status=ModelStatus.READY, progress=100, step="", error=installation.slower(folder(name)))


def fetch_and_convert(name: str, progress: Report, *, is_tuned: bool = True) -> None:
    """Installs a model's files if they are missing. Raises InstallationFailed.

    For a packaged model it does not use the database.
    """
    model = lookup(name)
    with _only_installer():
        if not is_installed(name, is_tuned=is_tuned):
            _install(model, folder(name, is_tuned=is_tuned), progress, is_tuned=is_tuned)


def export_where_missing(name: str, *, is_tuned: bool = True) -> None:
    """Exports an installed model for the CPU engine, once. If that fails, `slower` gives the reason.

    For a packaged model it does not use the database.
    """
    model = lookup(name)
    with _only_installer():
        target = folder(name, is_tuned=is_tuned)
        if not is_installed(name, is_tuned=is_tuned):
            raise InstallationFailed(gettext("%(title)s is not installed yet.") % {"title": model.title})
        if not installation.is_prepared(target):
            with tempfile.TemporaryDirectory(prefix=".installing-", dir=models_dir()) as temporary:
                installation.export(model, target, Path(temporary), lambda percent, step: None)


@contextmanager
def _only_installer(*, wait: bool = True) -> Iterator[None]:
    """Allows one installation at a time. Without `wait`, raises ModelInUse if another one is running."""
    models_dir().mkdir(parents=True, exist_ok=True)
    with (models_dir() / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelInUse(
                gettext("A model is being installed. Try again when its installation has ended.")
            ) from None
        yield


def _install(model: CatalogueModel, target: Path, progress: Report, *, is_tuned: bool) -> None:
    free = shutil.disk_usage(models_dir()).free // 1024**2
    if free < model.disk_mb:
        raise InstallationFailed(
            gettext("%(title)s needs %(disk_mb)s MB during installation; %(free)s MB are free in %(models_dir)s.")
            % {"title": model.title, "disk_mb": model.disk_mb, "free": free, "models_dir": models_dir()}
        )
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=models_dir()) as temporary:
        converted = Path(temporary) / "converted"
        installation.bring(model, converted, Path(temporary), progress, is_tuned=is_tuned)
        # A rename is atomic, so an existing folder is a complete model.
        converted.rename(target)
