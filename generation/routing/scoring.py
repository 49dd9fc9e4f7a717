"""The probabilities of an existing text, computed by the catalogue's model that wrote it.

If an engine of this process uses that model, it scores the text between its replies. Otherwise the model is loaded
only for scoring, and closed five minutes after its last use.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import cast

from django.conf import settings

from generation import engine_kinds
from generation.catalogue import model_rows, packaged
from generation.engine import EngineNotReady, LocalEngine, Prompt, Scored
from generation.routing.engine_pool import POOL

logger = logging.getLogger(__name__)

_IDLE = timedelta(minutes=5)


def is_possible(model: str) -> bool:
    """Whether the weights of `model` are installed on this machine. A remote server's are not."""
    return model in packaged.PACKAGED and model_rows.is_installed(model)


def score(prompt: Prompt, text: str, *, model: str) -> Scored:
    """Each token of `text` as the continuation of `prompt`: its log-probability and the ten likeliest.

    The values are the model's own: temperature 1, no penalties. Blocks for the whole pass, which takes seconds on a
    busy CPU, so only generation workers call it. Raises EngineError.
    """
    with _scorer(model) as engine:
        return engine.score(prompt, text)


@contextmanager
def _scorer(model: str) -> Iterator[LocalEngine]:
    with ExitStack() as loan:
        yield _running_engine(model, loan) or loan.enter_context(SPARE.borrowed(model))


def _running_engine(model: str, loan: ExitStack) -> LocalEngine | None:
    """This process's first engine that uses the model, borrowed until `loan` is closed; None if there is none."""
    if model_rows.active().name != model:
        return None
    for kind in settings.ENGINES:
        if kind in engine_kinds.SCORING:
            with suppress(EngineNotReady):
                return cast(LocalEngine, loan.enter_context(POOL.borrowed(kind)))
    return None


class Spare:
    """A model that no engine uses, for one borrower at a time. It is closed after an idle time."""

    def __init__(self, idle: timedelta = _IDLE) -> None:
        self._idle = idle
        self._engine: LocalEngine | None = None
        self._model = ""
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        """The name of the loaded model; empty if none is loaded."""
        return self._model

    @contextmanager
    def borrowed(self, model: str) -> Iterator[LocalEngine]:
        """The loaded model. Raises UnknownModel, and EngineUnavailable if the model does not load."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            try:
                yield self._loaded(model)
            finally:
                self._timer = threading.Timer(self._idle.total_seconds(), self._close_idle)
                self._timer.daemon = True
                self._timer.start()

    def _loaded(self, model: str) -> LocalEngine:
        if self._engine is None or self._model != model:
            self._close()
            self._engine = cast(LocalEngine, engine_kinds.load("transformers", model=model_rows.lookup(model)))
            self._model = model
            logger.info("generation.spare_loaded", extra={"model": model})
        return self._engine

    def _close_idle(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            logger.info("generation.spare_closed", extra={"model": self._model})
        self._engine, self._model = None, ""


SPARE = Spare()
