"""The engines of this process: each loaded once, replaced when another model was activated."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from generation import catalogue
from generation.engines import registry
from generation.engines.base import Engine

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Loaded:
    engine: Engine
    model: str  # what it was loaded for; compared with what is active now
    users: int = 0
    is_retired: bool = False


class EnginePool:
    """Any thread may borrow an engine; one that was replaced is closed by its last borrower."""

    def __init__(self) -> None:
        self._loaded: dict[str, _Loaded] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self, name: str) -> Iterator[Engine]:
        """The engine for as long as the block runs. Raises EngineUnavailable when it does not load."""
        entry = self._take(name)
        try:
            yield entry.engine
        finally:
            self._give_back(entry)

    def loaded(self) -> list[str]:
        with self._lock:
            return list(self._loaded)

    def close(self) -> None:
        """Retires every engine; those in use close with their last reply."""
        with self._lock:
            entries = list(self._loaded.values())
            self._loaded.clear()
        for entry in entries:
            self._retire(entry)

    def _take(self, name: str) -> _Loaded:
        model = _model_of(name)
        with self._lock:
            loading = self._loading.setdefault(name, threading.Lock())
        # One thread loads; the others wait for it rather than load a second copy.
        with loading:
            with self._lock:
                entry = self._loaded.get(name)
                if entry is not None and entry.model == model:
                    entry.users += 1
                    return entry
            fresh = _Loaded(registry.load(name), model, users=1)
            with self._lock:
                self._loaded[name] = fresh
        logger.info("generation.engine_loaded", extra={"engine": name, "model": model})
        if entry is not None:
            self._retire(entry)
        return fresh

    def _give_back(self, entry: _Loaded) -> None:
        with self._lock:
            entry.users -= 1
            close = entry.is_retired and entry.users == 0
        if close:
            entry.engine.close()

    def _retire(self, entry: _Loaded) -> None:
        with self._lock:
            entry.is_retired = True
            close = entry.users == 0
        if close:
            entry.engine.close()


def _model_of(name: str) -> str:
    """What an engine must be loaded for: the catalogue's active model, for the engine that loads its weights."""
    return catalogue.active().name if name == "transformers" else ""


POOL = EnginePool()
