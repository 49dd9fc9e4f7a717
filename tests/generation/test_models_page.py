"""The owner's page Models: what it shows, what its forms do, and who may open it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generation import machine, model_page, tasks, views
from generation.catalogue import model_rows
from generation.models import EngineEntry, ModelEntry, ModelTrial, TrialStatus
from generation.trials import look, running
from moderation.models import AuditEntry
from persona_site.redis import connection
from tests.generation.engines import tiny_models
from tests.model_server import ModelServer

pytestmark = pytest.mark.django_db
PAGE = "generation:models"
WORKER = "generation:worker:generation@page"


@pytest.fixture
def desk(client: Client, olga: User, far_server: ModelServer) -> Client:
    client.force_login(olga)
    EngineEntry.objects.all().delete()
    EngineEntry.objects.create(
        name="far", kind="openai", base_url=far_server.url("ok"), model="words", context_length=4096
    )
    connection().delete("generation:look")
    return client


@pytest.fixture
def worker_performs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task runs when it is queued."""
    monkeypatch.setattr(tasks.try_model, "delay", lambda trial_id: tasks.try_model(trial_id))
    monkeypatch.setattr(tasks.look_for_servers, "delay", lambda: tasks.look_for_servers())


@pytest.fixture
def beat() -> Iterator[None]:
    """A worker with a card reports the engine, while it writes two replies."""
    engine = {
        "name": "far", "model": "words", "device": "remote", "version": "1", "ok": True, "detail": "", "since": None,
        "breaker": "closed", "tokens_per_second": 12.5, "first_token_ms": 1080, "speaking": 2,
        "reply_tokens_per_second": 7.5,
    }  # fmt: skip
    host = machine.Machine("host-7", 2, 23 * 1024, 9 * 1024, (machine.Card("NVIDIA L4", 24 * 1024),))
    beat = {"worker": "w", "at": "", "figures": [], "engines": [engine], "machine": machine.as_json(host)}
    connection().set(WORKER, json.dumps(beat), ex=30)
    yield
    connection().delete(WORKER)


def page(desk: Client) -> str:
    return desk.get(reverse(PAGE)).content.decode()


def post(desk: Client, name: str, data: dict[str, Any] | None = None, **kwargs: Any) -> Any:
    return desk.post(reverse(f"generation:{name}", kwargs=kwargs or None), data or {}, follow=True)


def test_the_page_shows_what_runs_and_what_could(desk: Client, beat: None) -> None:
    text = page(desk)
    for shown in (
        "words",
        "Ready",
        "Answers first",
        "12.5 tokens a second for 2 replies",
        "first token after 1,080 ms, then 7.5 tokens a second",
        "4,096 tokens",
        "as its maker says",
        "host-7",
        "23 GB, of which 9 GB are free",
        "models up to about 27 billion parameters in 4 bits",
        "The card NVIDIA L4 has 24 GB",
        "SmolLM2 135M Instruct",
        "languages: English",
        "There are no models in this folder yet.",
        "Nothing yet. Trials that fail are kept here",
    ):
        assert shown in text


def test_the_owner_finds_the_page_in_the_menu_and_others_do_not(desk: Client, mina: User) -> None:
    link = f'href="{reverse(PAGE)}"'
    assert link in desk.get("/").content.decode()
    desk.force_login(mina)
    assert link not in desk.get("/").content.decode()


def addresses() -> list[str]:
    trial = ModelTrial.objects.create(status="failed")
    plain = ("models", "found", "installed", "look", "add", "try_installed", "try_server", "switch_back")
    of_trial = ("trial", "trial_progress", "switch")
    return [reverse(f"generation:{name}") for name in plain] + [
        reverse(f"generation:{name}", args=[trial.pk]) for name in of_trial
    ]


def test_it_is_the_owners_alone(desk: Client, alice: User, mina: User) -> None:
    for person in (alice, mina):
        desk.force_login(person)
        for address in addresses():
            assert {desk.get(address).status_code, desk.post(address).status_code} == {404}, address
    desk.logout()
    for address in addresses():
        assert desk.get(address).headers["Location"].startswith("/account/login/")


def test_each_change_is_a_post_with_a_token(desk: Client, olga: User) -> None:
    trial = ModelTrial.objects.create(status="done", base_url="http://127.0.0.1:9/v1", model="m")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    changes = [reverse(f"generation:{name}") for name in ("look", "try_installed", "try_server", "switch_back")]
    for address in [*changes, reverse("generation:switch", args=[trial.pk])]:
        assert strict.get(address).status_code == 405
        assert strict.post(address).status_code == 403


