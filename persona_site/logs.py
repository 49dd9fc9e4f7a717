"""JSON lines for logs: ids, counts and milliseconds; never the words of a person.

A record's message is an event name (`reply.completed`); what belongs to it comes in `extra`.
Exceptions are logged by type and place, not by their text, which may quote what somebody wrote.
"""

import json
import logging
import os
import traceback

_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "request", "data"}


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "process": os.environ.get("AFTERWORD_PROCESS", "command"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        event |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info and record.exc_info[0] is not None:
            event["exception"] = record.exc_info[0].__name__
            event["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(event, default=str, ensure_ascii=False)
