"""The engines of this process. Each is loaded once, and replaced after its row or the active model has changed."""

import logging
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from generation.catalogue import model_rows, packaged
from generation.engines import registry
from generation.engines.base import Engine, Remembering
from generation.models import EngineEntry
from generation.routing import engine_rows

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Loaded:
    engine: Engine
    made_of: tuple[Any, ...]  # what it was loaded from; compared with the current values
    users: int = 0
    is_retired: bool = False


class EnginePool:
    """Any thread may borrow an engine. A replaced engine is closed by its last borrower."""

    def __init__(self) -> None:
        self._loaded: dict[str, _Loaded] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self, name: str) -> Iterator[Engine]:
        """Lends a row's engine for the length of the block. Raises EngineUnavailable if it does not load."""
        entry = self._take(name)
        try:
            yield entry.engine
        finally:
            self._give_back(entry)

    def loaded(self) -> list[str]:
        return list(self._loaded)

    def keep(self, names: Collection[str]) -> None:
        """Retires all other engines. An engine in use is closed after its last reply."""
        with self._lock:
            others = [self._loaded.pop(name) for name in self.loaded() if name not in names]
        for entry in others:
            self._retire(entry)

    def drop(self, name: str) -> None:
        """Retires one engine, so that it is loaded again at its next use."""
        self.keep([other for other in self.loaded() if other != name])

    def forget(self) -> None:
        """Has every loaded engine release what it keeps of earlier prompts and adapters."""
        for name in self.loaded():
            with self._lock:
                entry = self._loaded.get(name)
                if entry is None:
                    continue
                entry.users += 1
            try:
                if isinstance(entry.engine, Remembering):
                    entry.engine.forget()
            finally:
                self._give_back(entry)

    def close(self) -> None:
        """Retires every engine. An engine in use is closed after its last reply."""
        self.keep(())

    def _take(self, name: str) -> _Loaded:
        row = engine_rows.named(name)
        options = engine_rows.options(row)
        model = _model_of(row)
        made_of = (row.kind, model, options)
        with self._lock:
            loading = self._loading.setdefault(name, threading.Lock())
        # One thread loads. The others wait for it, so that no second copy is loaded.
        with loading:
            with self._lock:
                entry = self._loaded.get(name)
                if entry is not None and entry.made_of == made_of:
                    entry.users += 1
                    return entry
                self._loaded.pop(name, None)
            # A card has no room for two caches. The old engine is closed before the new one loads, and not kept here.
            if entry is not None:
                self._retire(entry)
            del entry
            fresh = _Loaded(registry.load(row.kind, **options), made_of, users=1)
            with self._lock:
                self._loaded[name] = fresh
        logger.info("generation.engine_loaded", extra={"engine": name, "model": model.name if model else ""})
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


def _model_of(row: EngineEntry) -> packaged.CatalogueModel | None:
    """The active model, for an engine that loads the weights itself. None for others."""
    return model_rows.active() if row.loads_weights else None


POOL = EnginePool()