def test_no_server_is_asked_before_the_button_is_pressed(
    desk: Client, far_server: ModelServer, monkeypatch: pytest.MonkeyPatch, worker_performs: None
) -> None:
    place = look.Place("llama.cpp", far_server.port)
    monkeypatch.setattr(look, "PLACES", (place,))
    asked = len(far_server.keys)
    page(desk)
    desk.get(reverse("generation:found"))
    assert len(far_server.keys) == asked
    text = post(desk, "look").content.decode()
    assert len(far_server.keys) == asked + 1
    assert 'aria-label="Try words"' in text
    assert "1.5 billion parameters" in text
    assert "window 2,048 tokens" in text


def test_a_look_that_is_under_way_refreshes_without_scripts(desk: Client) -> None:
    look.begin()
    text = page(desk)
    assert "Looking. This takes a few seconds." in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "data-under-way" in desk.get(reverse("generation:found")).content.decode()


def test_a_server_is_tried_and_switched_to_by_forms_alone(
    desk: Client, far_server: ModelServer, worker_performs: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post(desk, "try_server", {"base_url": far_server.url("several"), "model": "more/words-8b"})
    trial = ModelTrial.objects.get()
    shown = desk.get(reverse("generation:trial", args=[trial.pk])).content.decode()
    assert shown.count("One two three four five.") == 6
    assert "Switch to more/words-8b?" in shown
    text = post(desk, "switch", trial_id=trial.pk).content.decode()
    assert "more/words-8b answers from the next reply on." in text
    assert [row.name for row in EngineEntry.objects.all()] == ["words-8b", "far"]
    text = post(desk, "switch_back").content.decode()
    assert "The switch to more/words-8b is taken back." in text
    assert not EngineEntry.objects.get(pk="words-8b").is_enabled
    assert AuditEntry.objects.count() == 2
    assert "There is no switch to take back." in post(desk, "switch_back").content.decode()


def test_an_address_without_a_path_gets_the_usual_one(desk: Client) -> None:
    post(desk, "try_server", {"base_url": "http://127.0.0.1:9/ "})
    assert ModelTrial.objects.get().base_url == "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"base_url": "127.0.0.1:9"}, "Begin with http:// or https://."),
        ({"base_url": "http://127.0.0.1:8000/v1"}, "This is the address of this site itself."),
        ({"base_url": "http://a:99999999/v1"}, "This address has no valid host or port."),
        ({"base_url": "http://[::1/v1"}, "This address has no valid host or port."),
        ({"base_url": "http://127.0.0.1:9", "key_variable": "SECRET_KEY"}, "Write a name that ends with _API_KEY."),
        ({"base_url": "http://127.0.0.1:9", "context_length": "3"}, "greater than or equal to 128"),
    ],
)
def test_a_wrong_entry_is_told_and_kept(desk: Client, settings: Any, data: dict[str, str], says: str) -> None:
    settings.PORT = 8000
    answer = post(desk, "try_server", {"model": "a-model-that-i-typed", **data})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert "a-model-that-i-typed" in text
    assert not ModelTrial.objects.exists()


def test_a_refusal_keeps_what_was_typed(desk: Client) -> None:
    ModelTrial.objects.create()
    text = post(desk, "try_server", {"base_url": "http://127.0.0.1:9/v1", "model": "typed"}).content.decode()
    assert "Another model is being tried." in text
    assert 'value="typed"' in text


