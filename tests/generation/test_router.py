from collections.abc import Callable
from typing import Any

import pytest

from generation import pool, router
from generation.engines.base import (
    EngineError,
    EngineFailed,
    EngineInfo,
    EngineUnavailable,
    Prompt,
    PromptTooLong,
    Sampling,
    Token,
)
from generation.router import Breaker
from tests.fakes import BreakingEngine, ScriptedEngine

PROMPT = Prompt(form="transcript", text="You: Hello\nAda:")


class TooShort(ScriptedEngine):
    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Any:
        raise PromptTooLong("Too long.")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[..., None]:
    """Puts engines in the place of the registered ones, in the order given."""

    def put(**engines: ScriptedEngine | EngineError) -> None:
        def load(name: str) -> ScriptedEngine:
            engine = engines[name]
            if isinstance(engine, EngineError):
                raise engine
            return engine

        settings.ENGINES = list(engines)
        monkeypatch.setattr(pool.registry, "load", load)
        monkeypatch.setattr(router, "POOL", pool.EnginePool())
        monkeypatch.setattr(router, "_breakers", {})

    return put


class Reply:
    """One reply through the router: what was said, and who was announced."""

    def __init__(self, *, max_tokens: int = 50, cancelled: Callable[[], bool] = lambda: False) -> None:
        self.announced: list[tuple[str, str]] = []
        self.tokens: list[Token] = []
        self.error: EngineError | None = None
        self.built_for: list[str] = []
        self._max_tokens = max_tokens
        try:
            for token in router.stream(self._build, cancelled, self._announce):
                self.tokens.append(token)
        except EngineError as error:
            self.error = error

    @property
    def text(self) -> str:
        return "".join(token.text for token in self.tokens)

    def _build(self, info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        assert count("two words") == 2
        self.built_for.append(info.name)
        return PROMPT, Sampling(max_tokens=self._max_tokens)

    def _announce(self, info: EngineInfo, reason: str) -> None:
        self.announced.append((info.name, reason))


def test_the_first_engine_speaks_and_is_announced_without_a_reason(use: Callable[..., None]) -> None:
    use(one=ScriptedEngine(name="one"), two=ScriptedEngine(name="two"))
    reply = Reply()
    assert reply.text == "One two three"
    assert reply.announced == [("one", "")]


def test_an_engine_that_does_not_load_is_passed_over(use: Callable[..., None]) -> None:
    use(one=EngineUnavailable("not here"), two=ScriptedEngine(name="two"))
    reply = Reply()
    assert reply.text == "One two three"
    assert reply.announced == [("two", "engine_unavailable")]


def test_the_next_engine_continues_in_the_middle_of_a_reply(use: Callable[..., None]) -> None:
    second = ScriptedEngine((" three", " four"), name="two")
    use(one=BreakingEngine(("One", " two"), name="one"), two=second)

    reply = Reply(max_tokens=3)

    assert reply.text == "One two three"
    assert second.prompts[0].prefix == "One two"
    assert reply.announced == [("one", ""), ("two", "engine_failed")]
    assert reply.built_for == ["one", "two"]
    assert [token.usage.completion_tokens for token in reply.tokens if token.usage] == [3]


def test_when_all_fail_the_last_reason_is_raised_and_what_was_said_stands(use: Callable[..., None]) -> None:
    use(one=BreakingEngine(("One",), name="one"), two=EngineUnavailable("not here"))
    reply = Reply()
    assert reply.text == "One"
    assert isinstance(reply.error, EngineUnavailable)


def test_no_engine_at_all_is_said(use: Callable[..., None]) -> None:
    use()
    assert isinstance(Reply().error, EngineUnavailable)


def test_a_prompt_too_long_for_one_may_fit_the_next_and_is_no_fault(use: Callable[..., None]) -> None:
    use(one=TooShort(name="one"), two=ScriptedEngine(name="two"))
    for _ in range(5):
        assert Reply().announced == [("one", ""), ("two", "prompt_too_long")]
    assert router.breaker("one").allows()


def test_a_broken_engine_is_spared_after_three_failures(use: Callable[..., None]) -> None:
    broken = BreakingEngine((), name="one")
    use(one=broken, two=ScriptedEngine(name="two"))
    for _ in range(5):
        assert Reply().text == "One two three"
    assert len(broken.prompts) == 3


def test_a_breaker_lets_one_try_after_its_pause_and_its_outcome_decides() -> None:
    now = [0.0]
    gate = Breaker(clock=lambda: now[0])
    for _ in range(3):
        gate.failed()
    assert not gate.allows()
    now[0] = 31
    assert [gate.allows(), gate.allows()] == [True, False]
    gate.failed()
    assert not gate.allows()
    now[0] = 62
    assert gate.allows()
    gate.succeeded()
    assert [gate.allows(), gate.allows()] == [True, True]


def test_a_cancelled_reply_is_no_failure(use: Callable[..., None]) -> None:
    use(one=ScriptedEngine(name="one"))
    reply = Reply(cancelled=lambda: True)
    assert reply.text == ""
    assert reply.error is None


def test_an_error_that_is_not_an_engines_is_not_swallowed(use: Callable[..., None]) -> None:
    use(one=ScriptedEngine(name="one"), two=ScriptedEngine(name="two"))

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(router.stream(build, lambda: False, lambda info, reason: None))


def test_a_failed_engine_is_tried_again_by_the_next_reply(use: Callable[..., None]) -> None:
    engine = BreakingEngine((), name="one")
    use(one=engine)
    assert isinstance(Reply().error, EngineFailed)
    assert isinstance(Reply().error, EngineFailed)
    assert len(engine.prompts) == 2
