"""A filter that lets everything pass, for tests of what is not the filter, and files kept apart."""

from types import SimpleNamespace

import pytest

from moderation.filter import assessment
from moderation.models import RuleAction
from tests import factories


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _rules(request):
    """The filter's rules, which an earlier transactional test has emptied from their table."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        request.getfixturevalue("db")
        factories.make_policy()


@pytest.fixture
def no_worker(monkeypatch):
    """Nothing is queued: the broker of the tests has no worker."""
    from personas import tasks

    queued = []
    for task in (tasks.read_uploads, tasks.embed_passages):
        monkeypatch.setattr(task, "delay", lambda *ids, name=task.name: queued.append((name, *ids)))
    return queued


@pytest.fixture
def reader(no_worker, monkeypatch):
    """What is uploaded is read at once, as by a worker that has nothing else to do."""
    from personas import tasks

    monkeypatch.setattr(tasks.read_uploads, "delay", tasks.read_uploads)
    return no_worker


@pytest.fixture
def busy(no_worker, monkeypatch):
    """A worker that has something else to do: the people whose files wait."""
    from personas import tasks

    queue = []
    monkeypatch.setattr(tasks.read_uploads, "delay", queue.append)
    return queue


@pytest.fixture
def quiet_filter(monkeypatch):
    """Proves nothing of the filter: it allows every text, and remembers what it was asked."""
    asked = []

    def allow(texts, *, direction):
        asked.extend(texts)
        return [SimpleNamespace(action=RuleAction.ALLOW, category="") for _ in texts]

    monkeypatch.setattr(assessment, "assess_many", allow)
    return asked
