"""Every fault of a server gives a sentence that says what to do, within a bounded time and memory."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from generation.models import EngineEntry
from generation.trials import servers
from generation.trials.servers import ServedModel, ServerFault
from tests.model_server import ModelServer
from tests.site import free_port


def at(server: ModelServer, scenario: str, **fields: Any) -> EngineEntry:
    return EngineEntry(kind="openai", base_url=server.url(scenario), **{"model": "words", **fields})


def fault(entry: EngineEntry) -> str:
    with pytest.raises(ServerFault) as raised:
        servers.models(entry)
    return str(raised.value)


def test_a_server_says_its_models_their_window_and_size(far_server: ModelServer) -> None:
    assert servers.models(at(far_server, "ok")) == [ServedModel("words", 2048, 1.5)]
    assert [model.name for model in servers.models(at(far_server, "several"))] == ["words", "more/words-8b"]


def test_the_key_of_the_named_variable_is_sent(far_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAR_API_KEY", "s3cret")
    servers.models(at(far_server, "ok", key_variable="FAR_API_KEY"))
    assert far_server.keys[-1] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("scenario", "says", "what_to_do"),
    [
        ("guarded", "wants a key (answer 401)", "Name the environment variable"),
        ("bare", "has no model", "Load one there"),
        ("unnamed", "not as a model server", "Check the address and the port"),
        ("page", "not as a model server", "Check the address and the port"),
        ("array", "not as a model server", "Check the address and the port"),
        ("endless", "larger than 1 MB", "Check the address and the port"),
        ("redirects", "sends requests on to another address (answer 302)", "Enter that address itself"),
    ],
)
def test_each_fault_says_what_to_do(far_server: ModelServer, scenario: str, says: str, what_to_do: str) -> None:
    text = fault(at(far_server, scenario))
    assert says in text
    assert what_to_do in text
    assert far_server.url(scenario) in text
    assert text.endswith(".")


def test_a_wrong_key_names_its_variable_and_not_the_key(
    far_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAR_API_KEY", "s3cret")
    text = fault(at(far_server, "guarded", key_variable="FAR_API_KEY"))
    assert "refuses the key (answer 401). Put the right key into FAR_API_KEY" in text
    assert "s3cret" not in text


def test_a_missing_key_is_said_without_asking_the_server(far_server: ModelServer) -> None:
    asked = len(far_server.keys)
    text = fault(at(far_server, "ok", key_variable="NOT_THERE_API_KEY"))
    assert "NOT_THERE_API_KEY is empty" in text
    assert "NOT_THERE_API_KEY_FILE" in text
    assert len(far_server.keys) == asked


def test_a_key_may_be_missing_only_for_the_answer(far_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert servers.models(at(far_server, "locked"))
    with pytest.raises(ServerFault, match="wants a key"):
        servers.answer(at(far_server, "locked"))
    monkeypatch.setenv("FAR_API_KEY", "right")
    servers.answer(at(far_server, "locked", key_variable="FAR_API_KEY"))


def test_a_dead_port_is_told() -> None:
    entry = EngineEntry(kind="openai", base_url=f"http://127.0.0.1:{free_port()}/v1")
    with pytest.raises(servers.NobodyAnswers, match=r"Nothing answers at .* Start the server"):
        servers.models(entry)


@pytest.mark.parametrize("scenario", ["drips", "endless"])
def test_a_slow_server_costs_no_more_than_its_time(
    far_server: ModelServer, monkeypatch: pytest.MonkeyPatch, scenario: str
) -> None:
    """Bytes that come one by one do not prolong the limit."""
    monkeypatch.setattr(servers, "_LIST_S", 0.5)
    began = time.monotonic()
    text = fault(at(far_server, scenario))
    assert time.monotonic() - began < 30
    assert "within 0 seconds" in text or "larger than 1 MB" in text


def test_a_server_that_never_answers_a_message_is_given_up(
    far_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_TOKEN_S", 0.3)
    with pytest.raises(ServerFault, match="no complete answer within"):
        servers.answer(at(far_server, "mute"))


@pytest.mark.parametrize(("scenario", "says"), [("error_500", "answer 500"), ("too_long", "answer 400")])
def test_a_refused_message_is_told(far_server: ModelServer, scenario: str, says: str) -> None:
    with pytest.raises(ServerFault, match=says):
        servers.answer(at(far_server, scenario))


@pytest.fixture
def mumbling() -> Iterator[int]:
    """The port of a program that speaks no HTTP."""
    listener = socket.create_server(("127.0.0.1", 0))

    def mumble() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)

    thread = threading.Thread(target=mumble, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_program_without_http_is_told(mumbling: int) -> None:
    assert "does not speak HTTP" in fault(EngineEntry(kind="openai", base_url=f"http://127.0.0.1:{mumbling}/v1"))


@pytest.mark.parametrize("address", ["http://[::1/v1", "http://a:99999999/v1", "http://\x00/v1", "http://a b/v1"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    assert fault(EngineEntry(kind="openai", base_url=address))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/v1",
        "http://127.0.0.2:8000/v1",
        "http://localhost:8000/v1",
        "http://[::1]:8000/v1",
        "http://0.0.0.0:8000",
        f"http://{socket.gethostname()}:8000/v1",
        "https://afterword.example/v1",
        "https://afterword.example:443/v1",
    ],
)
def test_this_site_is_never_asked(settings: Any, address: str) -> None:
    settings.PORT, settings.SITE_URL = 8000, "https://afterword.example"
    assert "is the address of this site itself" in fault(EngineEntry(kind="openai", base_url=address))
    assert not servers.is_this_site("http://127.0.0.1:8080/v1")
    assert not servers.is_this_site("http://afterword.example:8000/v1")


@pytest.mark.parametrize("name", ["x" * 129, "a\nb", " words", "\x00", ""])
def test_a_name_that_no_row_can_hold_is_left_out(name: str) -> None:
    assert not servers._is_usable(name)


@pytest.mark.parametrize(
    ("size", "billions"),
    [("8.0B", 8.0), ("135M", 0.135), ("", None), (None, None), ("nanB", None), ("infB", None), ("9" * 400, None)],
)
def test_the_sizes_of_ollama_are_read(size: Any, billions: float | None) -> None:
    assert servers._billions(size) == billions
