"""The admin's page of engines: its content, its switch, and its permissions."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generation.engine import Usage
from generation.models import EngineEntry
from generation.routing import engine_rows, failovers, spending
from generation.routing.failovers import Failure
from moderation.models import AuditEntry
from persona_site.redis import connection

pytestmark = pytest.mark.django_db
LIST = "admin:generation_engineentry_changelist"


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    client.force_login(olga)
    EngineEntry.objects.all().delete()
    far = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "words"}
    EngineEntry.objects.create(name="far", order=1, tokens_per_day=100, **far)
    EngineEntry.objects.create(name="near", order=2, kind="transformers")
    connection().delete("generation:failovers")
    return client


@pytest.fixture
def beats() -> Iterator[None]:
    """Two workers: one reports the remote engine as healthy, the other does not."""
    shared = {"model": "words", "device": "remote", "version": "1", "since": "2026-01-01T10:00:00+00:00"}
    figures = {"tokens_per_second": 12.5, "first_token_ms": 80, "speaking": 2}
    for worker, ok in (("generation@a", True), ("generation@b", False)):
        engine = {"name": "far", "ok": ok, "detail": "" if ok else "The server answered 500.", "breaker": "closed"}
        beat = {"worker": worker, "at": "2026-01-01T10:00:00Z", "figures": [], "engines": [engine | shared | figures]}
        connection().set(f"generation:worker:{worker}", json.dumps(beat), ex=30)
    yield
    connection().delete("generation:worker:generation@a", "generation:worker:generation@b")


def page(desk: Client) -> str:
    return desk.get(reverse(LIST)).content.decode()


def states(desk: Client) -> dict[str, str]:
    return {engine.entry.name: engine.state for engine in desk.get(reverse(LIST)).context["engines"]}


def switch(desk: Client, name: str, to: str) -> Any:
    return desk.post(reverse("admin:generation_engineentry_switch", args=[name]), {"to": to}, follow=True)


def test_the_page_shows_health_speed_spend_and_why_it_failed(desk: Client, beats: None) -> None:
    spending.record(entry=engine_rows.named("far"), account="7", usage=Usage(30, 0, 10, is_estimated=True))
    failovers.record([Failure("far", "engine_silent", "The server fell silent.", 4, taken_over_by="near")])
    text = page(desk)
    for shown in (
        "25.0 tokens/s",
        "80 ms",
        "4 replies",
        "40 tokens (40 estimated)",
        "40 of 100 tokens",
        "The server answered 500.",
        "The server fell silent.",
        "after 4 tokens",
        "near continued the reply.",
        "generation@b",
    ):
        assert shown in text
    assert states(desk) == {"far": "ready", "near": "unreported"}


def test_a_spent_budget_and_a_switched_off_engine_are_seen(desk: Client, beats: None) -> None:
    spending.record(entry=engine_rows.named("far"), account="7", usage=Usage(100, 0, 1))
    switch(desk, "near", "off")
    assert states(desk) == {"far": "budget", "near": "off"}


def test_the_switch_works_at_once_and_leaves_a_trail(desk: Client, olga: User) -> None:
    assert "The engine far is switched off from the next reply on." in switch(desk, "far", "off").content.decode()
    assert [entry.name for entry in engine_rows.candidates()] == ["near"]
    assert "All engines are off" in switch(desk, "near", "off").content.decode()
    assert engine_rows.candidates() == []
    switch(desk, "far", "on")
    assert [entry.name for entry in engine_rows.candidates()] == ["far"]
    trail = LogEntry.objects.order_by("id").values_list("user_id", "object_id", "change_message")
    assert list(trail) == [
        (olga.pk, "far", "Switched off."),
        (olga.pk, "near", "Switched off."),
        (olga.pk, "far", "Switched on."),
    ]
    recorded = [(entry.subject, entry.data) for entry in AuditEntry.objects.filter(action="engine.switched")]
    assert recorded == [
        ("engine:far", {"is_enabled": False}),
        ("engine:near", {"is_enabled": False}),
        ("engine:far", {"is_enabled": True}),
    ]


def test_r27_what_an_owner_changes_about_an_engine_is_in_the_trail(desk: Client, olga: User) -> None:
    desk.post(reverse("admin:generation_engineentry_delete", args=["far"]), {"post": "yes"})
    entry = AuditEntry.objects.get(action="engine.deleted")
    assert (entry.subject, entry.actor) == ("engine:far", f"user:{olga.pk}")


def test_the_switch_is_no_word_on_what_the_engine_is(desk: Client) -> None:
    EngineEntry.objects.filter(pk="far").update(follows_environment=True)
    switch(desk, "far", "off")
    assert EngineEntry.objects.get(pk="far").follows_environment


def test_the_switch_is_a_post_with_a_token(desk: Client, olga: User) -> None:
    address = reverse("admin:generation_engineentry_switch", args=["far"])
    assert desk.get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    assert strict.post(address, {"to": "off"}).status_code == 403
    assert engine_rows.named("far").is_enabled


def test_it_is_the_owners_alone(desk: Client, mina: User) -> None:
    desk.force_login(mina)
    assert desk.get(reverse(LIST)).status_code == 403
    assert desk.post(reverse("admin:generation_engineentry_switch", args=["far"]), {"to": "off"}).status_code == 403
    assert engine_rows.named("far").is_enabled


def test_a_saved_row_no_longer_follows_the_environment(desk: Client) -> None:
    EngineEntry.objects.filter(pk="far").update(follows_environment=True)
    form = reverse("admin:generation_engineentry_change", args=["far"])
    fields = desk.get(form).context["adminform"].form.initial
    sent = {name: value for name, value in fields.items() if value is not None} | {"model": "other"}
    answer = desk.post(form, sent, follow=True)
    assert "instead of ENGINES and OPENAI_*" in answer.content.decode()
    entry = EngineEntry.objects.get(pk="far")
    assert (entry.model, entry.follows_environment) == ("other", False)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("far", "17", "The number of candidates must be between 1 and 16. You entered 17."),
        ("far", "0", "The number of candidates must be between 1 and 16. You entered 0."),
        ("whole", "4", "The engine continuous_batching cannot choose among candidates."),
        ("far", "4", ""),
        ("near", "", ""),
        ("whole", "1", ""),
    ],
)
def test_the_owner_says_how_many_candidates_an_engine_draws(desk: Client, name: str, typed: str, sentence: str) -> None:
    EngineEntry.objects.create(name="whole", order=3, kind="continuous_batching")
    form = reverse("admin:generation_engineentry_change", args=[name])
    fields = desk.get(form).context["adminform"].form.initial
    sent = {field: value for field, value in fields.items() if value is not None} | {"candidates": typed}
    assert sentence in desk.post(form, sent, follow=True).content.decode()
    kept = int(typed) if typed and not sentence else None
    assert EngineEntry.objects.get(pk=name).candidates == kept


def test_what_cannot_work_is_refused_in_the_form(desk: Client) -> None:
    add = reverse("admin:generation_engineentry_add")
    sent = {"name": "half", "kind": "openai", "order": 5, "weight": 1, "context_length": 8192, "prompt_form": "chat"}
    assert "A remote engine needs this field." in desk.post(add, sent).content.decode()
    assert not EngineEntry.objects.filter(pk="half").exists()


def test_the_page_stands_while_redis_is_away(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    from generation import overview

    def away() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(overview.worker, "connection", away)
    monkeypatch.setattr(overview.waiting_room, "connection", away)
    monkeypatch.setattr(overview.failovers, "connection", away)
    assert "Redis does not answer" in page(desk)
