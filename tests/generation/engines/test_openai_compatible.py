import threading
import time
from typing import Any

import pytest

from generation.engine import (
    EngineFailed,
    EngineSilent,
    EngineUnavailable,
    Prompt,
    PromptMessage,
    Sampling,
    Token,
    Usage,
)
from generation.engines.openai_compatible import OpenAICompatibleEngine
from tests.model_server import ModelServer
from tests.waiting import wait_until

TRANSCRIPT = Prompt(form="transcript", text="You: Hello\nAda:", stop=("\nYou:",))
CHAT = Prompt(form="chat", messages=(PromptMessage("system", "You are Ada."), PromptMessage("user", "Hello")))


def engine_at(server: ModelServer, scenario: str, *, seconds: float = 20) -> OpenAICompatibleEngine:
    return OpenAICompatibleEngine(
        base_url=server.url(scenario), api_key="secret", model="words", first_token_s=20, between_tokens_s=seconds
    )


def stream(engine: OpenAICompatibleEngine, prompt: Prompt, sampling: Sampling | None = None) -> list[Token]:
    return list(engine.stream(prompt, sampling or Sampling(), lambda: False))


@pytest.mark.parametrize(("prompt", "path"), [(TRANSCRIPT, "completions"), (CHAT, "chat/completions")])
def test_both_forms_stream_word_by_word(far_server: ModelServer, prompt: Prompt, path: str) -> None:
    tokens = stream(engine_at(far_server, "ok"), prompt)
    assert [token.text for token in tokens] == ["One", " two", " three", " four", " five.", ""]
    assert tokens[-1].usage == Usage(7, 4, 5)
    assert far_server.requests[-1]["path"] == f"/ok/v1/{path}"


def test_probabilities_are_asked_for_only_when_wanted(far_server: ModelServer) -> None:
    tokens = stream(engine_at(far_server, "ok"), CHAT)
    assert "logprobs" not in far_server.requests[-1]
    assert {token.logprob for token in tokens} == {None}


@pytest.mark.parametrize(
    ("prompt", "asked", "alternatives"),
    [
        (TRANSCRIPT, {"logprobs": 10}, ((" two", -0.5), (" other", -1.0))),
        (CHAT, {"logprobs": True, "top_logprobs": 10}, ((" two", -0.5), (" other", -1.0), ("", -3.0))),
    ],
)
def test_what_a_server_tells_of_its_tokens_is_passed_on(
    far_server: ModelServer, settings: Any, prompt: Prompt, asked: dict[str, Any], alternatives: tuple[Any, ...]
) -> None:
    settings.OPENAI_LOGPROBS = True
    tokens = stream(engine_at(far_server, "ok"), prompt)
    assert asked.items() <= far_server.requests[-1].items()
    assert [token.logprob for token in tokens] == [-0.5] * 5 + [None]
    assert tokens[1].alternatives == alternatives


def test_a_prefix_continues_the_transcript(far_server: ModelServer) -> None:
    stream(engine_at(far_server, "ok"), TRANSCRIPT.continued(" Good"))
    assert far_server.requests[-1]["prompt"] == "You: Hello\nAda: Good"


def test_a_prefix_continues_the_assistants_message(far_server: ModelServer) -> None:
    stream(engine_at(far_server, "ok"), CHAT.continued("Good"))
    sent = far_server.requests[-1]
    assert sent["messages"][-1] == {"role": "assistant", "content": "Good"}
    assert sent["continue_final_message"] is True
    assert sent["add_generation_prompt"] is False


def test_only_switched_on_settings_are_sent(far_server: ModelServer) -> None:
    sampling = Sampling(top_k=0, min_p=0, repetition_penalty=1, frequency_penalty=0.5, seed=3, max_tokens=9)
    stream(engine_at(far_server, "ok"), TRANSCRIPT, sampling)
    sent = far_server.requests[-1]
    assert {"frequency_penalty": 0.5, "seed": 3, "max_tokens": 9, "stop": ["\nYou:"]}.items() <= sent.items()
    assert not {"top_k", "min_p", "repetition_penalty", "presence_penalty"} & sent.keys()


def test_the_fifth_stop_string_is_watched_for_here(far_server: ModelServer) -> None:
    tokens = stream(engine_at(far_server, "ok"), TRANSCRIPT, Sampling(stop=("a", "b", "c", " four")))
    assert len(far_server.requests[-1]["stop"]) == 4
    assert "".join(token.text for token in tokens) == "One two three"


@pytest.mark.parametrize(
    ("scenario", "said", "error"),
    [
        ("error_500", [], EngineFailed),
        ("empty", [], EngineFailed),
        ("cuts_off", ["One", " two"], EngineFailed),
        ("endless_line", [], EngineFailed),
        ("endless_error", [], EngineFailed),
    ],
)
def test_what_goes_wrong_there_is_an_engine_error_here(
    far_server: ModelServer, scenario: str, said: list[str], error: type[Exception]
) -> None:
    pieces: list[str] = []
    with pytest.raises(error):
        pieces += [token.text for token in stream_into(pieces, engine_at(far_server, scenario))]
    assert pieces == said


def stream_into(pieces: list[str], engine: OpenAICompatibleEngine) -> list[Token]:
    for token in engine.stream(TRANSCRIPT, Sampling(), lambda: False):
        pieces.append(token.text)
    return []


@pytest.mark.parametrize("scenario", ["slow", "pings"])
def test_a_server_that_falls_silent_is_given_up(far_server: ModelServer, scenario: str) -> None:
    """Also a server that continues to send keep-alive data, but no tokens."""
    pieces: list[str] = []
    with pytest.raises(EngineSilent):
        stream_into(pieces, engine_at(far_server, scenario, seconds=0.3))
    assert pieces == ["One"]


