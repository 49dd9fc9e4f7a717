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
        return time.time() - beat_file().stat().st_mtime < seconds
    except FileNotFoundError:
        return False


class Timetable(PersistentScheduler):
    def tick(self, *args: Any, **options: Any) -> float:
        beat_file().touch()
        return float(super().tick(*args, **options))
