import json

import pytest
from celery.signals import heartbeat_sent
from django.test import Client

from moderation.categories import ClassifierUnavailable
from persona_site import celery, health
from persona_site.redis import connection
from persona_site.tasks import HEARTBEAT_KEY, heartbeat, served_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client, mina):
    """A client that may see reasons. Visitors use `Client()`."""
    client.force_login(mina)
    return client


def test_healthz_is_plain_and_needs_no_store(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.content == b"ok\n"


def test_readyz_tells_every_part(client):
    state = client.get("/readyz").json()
    assert state["database"] == {"ok": True, "because": "", "ms": state["database"]["ms"]}
    assert state["redis"]["ok"]


def test_strangers_learn_of_each_part_only_whether_it_works(alice, monkeypatch, settings):
    def away(*args, **kwargs):
        raise ClassifierUnavailable

    monkeypatch.setattr(health, "assess", away)
    visitor = Client()
    visitor.force_login(alice)
    for stranger in (Client(), visitor):
        response = stranger.get("/readyz")
        assert response.status_code == 503
        state = response.json()
        assert set(state) == {"ok", *health.PARTS}
        assert {tuple(state[part]) for part in health.PARTS} == {("ok",)}
        assert state["classifier"] == {"ok": False}
    settings.METRICS_TOKEN = "right"
    state = Client().get("/readyz", headers={"Authorization": "Bearer right"}).json()
    assert state["classifier"]["because"] == "ClassifierUnavailable"
    assert state["workers"] == []


def test_readyz_is_503_while_redis_is_away_and_tells_no_address(client, settings):
    settings.REDIS_URL = "redis://user:a-secret@127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["redis"] == {"ok": False, "because": "ConnectionError", "ms": 0}
    assert b"a-secret" not in response.content
    assert b"127.0.0.1" not in response.content


def test_readyz_is_503_while_the_classifier_cannot_judge(client, monkeypatch):
    def away(*args, **kwargs):
        raise ClassifierUnavailable

    monkeypatch.setattr(health, "assess", away)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["classifier"]["because"] == "ClassifierUnavailable"


def test_readyz_tells_workers_and_their_engines_and_needs_one_that_works(client):
    connection().delete(HEARTBEAT_KEY)
    assert client.get("/readyz").json()["generation"]["because"] == "NothingReported"
    assert client.get("/readyz").json()["general"]["because"] == "NothingReported"
    heartbeat()
    engine = {"name": "openai", "model": "m", "device": "", "version": "1", "since": None}
    engine |= {"ok": True, "detail": "http://inner-address/v1"}
    beat = {"worker": "generation@here", "at": "2026-01-01T00:00:00Z", "engines": [engine], "figures": []}
    connection().set("generation:worker:test", json.dumps(beat), ex=30)
    try:
        response = client.get("/readyz")
        broken = beat | {"engines": [engine | {"ok": False}]}
        connection().set("generation:worker:test", json.dumps(broken), ex=30)
        assert not client.get("/readyz").json()["generation"]["ok"]
    finally:
        connection().delete("generation:worker:test")
    state = response.json()
    assert state["general"]["ok"]
    assert state["generation"]["ok"]
    assert state["workers"][0]["engines"][0]["model"] == "m"
    assert b"inner-address" not in response.content


def test_readyz_tells_that_a_worker_reads_uploads_however_busy_it_is(client, monkeypatch):
    connection().delete(served_key("imports"))
    assert client.get("/readyz").json()["imports"]["because"] == "NothingReported"
    monkeypatch.setattr(celery, "_queues", lambda: {"imports"})
    heartbeat_sent.send(sender=None)  # Celery sends this every 2 s, while tasks run
    assert client.get("/readyz").json()["imports"]["ok"]
    connection().delete(served_key("imports"))


def test_health_needs_no_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 301


def test_metrics_are_not_there_for_strangers_and_users(alice):
    visitor = Client()
    assert visitor.get("/metrics").status_code == 404
    visitor.force_login(alice)
    assert visitor.get("/metrics").status_code == 404


def test_metrics_are_there_for_moderators(client, mina):
    client.force_login(mina)
    response = client.get("/metrics")
    assert response.status_code == 200
    assert b"process_resident_memory_bytes" in response.content


@pytest.mark.parametrize(("sent", "status"), [("Bearer right", 200), ("Bearer wrong", 404), ("right", 404), ("", 404)])
def test_metrics_by_token(settings, sent, status):
    visitor = Client()
    settings.METRICS_TOKEN = "right"
    assert visitor.get("/metrics", headers={"Authorization": sent}).status_code == status


def test_no_token_set_lets_nobody_in():
    visitor = Client()
    assert visitor.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_a_part_that_breaks_in_an_unexpected_way_is_down_not_an_error_page(client, monkeypatch):
    def broken() -> None:
        raise RuntimeError("words of a person")

    monkeypatch.setitem(health.PARTS, "database", broken)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == {"ok": False}  # without the database, nobody is known as staff
    assert b"words of a person" not in response.content
