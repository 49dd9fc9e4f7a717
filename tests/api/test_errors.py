"""Who is let in, what of, how much, and what a wrong request is told."""

import asyncio
import json
from base64 import b64decode
from contextlib import suppress
from struct import unpack

import pytest
from django.db import DataError
from django.utils import timezone

from accounts.usage import quotas
from api import completions, keys, queueing, tasks
from api.models import ApiKey
from tests import factories
from tests.api.conftest import ApiClient
from text import cleaning

HELLO = [{"role": "user", "content": "How is the lighthouse?"}]


@pytest.fixture
def ada(alice):
    return factories.make_persona(owner=alice)


def chat(client, persona, **more):
    return client.post("chat/completions", {"model": str(persona.pk), "messages": HELLO, **more})


# --- Keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["", "sk-aw-nobody", "名"])
def test_without_a_key_nothing_opens(db, secret):
    answer = ApiClient(secret).get("models")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (401, "invalid_api_key", "authentication_error")


def test_a_session_is_no_key(client, alice):
    client.force_login(alice)
    assert client.get("/v1/models").status_code == 401


def test_a_revoked_key_and_one_of_a_closed_account_open_nothing(alice, alices, client_of):
    assert alices.get("models").status_code == 200
    keys.revoke(user=alice, key_id=ApiKey.objects.get(user=alice).pk)
    assert alices.get("models").status_code == 401
    again = client_of(alice)
    alice.is_active = False
    alice.save()
    assert again.get("models").status_code == 401


def test_only_a_digest_is_kept_and_the_last_use(alice, alices):
    key = ApiKey.objects.get(user=alice)
    assert alices.secret not in str(vars(key))
    assert alices.secret.startswith(key.prefix)
    assert key.last_used_at is None
    alices.get("models")
    key.refresh_from_db()
    assert (timezone.now() - key.last_used_at).total_seconds() < 60


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("models", "models", None),
        ("chat", "chat/completions", {"messages": HELLO}),
        ("embeddings", "embeddings", {"model": "all-minilm-l6-v2", "input": "a"}),
        ("moderations", "moderations", {"input": "a"}),
    ],
)
def test_a_key_opens_only_its_scopes(alice, ada, client_of, scope, path, body, speak):
    speak("Yes.")
    if scope == "chat":
        body = body | {"model": str(ada.pk)}
    others = [other for other in ("models", "chat", "embeddings", "moderations") if other != scope]
    for scopes, expected in ((others, 403), ([scope], 200)):
        client = client_of(alice, scopes=scopes)
        answer = client.get(path) if body is None else client.post(path, body)
        assert answer.status_code == expected, answer.json()


def test_a_person_cannot_take_the_owners_scope(alice):
    with pytest.raises(keys.KeyRefused):
        keys.create(user=alice, label="x", scopes=["base"])
    with pytest.raises(keys.KeyRefused):
        keys.create(user=alice, label="x", scopes=["everything"])


def test_nobody_has_keys_without_end(alice):
    for _ in range(keys.MOST_KEYS):
        keys.create(user=alice, label="x", scopes=["chat"])
    with pytest.raises(keys.KeyRefused):
        keys.create(user=alice, label="x", scopes=["chat"])


# --- Models -------------------------------------------------------------------------------------


def test_the_list_has_ones_own_and_shared_personas_and_for_the_owner_base_models(alices, olga, ada, client_of, speak):
    speak("Yes.")
    ids = {entry["id"]: entry for entry in alices.get("models").json()["data"]}
    assert ids[str(ada.pk)]["name"] == "Ada"
    assert "Samantha" in [entry.get("name") for entry in ids.values()]
    assert {"all-minilm-l6-v2", "afterword-moderation"} <= ids.keys()
    assert "script-1" not in ids
    owners = {entry["id"] for entry in client_of(olga).get("models").json()["data"]}
    assert "script-1" in owners
    assert str(ada.pk) not in owners


