"""Celery's beat, which touches a file at every tick, because it cannot be pinged (persona_site/liveness.py)."""

import time
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler
from django.conf import settings


def beat_file() -> Path:
    """The file whose modification time is the timetable's last tick. Ticks come every 2 s."""
    return Path(settings.STATE_DIR) / "beat-alive"


def is_ticking(*, seconds: float) -> bool:
    """Whether the last tick is less than `seconds` old."""
    try:
        return abs(time.time() - beat_file().stat().st_mtime) < seconds  # a clock may be set back
    except FileNotFoundError:
        return False


class Timetable(PersistentScheduler):
    def tick(self, *args: Any, **options: Any) -> float:
        beat_file().touch()
        self._follow_the_clock()
        return float(super().tick(*args, **options))

    def _follow_the_clock(self) -> None:
        """Plans a task anew whose last run lies in the future, because the clock was set back since.

        Otherwise it would wait until that time has come again, also after a restart.
        """
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at is not None and entry.last_run_at > now:
                entry.last_run_at = now
                self._heap = None  # the times that were planned
