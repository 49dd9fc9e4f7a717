"""Celery's beat, which shows at every tick that it lives: the supervisor cannot ask it (persona_site/liveness.py)."""

import time
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler
from django.conf import settings


def beat_file() -> Path:
    """Its time of change is that of the timetable's last tick, which comes every 2 s."""
    return Path(settings.STATE_DIR) / "beat-alive"


def is_ticking(*, seconds: float) -> bool:
    """Whether it ticked within that time."""
    try:
        return time.time() - beat_file().stat().st_mtime < seconds
    except FileNotFoundError:
        return False


class Timetable(PersistentScheduler):
    def tick(self, *args: Any, **options: Any) -> float:
        beat_file().touch()
        return float(super().tick(*args, **options))