def test_a_key_is_never_on_a_page(
    desk: Client, far_server: ModelServer, monkeypatch: pytest.MonkeyPatch, worker_performs: None,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    monkeypatch.setenv("FAR_API_KEY", "s3cret-key")
    with django_capture_on_commit_callbacks(execute=True):
        post(desk, "try_server", {"base_url": far_server.url("guarded"), "key_variable": "FAR_API_KEY"})
    trial = ModelTrial.objects.get()
    shown = desk.get(reverse("generation:trial", args=[trial.pk])).content.decode() + page(desk)
    assert "refuses the key (answer 401)" in shown
    assert "FAR_API_KEY" in shown
    assert "s3cret-key" not in shown
    assert not [value for value in vars(trial).values() if "s3cret-key" in str(value)]


def test_several_models_are_offered_as_buttons(
    desk: Client, far_server: ModelServer, worker_performs: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post(desk, "try_server", {"base_url": far_server.url("several")})
    shown = desk.get(reverse("generation:trial", args=[ModelTrial.objects.get().pk])).content.decode()
    assert 'name="model" value="more/words-8b"' in shown


def test_a_failed_trial_can_be_begun_again_as_it_was(desk: Client) -> None:
    ModelTrial.objects.create(status="failed", base_url="http://127.0.0.1:9/v1", model="m", context_length=512)
    shown = desk.get(reverse("generation:trial", args=[ModelTrial.objects.get().pk])).content.decode()
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', shown))
    post(desk, "try_server", {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"})
    again = ModelTrial.objects.get(status="running")
    assert (again.base_url, again.model, again.context_length) == ("http://127.0.0.1:9/v1", "m", 512)


def test_names_of_a_server_are_escaped(desk: Client) -> None:
    trial = ModelTrial.objects.create(status="failed", model="<script>1</script>", offered=["<b>"], error="<i>")
    for shown in (page(desk), desk.get(reverse("generation:trial", args=[trial.pk])).content.decode()):
        assert "<script>1" not in shown
        assert "<b>" not in shown
        assert "<i>" not in shown


def test_a_running_trial_refreshes_without_scripts(desk: Client) -> None:
    trial = ModelTrial.objects.create(step="Asking the server for its models", base_url="http://127.0.0.1:9/v1")
    address = reverse("generation:trial", args=[trial.pk])
    text = desk.get(address).content.decode()
    assert "Asking the server for its models." in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "data-under-way" in desk.get(f"{address}progress/").content.decode()
    assert "See how far it is" in page(desk)


def test_failures_are_listed_with_their_reasons(desk: Client) -> None:
    ModelTrial.objects.create(status=TrialStatus.FAILED, base_url="http://gpu/v1", error="Nothing answers there.")
    text = page(desk)
    assert "Nothing answers there." in text
    assert "http://gpu/v1" in text


def test_trials_run_where_the_engines_are(settings: Any) -> None:
    routes = settings.CELERY_TASK_ROUTES
    for task in (tasks.try_model, tasks.look_for_servers):
        assert routes[task.name] == {"queue": "generation"}


def test_the_page_stands_while_redis_is_away(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(model_page.worker, "connection", away)
    monkeypatch.setattr(look, "connection", away)
    assert "No generation worker has reported its machine yet." in page(desk)
    assert "Redis does not answer, so nobody can look." in post(desk, "look").content.decode()


# --- Models of this machine --------------------------------------------------------------------------


@pytest.fixture
def shelf(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.STATE_DIR, settings.MODEL_FOLDERS = tmp_path / "state", [str(tmp_path / "shelf")]
    tiny_models.gpt2(tmp_path / "shelf" / "gpt2")
    monkeypatch.setattr(views.install_model, "delay", lambda name, activate: None)
    return tmp_path / "shelf"


def test_a_folder_is_added_by_its_path(desk: Client, shelf: Path, django_capture_on_commit_callbacks: Any) -> None:
    address = reverse("generation:add")
    assert f"{address}?path={shelf / 'gpt2'}".replace("/", "%2F")[-20:] in page(desk)
    form = desk.get(address, {"path": str(shelf / "gpt2")})
    fields = form.context["form"]
    sent = {name: fields[name].value() or "" for name in fields.fields} | {"path": str(shelf / "gpt2")}
    text = desk.post(address, sent, follow=True).content.decode()
    assert "gpt2 is being installed." in text
    assert ModelEntry.objects.get(pk="gpt2").path == str(shelf / "gpt2")
    again = desk.post(address, sent)
    assert (again.status_code, "There is already a model called gpt2" in again.content.decode()) == (422, True)


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc", "", "gpt2", "\x00", "a" * 5000])
def test_no_other_path_is_read(desk: Client, shelf: Path, path: str) -> None:
    for answer in (
        desk.get(reverse("generation:add"), {"path": path}, follow=True),
        desk.post(reverse("generation:add"), {"path": path}, follow=True),
    ):
        assert answer.redirect_chain
        fault = "You entered" if path.strip("\x00") else "This is not the path of a folder or file."
        assert fault in answer.content.decode()
    assert not ModelEntry.objects.exclude(path="").exists()


def test_an_installation_shows_its_progress_and_its_failure(desk: Client) -> None:
    model_rows.entries()
    row = ModelEntry.objects.filter(pk="gemma3-270m")
    row.update(status="installing", progress=40, step="Copying")
    address = reverse("generation:installed")
    text = desk.get(address).content.decode()
    assert 'value="40"' in text
    assert "data-under-way" in text
    row.update(status="failed", error="The disk is full.")
    text = desk.get(address).content.decode()
    assert "The installation failed. The disk is full." in text
    assert "data-under-way" not in text


def test_an_installed_model_is_tried_by_its_button(
    desk: Client, monkeypatch: pytest.MonkeyPatch, worker_performs: None, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(model_rows, "is_installed", lambda name: True)
    model_rows.entries()
    ModelEntry.objects.filter(pk="gemma3-270m").update(status="ready")
    assert 'aria-label="Try Gemma 3 270M"' in page(desk)
    tried: list[str] = []
    monkeypatch.setattr(running, "run", lambda trial_id: tried.append(str(trial_id)))
    with django_capture_on_commit_callbacks(execute=True):
        post(desk, "try_installed", {"name": "gemma3-270m"})
    assert tried == [str(ModelTrial.objects.get().pk)]
    assert post(desk, "try_installed", {"name": "nothing"}).status_code == 404
