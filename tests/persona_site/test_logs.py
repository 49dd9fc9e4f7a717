import json
import logging
import sys

import pytest
from celery import shared_task

from persona_site.logs import JSONFormatter

SECRET = "words-of-a-person"


def logged(name, message, *args, **kwargs):
    record = logging.getLogger(name).makeRecord(name, logging.ERROR, "file.py", 1, message, args, **kwargs)
    line = JSONFormatter().format(record)
    return line, json.loads(line)


def caught():
    try:
        raise ValueError(SECRET)
    except ValueError:
        return sys.exc_info()


def test_an_event_comes_with_what_belongs_to_it():
    _, event = logged("chat.reply.replies", "reply.completed", exc_info=None, extra={"reply": "3f2c", "total_ms": 812})
    assert event["event"] == "reply.completed"
    assert (event["reply"], event["total_ms"]) == ("3f2c", 812)
    assert event["level"] == "error"


def test_an_exception_is_told_by_type_and_place():
    line, event = logged("chat.reply.replies", "reply.failed", exc_info=caught())
    assert event["exception"] == "ValueError"
    assert event["where"][-1].endswith("caught")
    assert SECRET not in line


@pytest.mark.parametrize(
    ("name", "message", "args"),
    [
        ("asyncio", f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SECRET}')>", ()),
        ("some.library", "Cannot parse %r", (SECRET,)),
        ("daphne.server", "Exception inside application: %s", (f'{SECRET}\n  File "a.py", line 3, in receive\n',)),
    ],
)
def test_a_librarys_values_are_left_out(name, message, args):
    line, event = logged(name, message, *args, exc_info=None)
    assert SECRET not in line
    assert event["event"]


def test_the_places_of_a_failed_consumer_are_kept():
    text = f'{SECRET}\n  File "chat/consumers.py", line 30, in receive\n    do("{SECRET}")\n'
    _, event = logged("daphne.server", "Exception inside application: %s", text, exc_info=None)
    assert event["where"] == ["chat/consumers.py:30 receive"]


@shared_task
def fails_with_words():
    raise ValueError(SECRET)


@shared_task
def gives_words():
    return SECRET


@pytest.mark.parametrize("task", [fails_with_words, gives_words])
def test_a_tasks_result_and_error_stay_out_of_the_log(task, caplog):
    caplog.handler.setFormatter(JSONFormatter())
    with caplog.at_level(logging.INFO, logger="celery.app.trace"):
        task.apply()
    assert task.name in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.django_db
def test_a_path_is_logged_by_its_route(client, caplog):
    caplog.handler.setFormatter(JSONFormatter())
    assert client.get(f"/setup/{SECRET}/").status_code == 410
    assert "setup/<str:token>/" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.django_db
def test_a_probe_that_finds_the_site_not_ready_is_not_an_error_in_the_log(client, caplog, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/readyz").status_code == 503
    assert "readyz" not in caplog.text
