"""What is the CPU engine's own; what every engine keeps is in tests/contracts."""

import pytest

from generation.engines.base import Engine, EngineFailed, Prompt, Sampling

pytestmark = pytest.mark.model
PROMPT = Prompt(form="transcript", text="Ada keeps a lighthouse. " * 20 + "\nYou: What do you see?\nAda:")


def never() -> bool:
    return False


def test_settings_that_it_refuses_harm_nobody_else(cpu_engine: Engine) -> None:
    running = cpu_engine.stream(PROMPT, Sampling(temperature=0, max_tokens=12), never)
    next(running)
    with pytest.raises(EngineFailed, match="sampler settings"):
        list(cpu_engine.stream(PROMPT, Sampling(temperature=0.8, top_p=7.0, max_tokens=3), never))
    assert list(running)[-1].usage is not None
    assert cpu_engine.health().ok


def test_a_prompt_that_was_read_before_is_counted_as_cached(cpu_engine: Engine) -> None:
    first, second = (list(cpu_engine.stream(PROMPT, Sampling(temperature=0, max_tokens=2), never)) for _ in range(2))
    usage = second[-1].usage
    assert usage is not None
    assert first[-1].usage is not None
    assert usage.cached_tokens % 32 == 0
    assert usage.prompt_tokens - 32 <= usage.cached_tokens + 1 <= usage.prompt_tokens