def test_a_model_is_found_by_id_name_and_slug(alices, alice, speak):
    speak("Yes.")
    persona = factories.make_persona(owner=alice, name="Miss Jane 张")
    for name in (str(persona.pk), "Miss Jane 张", "miss-jane-张"):
        assert alices.get(f"models/{name}").json()["id"] == str(persona.pk)
        answer = alices.post("chat/completions", {"model": name, "messages": HELLO})
        assert answer.json()["model"] == str(persona.pk)


def test_a_name_that_two_have_is_nobodys(alices, alice, ada):
    factories.make_persona(owner=alice, name="Ada")
    assert "2 personas" in alices.get("models/Ada").json()["error"]["message"]


def test_another_persons_persona_is_not_there(bob, ada, client_of, speak):
    speak("Yes.")
    bobs = client_of(bob)
    assert str(ada.pk) not in json.dumps(bobs.get("models").json())
    for name in (str(ada.pk), "Ada", "ada"):
        for answer in (
            bobs.get(f"models/{name}"),
            bobs.post("chat/completions", {"model": name, "messages": HELLO}),
            bobs.post("completions", {"model": name, "prompt": "Hello"}),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


# --- Quotas -------------------------------------------------------------------------------------


def test_a_key_has_a_limit_of_messages_of_its_own(alice, ada, client_of, speak):
    speak("Yes.")
    one = client_of(alice, messages_per_day=1)
    assert chat(one, ada).status_code == 200
    refused = chat(one, ada)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 0 < int(refused.headers["Retry-After"]) <= 86400
    assert chat(client_of(alice), ada).status_code == 200


def test_tokens_are_counted_when_an_answer_has_cost_them(alice, ada, client_of, speak):
    speak("Yes.")
    one = client_of(alice, tokens_per_day=8)
    assert chat(one, ada).status_code == 200  # 7 + 1
    assert chat(one, ada).status_code == 429


def test_a_program_and_the_browser_do_not_use_up_each_others_messages(alice, alices, ada, settings, speak):
    speak("Yes.")
    settings.QUOTAS = settings.QUOTAS | {"messages": (1, settings.QUOTAS["messages"][1])}
    assert chat(alices, ada, n=2).status_code == 200
    assert not any(meter.used for meter in quotas.meters(alice))
    quotas.spend(user=alice, kind="messages")
    assert chat(alices, ada).status_code == 200


def test_an_owners_key_has_its_limits_too(olga, client_of, speak):
    speak("Yes.")
    few = client_of(olga, messages_per_day=1)
    said = {"model": "samantha", "messages": HELLO}
    assert few.post("chat/completions", said).status_code == 200
    assert few.post("chat/completions", said).status_code == 429


def test_embeddings_and_moderations_have_their_limits(alice, client_of):
    few = client_of(alice, tokens_per_day=5, messages_per_day=1)
    assert few.post("embeddings", {"model": "all-minilm-l6-v2", "input": "a b c d e f g"}).status_code == 429
    assert few.post("moderations", {"input": ["a", "b"]}).status_code == 429


# --- Wrong requests -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant", "content": None}]}, "messages"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": None}]}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "a", "mood": "sad"}]}, "messages[0].mood"),
        ({"messages": [{"role": "assistant", "content": "a", "tool_calls": [{"id": "1"}]}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages"),
        ({"messages": [{"role": "user", "content": "a" * 8001}]}, "messages"),
        ({"temperature": 3}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": 9}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -2}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"top_p": 0}, "top_p"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"presence_penalty": "high"}, "presence_penalty"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logit_bias": {"50256": -100}}, "logit_bias"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"best_of_all": 1}, "best_of_all"),
    ],
)
def test_a_wrong_parameter_is_named(alices, ada, wrong, param):
    answer = chat(alices, ada, **wrong)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["type"]) == (400, param, "invalid_request_error")
    assert error["message"]


def test_what_changes_nothing_is_taken(alices, ada, speak):
    speak("Yes.")
    harmless = {"user": "u", "metadata": {"a": "b"}, "store": False, "tools": [], "response_format": {"type": "text"}}
    assert chat(alices, ada, **harmless, n=None, stop=None, temperature=None).status_code == 200


def test_bodies_that_are_no_json_or_too_large(alices, settings):
    for body, status in ((b"{", 400), (b"[1]", 400), (b"\xff", 400), (b" " * (settings.API_BODY + 1), 413)):
        answer = alices.post("chat/completions", body)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]


