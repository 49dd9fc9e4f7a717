"""Fixtures: a filter that allows every text, for tests of anything else, and a separate media folder."""

import os
from types import SimpleNamespace

import pytest
from django.utils.translation import get_language

from generation.catalogue import tokens
from generation.engine import EngineInfo
from moderation.filter import assessment
from moderation.models import RuleAction
from personas.reading import children


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def _words(monkeypatch):
    """Counts words in place of tokens, so that no model is needed here."""
    info = EngineInfo("transformers", "a model", 2048, "transcript", "cpu", "1", "none")
    monkeypatch.setattr(tokens, "info", lambda: info)
    monkeypatch.setattr(tokens, "count", lambda text: len(text.split()))


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def no_worker(monkeypatch):
    """Queues nothing, since the broker of the tests has no worker."""
    from personas import tasks

    queued = []
    for task in (tasks.read_uploads, tasks.embed_passages, tasks.compute_portrait):
        monkeypatch.setattr(task, "delay", lambda *ids, name=task.name: queued.append((name, *ids)))
    return queued


_answers: dict[str, list] = {}


@pytest.fixture
def _read_once(monkeypatch):
    """A child takes half a second for a text and seconds for a picture. The same file again gets the same answers."""
    ask = children.answers

    def answers(module, file, *, limits, arguments):
        content = os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)
        question = repr((module, content, limits, sorted(arguments.items()), get_language()))
        if question not in _answers:
            _answers[question] = list(ask(module, file, limits=limits, arguments=arguments))
        file.seek(0, os.SEEK_END)  # where the child leaves it
        yield from _answers[question]

    monkeypatch.setattr(children, "answers", answers)


@pytest.fixture
def reader(no_worker, _read_once, monkeypatch):
    """Reads each upload at once, like an idle worker."""
    from personas import tasks

    monkeypatch.setattr(tasks.read_uploads, "delay", tasks.read_uploads)
    return no_worker


@pytest.fixture
def busy(no_worker, monkeypatch):
    """A busy worker. Returns the ids of the people whose files wait."""
    from personas import tasks

    queue = []
    monkeypatch.setattr(tasks.read_uploads, "delay", queue.append)
    return queue


@pytest.fixture
def quiet_filter(monkeypatch):
    """Allows every text and records it. It proves nothing about the filter."""
    judged_texts = []

    def allow(texts, *, direction):
        judged_texts.extend(texts)
        return [SimpleNamespace(action=RuleAction.ALLOW, category="") for _ in texts]

    monkeypatch.setattr(assessment, "assess_many", allow)
    return judged_texts
