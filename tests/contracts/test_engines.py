"""What every engine keeps, whoever wrote it: the registered ones and the fakes."""

import threading
from collections.abc import Callable, Iterator

import pytest

from generation.engine import Engine, Prompt, PromptTooLong, Sampling, Token
from generation.engine_kinds import ENGINES
from generation.engines.openai_compatible import OpenAICompatibleEngine
from tests.fakes import ScriptedEngine
from tests.generation.conftest import continuous_engine, cpu_engine, far_server, real_engine  # noqa: F401

PROMPT = Prompt(form="transcript", text="Ada keeps a lighthouse.\n\nYou: What do you see at sea tonight?\nAda:")
GREEDY = Sampling(temperature=0, max_tokens=6)


def never() -> bool:
    return False


def text_of(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens)


OURS = {"transformers": "real_engine", "openvino": "cpu_engine", "continuous_batching": "continuous_engine"}


@pytest.fixture(params=["scripted", "openai", *(pytest.param(name, marks=pytest.mark.model) for name in OURS)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param in OURS:
        yield request.getfixturevalue(OURS[request.param])
        return
    if request.param == "openai":
        server = request.getfixturevalue("far_server")
        made: Engine = OpenAICompatibleEngine(base_url=server.url("ok"), api_key="key", model="words")
    else:
        made = ScriptedEngine()
    yield made
    made.close()


def test_every_registered_engine_is_under_this_contract() -> None:
    assert set(ENGINES) == {"openai", *OURS}


def test_the_stream_ends_with_its_usage_and_only_there(engine: Engine) -> None:
    tokens = list(engine.stream(PROMPT, GREEDY, never))

    assert text_of(tokens).strip()
    assert [token.usage is not None for token in tokens] == [False] * (len(tokens) - 1) + [True]
    usage = tokens[-1].usage
    assert usage is not None
    assert usage.completion_tokens == len(tokens) - 1
    assert usage.prompt_tokens > 0


def test_the_same_request_gives_the_same_text(engine: Engine) -> None:
    first, second = (text_of(list(engine.stream(PROMPT, GREEDY, never))) for _ in range(2))
    assert first == second


def test_a_batch_says_what_each_would_say_alone(engine: Engine) -> None:
    prompts = [Prompt(form="transcript", text=f"{PROMPT.text[:-4]}{name}:") for name in ("Ada", "Bert", "Cleo")]
    alone = [text_of(list(engine.stream(prompt, GREEDY, never))) for prompt in prompts]
    together = _all_at_once(engine, prompts)
    assert together == alone


def test_cancelling_stops_within_a_few_tokens(engine: Engine) -> None:
    seen: list[Token] = []
    for token in engine.stream(PROMPT, Sampling(temperature=0, max_tokens=200), lambda: len(seen) >= 2):
        seen.append(token)
    assert 2 <= len(seen) <= 5


def test_leaving_the_stream_early_leaves_the_engine_fit(engine: Engine) -> None:
    stream = engine.stream(PROMPT, Sampling(temperature=0, max_tokens=200), never)
    next(iter(stream))
    close: Callable[[], None] = getattr(stream, "close", lambda: None)
    close()
    assert engine.health().ok
    assert text_of(list(engine.stream(PROMPT, GREEDY, never)))


def test_a_stop_string_is_not_shown(engine: Engine) -> None:
    whole = text_of(list(engine.stream(PROMPT, GREEDY, never)))
    stop = whole.split()[1]
    shown = text_of(list(engine.stream(PROMPT, Sampling(temperature=0, max_tokens=6, stop=(stop,)), never)))
    assert shown.rstrip() == whole[: whole.index(stop)].rstrip()


def test_a_prompt_beyond_the_window_is_refused(engine: Engine, request: pytest.FixtureRequest) -> None:
    if isinstance(engine, OpenAICompatibleEngine):
        server = request.getfixturevalue("far_server")
        engine = OpenAICompatibleEngine(base_url=server.url("too_long"), api_key="", model="words")
    with pytest.raises(PromptTooLong):
        list(engine.stream(Prompt(form="transcript", text="sea " * 9000), GREEDY, never))


def test_it_describes_itself(engine: Engine) -> None:
    info = engine.describe()
    assert info.name
    assert info.context_length > 0
    assert info.prompt_form in {"chat", "transcript"}
    assert engine.count_tokens("") == 0
    assert engine.count_tokens("a lighthouse at the edge of the sea") > engine.count_tokens("a lighthouse") > 0


def _all_at_once(engine: Engine, prompts: list[Prompt]) -> list[str]:
    texts = [""] * len(prompts)

    def say(index: int) -> None:
        texts[index] = text_of(list(engine.stream(prompts[index], GREEDY, never)))

    threads = [threading.Thread(target=say, args=(index,)) for index in range(len(prompts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return texts
