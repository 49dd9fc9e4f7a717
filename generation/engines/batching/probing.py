"""Health of an engine that runs in this process: it generates a token, or says since when and why not."""

import threading
from datetime import UTC, datetime

from generation.engines.base import Engine, EngineError, Health, Prompt, Sampling


class Prober:
    """Remembers since when an engine is as it is. Any thread may ask."""

    def __init__(self) -> None:
        self._health = Health(ok=True, since=datetime.now(UTC))
        self._lock = threading.Lock()

    def ask(self, engine: Engine) -> Health:
        try:
            probe = Prompt(form="transcript", text="Hello")
            last = list(engine.stream(probe, Sampling(temperature=0, max_tokens=1), lambda: False))[-1]
            ok, detail = last.usage is not None, ""
        except EngineError as error:
            ok, detail = False, str(error)
        with self._lock:
            if ok != self._health.ok:
                self._health = Health(ok=ok, detail=detail, since=datetime.now(UTC))
            return self._health
