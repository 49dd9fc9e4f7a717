"""JSON lines for logs: ids, counts and milliseconds; never the words of a person.

Our own records have an event name as message (`reply.completed`) and its values in `extra`.
Libraries put values into their messages: an exception's text, a task's result, a path. Of these
messages only the template is logged, except for a few loggers that never carry anything of people.
Exceptions are logged by type and place. Their text is left out, because it may quote a person.
"""

import json
import logging
import os
import re
import traceback
from typing import Any

_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "request", "data"}
_ROOMS = ("accounts", "generation", "moderation", "personas", "chat", "stories", "api", "persona_site")
_WITHOUT_WORDS = (*_ROOMS, "celery.worker", "celery.apps", "celery.beat")
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\w+)')


class WithoutProbes(logging.Filter):
    """Drops Django's error line for a 503 of /readyz. The probe has the answer, and asks every few seconds."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        return getattr(request, "path", None) != "/readyz"


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "process": os.environ.get("AFTERWORD_PROCESS", "command"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **_what_happened(record),
        }
        event |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info and record.exc_info[0] is not None:
            event["exception"] = record.exc_info[0].__name__
            event["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(event, default=str, ensure_ascii=False)


def _what_happened(record: logging.LogRecord) -> dict[str, Any]:
    """The event's name and the values that are safe to log, by the kind of logger."""
    if record.name == "django.request":
        # Paths can contain tokens (a set-up link, a password reset); the route does not.
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        return {"event": "http.error", "route": match.route if match else None}
    if record.name == "celery.app.trace":
        task = getattr(record, "data", None)
        context = task if isinstance(task, dict) else {}
        return {
            "event": "task.ended",
            "task": context.get("name"),
            "id": context.get("id"),
            "seconds": context.get("runtime"),
        }
    if record.name == "daphne.server" and record.levelno >= logging.ERROR:
        # The message has the whole traceback, with the exception's text. Only the places are logged.
        places = [f"{path}:{line} {name}" for path, line, name in _FRAME.findall(record.getMessage())]
        return {"event": "asgi.error", "where": places[-8:]}
    if record.name.startswith(_WITHOUT_WORDS):
        return {"event": record.getMessage()}
    return {"event": str(record.msg).partition("\n")[0]}
