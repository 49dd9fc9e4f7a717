"""The timetable follows a clock that is set back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from celery import Celery

from persona_site.timetable import Timetable


def test_a_clock_that_was_set_back_stops_no_task(settings, tmp_path: Path) -> None:
    """A machine that starts an hour ahead, until it hears the time, must not stand still for that hour."""
    settings.STATE_DIR = tmp_path
    app = Celery("a site", broker="memory://")
    app.conf.beat_schedule = {"sweep": {"task": "sweep", "schedule": timedelta(seconds=5)}}
    timetable = Timetable(app=app, schedule_filename=str(tmp_path / "schedule"))
    timetable.schedule["sweep"].last_run_at = datetime.now(UTC) + timedelta(hours=1)
    timetable.tick()
    assert timetable.schedule["sweep"].last_run_at <= datetime.now(UTC)
    assert timetable.tick() <= 5
    timetable.close()
