"""The engines of this process: each loaded once, replaced when its row or the active model changed."""

import logging
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from generation.catalogue import model_rows, packaged
from generation.engines import registry
from generation.engines.base import Engine
from generation.models import EngineEntry
from generation.routing import engine_rows

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Loaded:
    engine: Engine
    made_of: tuple[Any, ...]  # what it was loaded for; compared with what is wanted now
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
        """The engine of a row for as long as the block runs. Raises EngineUnavailable when it does not load."""
        entry = self._take(name)
        try:
            yield entry.engine
        finally:
            self._give_back(entry)

    def loaded(self) -> list[str]:
        return list(self._loaded)

    def keep(self, names: Collection[str]) -> None:
        """Retires all other engines; those in use close with their last reply."""
        with self._lock:
            others = [self._loaded.pop(name) for name in self.loaded() if name not in names]
        for entry in others:
            self._retire(entry)

    def drop(self, name: str) -> None:
        """Retires one engine, so that it is loaded anew when it is next needed."""
        self.keep([other for other in self.loaded() if other != name])

    def close(self) -> None:
        """Retires every engine; those in use close with their last reply."""
        self.keep(())

    def _take(self, name: str) -> _Loaded:
        row = engine_rows.named(name)
        options = engine_rows.options(row)
        model = _model_of(row)
        made_of = (row.kind, model, options)
        with self._lock:
            loading = self._loading.setdefault(name, threading.Lock())
        # One thread loads; the others wait for it rather than load a second copy.
        with loading:
            with self._lock:
                entry = self._loaded.get(name)
                if entry is not None and entry.made_of == made_of:
                    entry.users += 1
                    return entry
                self._loaded.pop(name, None)
            # A card has no room for two caches: the old engine goes before the new one comes, and is not held here.
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
    """What an engine must be loaded for: the active model, where it loads the weights itself."""
    return model_rows.active() if row.loads_weights else None


POOL = EnginePool()