def test_a_body_that_is_refused_costs_and_is_read_in_a_thread(alice, client_of, monkeypatch):
    loops = []
    parsed = cleaning.parsed_json

    def watched(*args, **options):
        with suppress(RuntimeError):
            loops.append(asyncio.get_running_loop())
        return parsed(*args, **options)

    monkeypatch.setattr(cleaning, "parsed_json", watched)
    client = client_of(alice, messages_per_day=1, tokens_per_day=1_000)
    many = b'{"model":"x","messages":[],"metadata":[' + b",".join([b"[]"] * 100_000) + b"]}"
    answer = client.post("chat/completions", many)
    assert answer.status_code == 400
    assert "values" in answer.json()["error"]["message"]
    assert client.post("moderations", many).status_code == 429
    assert [client.post("embeddings", b"{").status_code for _ in range(2)] == [400, 429]
    assert loops == []


def test_wrong_methods_and_addresses_are_told_in_the_same_shape(alices):
    assert alices.get("chat/completions").status_code == 405
    for path in ("", "nothing", "chat/nothing"):
        answer = alices.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")


def test_a_fault_of_ours_is_an_error_of_the_same_shape(alices, ada, monkeypatch):
    from api import admission

    def broken(key, body):
        raise ValueError("with somebody's words")

    monkeypatch.setattr(admission, "chat", broken)
    answer = chat(alices, ada)
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "server_error")
    assert "words" not in answer.text


# --- Embeddings and moderations -------------------------------------------------------------------


def test_vectors_come_as_numbers_and_as_base64(alices):
    asked = {"model": "all-minilm-l6-v2", "input": ["A lighthouse.", "灯塔"]}
    body = alices.post("embeddings", asked).json()
    first = body["data"][0]["embedding"]
    assert [row["index"] for row in body["data"]] == [0, 1]
    assert len(first) == 384
    assert sum(value * value for value in first) == pytest.approx(1, abs=1e-4)
    assert body["usage"]["prompt_tokens"] == body["usage"]["total_tokens"] > 5
    coded = alices.post("embeddings", asked | {"encoding_format": "base64"}).json()["data"][0]["embedding"]
    assert list(unpack("<384f", b64decode(coded))) == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"model": "text-embedding-3-small"}, 404, "model"),
        ({"input": ""}, 400, "input[0]"),
        ({"input": [[1, 2, 3]]}, 400, "input[0]"),
        ({"input": ["a", "word " * 300]}, 400, "input[1]"),
        ({"dimensions": 10}, 400, "dimensions"),
        ({"encoding_format": "int8"}, 400, "encoding_format"),
    ],
)
def test_a_wrong_embedding_request_is_told_where(alices, wrong, status, param):
    answer = alices.post("embeddings", {"model": "all-minilm-l6-v2", "input": "a", **wrong})
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


def test_moderations_say_what_the_filter_says(alices):
    asked = {"model": "omni-moderation-latest", "input": ["A walk by the river.", "I will kill you, bitch."]}
    calm, threat = alices.post("moderations", asked).json()["results"]
    assert (calm["flagged"], any(calm["categories"].values())) == (False, False)
    assert threat["flagged"]
    assert threat["categories"]["harassment/threatening"]
    assert 0 <= min(threat["category_scores"].values()) <= max(threat["category_scores"].values()) <= 1


def test_a_crisis_is_flagged_as_self_harm(alices):
    result = alices.post("moderations", {"input": "I want to kill myself tonight."}).json()["results"][0]
    assert result["flagged"]
    assert result["categories"]["self-harm/intent"]


def test_an_error_that_would_come_again_is_told_as_such(alices, ada, speak, monkeypatch):
    monkeypatch.setattr(queueing, "hand_over", lambda job_ids, account: [tasks.complete(str(each)) for each in job_ids])
    monkeypatch.setattr(completions, "_settle", lambda *args: (_ for _ in ()).throw(DataError("NUL")))
    speak("Hello. ", "There.")
    answer = chat(alices, ada)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "site_error")
    assert "restart" not in answer.json()["error"]["message"]
