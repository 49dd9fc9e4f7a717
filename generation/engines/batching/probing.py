"""The health of an engine that runs in this process. It is healthy if it generates a token."""

import threading
from datetime import UTC, datetime

from generation.engine import Engine, EngineError, Health, Prompt, Sampling


class Prober:
    """Checks an engine and remembers since when its state has lasted. Any thread may call it."""

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
