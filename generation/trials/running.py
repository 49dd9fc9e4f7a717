"""Performs a trial in a generation worker: today's model and the new one answer the same questions.

The new engine is loaded for the trial alone and closed at its end. It is in no row and in no pool, so no reply can
reach it. Today's answers come through the router, as people's replies do.
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext

from generation import engine_kinds, machine
from generation.catalogue import installation, model_rows, packaged
from generation.engine import Engine, EngineError, EngineInfo, EngineNotReady
from generation.models import EngineEntry, ModelTrial
from generation.routing import engine_rows, router
from generation.trials import comparing, servers, trial_rows
from generation.trials.comparing import Answer, Comparison
from generation.trials.questions import Question, Withheld, questions

logger = logging.getLogger(__name__)

_USUAL_WINDOW = 4096  # tokens, of a server that does not say. Ollama cuts longer prompts without a word.
_LONGEST_WINDOW = 8192  # tokens; a longer prompt only makes the first words late
_SPARE = 1.25  # of the weights: with the caches of conversations


class TrialFailed(Exception):
    """The message is for the owner."""

    def __init__(self, message: str, *, offered: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.offered = offered


def run(trial_id: UUID) -> None:
    """Performs a trial once. Its row holds the progress, the answers and the reason of a failure."""
    trial = trial_rows.claim(trial_id)
    if trial is None:
        return
    try:
        with _loaded(trial) as (entry, engine):
            _compare(trial, entry, engine)
    except TrialFailed as failure:
        trial_rows.fail(trial, str(failure), offered=failure.offered)
    except (servers.ServerFault, packaged.CatalogueError, EngineError, Withheld) as error:
        trial_rows.fail(trial, str(error))
    except Exception:
        trial_rows.fail(
            trial, gettext("The site made an error in this trial. The log of the generation worker has it.")
        )
        raise
    else:
        trial_rows.end(trial)
    logger.info("trial.ended", extra={"trial": str(trial.pk), "answers": len(trial.comparisons)})


def _loaded(trial: ModelTrial) -> AbstractContextManager[tuple[EngineEntry, Engine]]:
    return _installed_model(trial) if trial.installed else _server(trial)


@contextmanager
def _server(trial: ModelTrial) -> Iterator[tuple[EngineEntry, Engine]]:
    """The engine of a server's model, after the server has shown that it has the model and answers."""
    trial_rows.move(trial, gettext("Asking the server for its models"))
    chosen = _chosen(trial, servers.models(trial_rows.engine_of(trial)))
    trial.model = chosen.name
    trial.context_length = trial.context_length or min(chosen.context_length or _USUAL_WINDOW, _LONGEST_WINDOW)
    trial_rows.move(trial, gettext("Asking the model for its first word"))
    entry = trial_rows.engine_of(trial)
    servers.answer(entry)
    with closing(engine_kinds.load(entry.kind, **engine_rows.options(entry))) as engine:
        yield entry, engine


def _chosen(trial: ModelTrial, served: list[servers.ServedModel]) -> servers.ServedModel:
    if not trial.model and len(served) == 1:
        return served[0]
    names = tuple(model.name for model in served)
    if not trial.model:
        raise TrialFailed(
            gettext("The server has %(served)s models. Choose one of them.") % {"served": len(served)}, offered=names
        )
    for model in served:
        if model.name == trial.model:
            return model
    raise TrialFailed(
        gettext("The server has no model %(model)s. Choose one of its models.") % {"model": trial.model}, offered=names
    )


@contextmanager
def _installed_model(trial: ModelTrial) -> Iterator[tuple[EngineEntry, Engine]]:
    """An installed model in the first engine of this site that can run it, beside the engine that serves."""
    model = model_rows.lookup(trial.installed)
    trial_rows.move(trial, gettext("Loading %(title)s") % {"title": model.title})
    entry, engine = _first_engine(model)
    with closing(engine):
        yield entry, engine


def _first_engine(model: packaged.CatalogueModel) -> tuple[EngineEntry, Engine]:
    for kind in [entry.kind for entry in engine_rows.enabled() if entry.loads_weights]:
        _refuse_too_large(model, kind)
        try:
            return EngineEntry(name=trial_rows.NAME, kind=kind), engine_kinds.load(kind, model=model)
        except EngineNotReady:
            continue
    raise TrialFailed(
        gettext(
            "No engine of this site can load %(title)s. Switch on an engine that loads models itself, such "
            "as openvino or transformers, on the admin’s page Engines."
        )
        % {"title": model.title}
    )


def _refuse_too_large(model: packaged.CatalogueModel, kind: str) -> None:
    """A model that is too large would take memory from the worker that writes people's replies."""
    folder = model_rows.folder(model.name)
    if kind == "openvino":
        size = _bytes_in(installation.exported(folder))
    elif kind == "transformers":
        size = 2 * _bytes_in(folder)  # bfloat16 on the disk, float32 in memory
    else:
        return  # on a card, which refuses by itself
    needed_mb, free_mb = round(_SPARE * size / 1024**2), machine.this().free_mb
    if needed_mb > free_mb:
        raise TrialFailed(
            gettext(
                "%(title)s needs about %(needed_mb)s MB of memory, and %(free_mb)s MB are free beside the model "
                "that serves. End other programs on this machine, or run the model on a server elsewhere."
            )
            % {"title": model.title, "needed_mb": needed_mb, "free_mb": free_mb}
        )


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for pattern in ("*.bin", "*.safetensors") for file in folder.glob(pattern))


def _compare(trial: ModelTrial, entry: EngineEntry, engine: Engine) -> None:
    asked = questions()
    for number, question in enumerate(asked, 1):
        trial_rows.move(
            trial,
            gettext("Question %(number)s of %(asked)s: today’s model writes") % {"number": number, "asked": len(asked)},
        )
        comparison = Comparison(question.text, question.language, _by_today(trial, question))
        trial.comparisons.append(asdict(comparison))
        trial_rows.move(
            trial,
            gettext("Question %(number)s of %(asked)s: the new model writes") % {"number": number, "asked": len(asked)},
        )
        speaks = partial(router.stream_from, entry, engine, question.build, rank=question.rank)
        new = comparing.answer(question, speaks)
        trial.comparisons[-1] = asdict(Comparison(question.text, question.language, comparison.today, new))
    if not any(comparison["new"]["text"] for comparison in trial.comparisons):
        raise TrialFailed(
            gettext("The new model answered none of the questions. %(fault)s")
            % {"fault": trial.comparisons[-1]["new"]["fault"]}
        )


def _by_today(trial: ModelTrial, question: Question) -> Answer:
    def announce(info: EngineInfo, reason: str) -> None:
        trial.today = info.model

    return comparing.answer(
        question, lambda cancelled: router.stream(question.build, cancelled, announce, rank=question.rank)
    )