@pytest.mark.slow
def test_thoughts_that_a_server_sends_apart_are_no_text_and_no_silence(far_server: ModelServer) -> None:
    tokens = stream(engine_at(far_server, "thinks", seconds=1), CHAT)
    assert "".join(token.text for token in tokens) == "One two three four five."
    assert [token.text for token in tokens[:8]] == [""] * 8


@pytest.mark.slow
def test_an_answer_that_is_only_thought_is_no_fault_of_the_server(far_server: ModelServer) -> None:
    tokens = stream(engine_at(far_server, "only_thinks"), CHAT)
    assert [token.text for token in tokens] == [""] * 9
    assert tokens[-1].usage is not None


def test_a_server_that_never_begins_is_given_up(far_server: ModelServer) -> None:
    engine = OpenAICompatibleEngine(base_url=far_server.url("mute"), api_key="", model="words", first_token_s=0.3)
    with pytest.raises(EngineSilent):
        stream(engine, TRANSCRIPT)


@pytest.mark.parametrize("scenario", ["slow", "mute"])
def test_cancelling_does_not_wait_for_the_next_word(far_server: ModelServer, scenario: str) -> None:
    began = time.monotonic()
    tokens = engine_at(far_server, scenario).stream(TRANSCRIPT, Sampling(), lambda: time.monotonic() - began > 0.3)
    assert "".join(token.text for token in tokens) in {"One", ""}
    assert time.monotonic() - began < 15  # the next word never comes, and the limits are 20 s


def test_a_closed_engine_ends_its_answers_and_takes_no_more(far_server: ModelServer) -> None:
    engine = engine_at(far_server, "slow")
    tokens = engine.stream(TRANSCRIPT, Sampling(), lambda: False)
    assert next(tokens).text == "One"
    engine.close()
    with pytest.raises(EngineFailed):
        next(tokens)
    with pytest.raises(EngineUnavailable):
        stream(engine, TRANSCRIPT)


def test_without_the_servers_count_the_usage_says_that_it_is_estimated(far_server: ModelServer) -> None:
    assert stream(engine_at(far_server, "uncounted"), TRANSCRIPT)[-1].usage == Usage(6, 0, 5, is_estimated=True)


def test_a_server_that_has_no_room_is_unavailable(far_server: ModelServer) -> None:
    with pytest.raises(EngineUnavailable, match="429"):
        stream(engine_at(far_server, "busy_429"), TRANSCRIPT)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    engine = OpenAICompatibleEngine(base_url="http://127.0.0.1:9/v1", api_key="", model="words")
    with pytest.raises(EngineUnavailable):
        stream(engine, TRANSCRIPT)
    health = engine.health()
    assert not health.ok
    assert health.detail
    assert health.since


def test_without_an_address_it_is_unavailable() -> None:
    with pytest.raises(EngineUnavailable):
        OpenAICompatibleEngine(base_url="", api_key="", model="words")


@pytest.mark.parametrize("scenario", ["endless_line", "endless_error"])
def test_a_health_check_reads_no_endless_answer(far_server: ModelServer, scenario: str) -> None:
    assert engine_at(far_server, scenario).health().ok == (scenario == "endless_line")


def test_leaving_hangs_up(far_server: ModelServer) -> None:
    far_server.left.clear()
    tokens = engine_at(far_server, "slow").stream(TRANSCRIPT, Sampling(), lambda: False)
    assert next(tokens).text == "One"
    tokens.close()  # type: ignore[attr-defined]
    wait_until(far_server.left.is_set)


def test_an_error_does_not_repeat_what_was_said(far_server: ModelServer) -> None:
    with pytest.raises(EngineFailed) as raised:
        stream(engine_at(far_server, "error_500"), Prompt(form="transcript", text="a private word"))
    assert "private" not in str(raised.value)


def test_many_threads_stream_at_once(far_server: ModelServer) -> None:
    engine = engine_at(far_server, "ok")
    texts: list[str] = []

    def say() -> None:
        texts.append("".join(token.text for token in stream(engine, TRANSCRIPT)))

    threads = [threading.Thread(target=say) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["One two three four five."] * 12


def test_what_no_store_holds_does_not_come_from_a_server(
    far_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(far_server, "words", ("One\0", " two\ud800", "\x07"))
    tokens = stream(engine_at(far_server, "ok"), CHAT)
    assert "".join(token.text for token in tokens) == "One two\ufffd"


@pytest.mark.parametrize(
    "event",
    [
        {"choices": 7},
        {"choices": [7]},
        {"choices": [{"delta": 7}]},
        {"choices": [{"text": "x", "logprobs": [7]}]},
        {"choices": [{"text": "x", "logprobs": {"token_logprobs": ["x"], "top_logprobs": [{}]}}]},
        {"choices": [], "usage": 7},
        {"choices": [], "usage": {"prompt_tokens": 10**60}},
        {"choices": [], "usage": {"prompt_tokens": 10**400}},
        {"choices": [{"text": [[[[]]]] * 3}], "deep": None},
        [],
    ],
)
def test_an_event_of_any_other_shape_is_a_failure_of_the_engine(
    far_server: ModelServer, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(event, dict) and "deep" in event:
        for _ in range(500):
            event = {"choices": [], "deep": event}
    monkeypatch.setattr(far_server, "event", event)
    with pytest.raises(EngineFailed):
        stream(engine_at(far_server, "shapeless"), CHAT)
