"""What the owner's page Models shows: the engines and their models, the machines, and the models installed here."""

from dataclasses import dataclass
from typing import Any

import redis
from django.utils.translation import get_language_info, gettext, gettext_noop

from generation import machine, overview
from generation.catalogue import model_rows, packaged
from generation.jobs import worker
from generation.models import ModelEntry, ModelStatus, ModelTrial
from generation.trials import look, servers, trial_rows
from text.lists import joined

_DEVICES = {"cpu": gettext_noop("the processor"), "cuda": gettext_noop("the card"), "": gettext_noop("not loaded")}
_CHINESE = gettext_noop("Chinese")  # Django names only its two scripts


@dataclass(frozen=True)
class EngineRow:
    """An engine in the order in which replies try them."""

    engine: overview.Engine
    title: str  # of the model
    device: str
    context_length: int
    languages: str
    is_first: bool  # of those that are switched on

    @property
    def details(self) -> list[str]:
        """The reasons why it is not ready, each once."""
        return sorted({report.detail for report in self.engine.reports if report.detail})


@dataclass(frozen=True)
class InstalledModel:
    model: packaged.CatalogueModel
    entry: ModelEntry
    serves: bool

    @property
    def languages(self) -> str:
        return _named(self.model.languages)

    @property
    def can_be_tried(self) -> bool:
        return self.entry.status == ModelStatus.READY and not self.serves

    @property
    def waits_for_terms(self) -> bool:
        return self.model.terms is not None and self.entry.status == ModelStatus.AVAILABLE


def engines() -> list[EngineRow]:
    rows = overview.engines()
    first = next((row.entry.name for row in rows if row.entry.is_enabled), "")
    return [_engine_row(row, is_first=row.entry.name == first) for row in rows]


def _engine_row(row: overview.Engine, *, is_first: bool) -> EngineRow:
    device = next((report.device for report in row.reports if report.device), "")
    if row.entry.is_remote:
        return EngineRow(
            engine=row,
            title=servers.short_name(row.entry.model),
            device=gettext("a server at %(base_url)s") % {"base_url": row.entry.base_url},
            context_length=row.entry.context_length,
            languages=gettext("as its maker says"),
            is_first=is_first,
        )
    model = model_rows.active()
    return EngineRow(
        engine=row,
        title=model.title,
        device=gettext(_DEVICES[device]) if device in _DEVICES else device,
        context_length=model.context_length,
        languages=_named(model.languages),
        is_first=is_first,
    )


def machines() -> list[machine.Machine]:
    """The machines of the running generation workers, each once."""
    try:
        beats = worker.beats()
    except redis.RedisError:
        return []
    by_name = {beat["machine"]["name"]: machine.of_json(beat["machine"]) for beat in beats if "machine" in beat}
    return [by_name[name] for name in sorted(by_name)]


def installed() -> list[InstalledModel]:
    return [InstalledModel(model, entry, trial_rows.serves(model.name)) for model, entry in model_rows.entries()]


def latest_look() -> look.Look | None:
    try:
        return look.latest()
    except redis.RedisError:
        return None


def title_of(trial: ModelTrial) -> str:
    """The name of the tried model for people."""
    if not trial.installed:
        return servers.short_name(trial.model) or trial.base_url
    try:
        return model_rows.lookup(trial.installed).title
    except packaged.UnknownModel:  # removed since
        return trial.installed


def today_of(trial: ModelTrial) -> str:
    """The name of the model that served during the trial."""
    try:
        return model_rows.lookup(trial.today).title
    except packaged.UnknownModel:
        return servers.short_name(trial.today)


def _named(tags: Any) -> str:
    return joined([_language(tag) for tag in tags]) or gettext("not said")


def _language(tag: str) -> str:
    if tag == "zh":
        return gettext(_CHINESE)
    try:
        return str(get_language_info(tag)["name_translated"])
    except KeyError:
        return tag
