"""The engines of this process. Each is loaded once, and replaced after its row or the active model has changed."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections

from generation import engine_kinds
from generation.catalogue import model_rows, packaged
from generation.engine import Engine, EngineNotReady, Remembering
from generation.models import EngineEntry
from generation.routing import engine_rows

logger = logging.getLogger(__name__)

_LOOK_S = 0.1  # how often a reply that waits for its engine checks whether it was cancelled


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
        self._loading: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self, name: str, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Engine]:
        """Lends a row's engine for the length of the block. Raises EngineUnavailable if it does not load.

        Raises EngineNotReady soon after `cancelled` returns True. The engine then loads on, for the next borrower.
        """
        entry = self._take(name, cancelled)
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

    def _take(self, name: str, cancelled: Callable[[], bool]) -> _Loaded:
        row = engine_rows.named(name)
        options = engine_rows.options(row)
        model = _model_of(row)
        made_of = (row.kind, model, options)
        while True:
            with self._lock:
                entry = self._loaded.get(name)
                if entry is not None and entry.made_of == made_of:
                    entry.users += 1
                    return entry
                # One thread loads. The others wait for it, so that no second copy is loaded.
                loading = self._loading.get(name)
                if loading is None:
                    loading = self._loading[name] = Future()
                    arguments = (name, made_of, loading)
                    threading.Thread(target=self._load, args=arguments, name=f"loading {name}", daemon=True).start()
            while not wait([loading], timeout=_LOOK_S).done:
                if cancelled():
                    raise EngineNotReady(f"The reply was stopped while {name} was loaded.")
            loading.result()

    def _load(self, name: str, made_of: tuple[Any, ...], loading: "Future[None]") -> None:
        """Loads an engine in the place of an older one of this name. Its errors go to those who wait."""
        kind, model, options = made_of
        try:
            with self._lock:
                old = self._loaded.pop(name, None)
            # A card has no room for two caches. The old engine is closed before the new one loads, and not kept here.
            if old is not None:
                self._retire(old)
            del old
            fresh = _Loaded(engine_kinds.load(kind, **options), made_of)
        except BaseException as error:
            self._end_loading(name, None)
            loading.set_exception(error)
        else:
            self._end_loading(name, fresh)
            loading.set_result(None)
            logger.info("generation.engine_loaded", extra={"engine": name, "model": model.name if model else ""})
        finally:
            connections.close_all()  # of this thread

    def _end_loading(self, name: str, fresh: _Loaded | None) -> None:
        with self._lock:
            del self._loading[name]
            if fresh is not None:
                self._loaded[name] = fresh

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
