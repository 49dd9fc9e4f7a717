import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.models import User
from accounts.personal_data import my_data
from generation.engine import (
    EngineError,
    EngineFailed,
    EngineInfo,
    EngineNotReady,
    EngineUnavailable,
    Prompt,
    PromptTooLong,
    Ranking,
    Sampling,
    Token,
    Usage,
)
from generation.models import EngineEntry, EngineSpend
from generation.routing import engine_pool, engine_rows, failovers, router, spending
from generation.routing.router import Breaker
from persona_site.redis import connection
from tests.fakes import BreakingEngine, ScriptedEngine

pytestmark = pytest.mark.django_db
PROMPT = Prompt(form="transcript", text="You: Hello\nAda:")


class TooShort(ScriptedEngine):
    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Any:
        raise PromptTooLong("Too long.")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts engines in the place of the registered ones, as rows in the order given."""

    def put(**engines: ScriptedEngine | EngineError) -> None:
        def load(kind: str, **options: Any) -> ScriptedEngine:
            engine = engines[kind]
            if isinstance(engine, EngineError):
                raise engine
            return engine

        EngineEntry.objects.all().delete()
        for order, name in enumerate(engines):
            EngineEntry.objects.create(name=name, kind=name, order=order)
        connection().delete("generation:failovers")
        monkeypatch.setattr(engine_pool.engine_kinds, "load", load)
        monkeypatch.setattr(router, "POOL", engine_pool.EnginePool())
        monkeypatch.setattr(router, "_breakers", {})

    return put


def change(name: str, **fields: Any) -> None:
    """As the admin does it."""
    entry = EngineEntry.objects.get(pk=name)
    for field, value in fields.items():
        setattr(entry, field, value)
    entry.save()


class Reply:
    """One reply through the router: what was said, and who was announced."""

    def __init__(
        self, *, max_tokens: int = 50, cancelled: Callable[[], bool] = lambda: False, account: str = "7"
    ) -> None:
        self.announced: list[tuple[str, str]] = []
        self.tokens: list[Token] = []
        self.error: EngineError | None = None
        self.built_for: list[str] = []
        self._max_tokens = max_tokens
        try:
            for token in router.stream(self._build, cancelled, self._announce, account=account):
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


def test_an_engine_that_is_not_ready_yet_is_no_failure(use: Callable[..., None]) -> None:
    """A model that is still being prepared for it: nobody is told of a fault, and it is tried again each time."""
    use(preparing=EngineNotReady("Not yet."), two=ScriptedEngine(name="two"))
    for _ in range(4):
        assert Reply().announced == [("two", "")]
    assert router.breaker(EngineEntry.objects.get(pk="preparing")).state == "closed"
    assert failovers.recent() == []


def test_the_next_engine_continues_in_the_middle_of_a_reply(use: Callable[..., None]) -> None:
    second = ScriptedEngine((" three", " four"), name="two")
    use(one=BreakingEngine(("One", " two"), name="one"), two=second)

    reply = Reply(max_tokens=3)

    assert reply.text == "One two three"
    assert second.prompts[0].prefix == "One two"
    assert reply.announced == [("one", ""), ("two", "engine_failed")]
    assert reply.built_for == ["one", "two"]
    assert [token.usage.completion_tokens for token in reply.tokens if token.usage] == [3]


def test_the_next_engine_does_not_go_on_from_a_broken_off_thought(use: Callable[..., None]) -> None:
    second = ScriptedEngine((" three",), name="two")
    use(one=BreakingEngine(("<think>a</think>", "One", "<think>", "b"), name="one"), two=second)
    Reply()
    assert second.prompts[0].prefix == "One"


def test_where_the_reply_was_cancelled_meanwhile_no_other_engine_is_tried(use: Callable[..., None]) -> None:
    second = ScriptedEngine((" three",), name="two")
    use(one=BreakingEngine(("One", " two"), name="one"), two=second)
    with router.POOL.borrowed("one"):  # loaded before the reply
        reply = Reply(cancelled=lambda: True)
    assert (reply.text, reply.error, second.prompts) == ("One two", None, [])
    assert [failure.engine for failure in failovers.recent()] == ["one"]


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
    assert router.breaker(engine_rows.named("one")).allows()


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


def test_a_reply_that_is_stopped_while_its_engine_loads_is_no_failure_and_no_other_is_tried(
    use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    second, may_load = ScriptedEngine(name="two"), threading.Event()
    use(one=ScriptedEngine(name="one"), two=second)
    load = engine_pool.engine_kinds.load
    monkeypatch.setattr(engine_pool.engine_kinds, "load", lambda kind: may_load.wait(20) and load(kind))
    reply = Reply(cancelled=lambda: True)
    was_waited_for = may_load.is_set()
    may_load.set()
    assert (reply.text, reply.error, second.prompts, was_waited_for) == ("", None, [], False)
    assert failovers.recent() == []


def test_a_reply_that_is_stopped_before_its_first_token_says_nothing_good_of_the_engine(
    use: Callable[..., None],
) -> None:
    """Who waits for an engine that hangs presses Stop. The failures before it still count."""
    use(one=ScriptedEngine(name="one"))
    gate = router.breaker(engine_rows.named("one"))
    gate.failed()
    gate.failed()
    Reply(cancelled=lambda: True)
    gate.failed()
    assert not gate.allows()


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


def test_an_engine_that_is_switched_off_is_not_asked(use: Callable[..., None]) -> None:
    use(one=ScriptedEngine(name="one"), two=ScriptedEngine(name="two"))
    change("one", is_enabled=False)
    assert Reply().announced == [("two", "")]
    change("one", is_enabled=True)
    assert Reply().announced == [("one", "")]


def test_engines_of_one_order_share_by_weight(use: Callable[..., None]) -> None:
    use(heavy=ScriptedEngine(), light=ScriptedEngine(), last=ScriptedEngine())
    change("heavy", order=5, weight=3)
    change("light", order=5, weight=1)
    change("last", order=9, weight=1000)
    tried = [[entry.name for entry in engine_rows.candidates()] for _ in range(2000)]
    assert {names[2] for names in tried} == {"last"}
    # Binomial with p = 3/4: 1500 ± 19; eight standard deviations.
    assert 1345 < sum(names[0] == "heavy" for names in tried) < 1655


def test_each_engine_that_spoke_is_charged_for_its_own_part(use: Callable[..., None]) -> None:
    use(one=BreakingEngine(("One", " two"), name="one"), two=ScriptedEngine((" three",), name="two"))
    change("two", prompt_price=2, completion_price=500_000, currency="EUR")
    Reply()
    Reply()
    broken, whole = EngineSpend.objects.order_by("engine")
    assert (broken.engine, broken.account, broken.replies, broken.completion_tokens) == ("one", "7", 2, 4)
    assert broken.estimated_tokens == broken.prompt_tokens + broken.completion_tokens > 4
    assert (whole.engine, whole.completion_tokens, whole.estimated_tokens, whole.currency) == ("two", 2, 0, "EUR")
    assert float(whole.money) == pytest.approx(1 + whole.prompt_tokens * 2 / 1_000_000)


def test_a_reply_that_is_left_is_charged_for_what_was_said(use: Callable[..., None]) -> None:
    use(one=ScriptedEngine(name="one"))
    tokens = router.stream(lambda info, count: (PROMPT, Sampling()), lambda: False, lambda *_: None, account="7")
    next(iter(tokens))
    tokens.close()  # type: ignore[attr-defined]
    assert spending.of(engine_rows.named("one"), "7").tokens == 1 + len(PROMPT.whole.split())


@pytest.mark.parametrize("budget", [{"tokens_per_day": 3}, {"money_per_day": 1, "completion_price": 400_000}])
def test_a_budget_that_is_used_up_hands_over_to_the_next_engine(use: Callable[..., None], budget: Any) -> None:
    use(one=ScriptedEngine(name="one"), two=ScriptedEngine(name="two"))
    change("one", **budget)
    assert Reply().announced == [("one", "")]
    assert Reply(account="8").announced == [("two", "budget")]
    assert router.breaker(engine_rows.named("one")).state == "closed"
    EngineSpend.objects.update(day="2020-01-01")
    assert Reply().announced == [("one", "")]


def test_one_persons_budget_is_not_anothers(use: Callable[..., None]) -> None:
    use(one=ScriptedEngine(name="one"))
    change("one", tokens_per_person=3)
    assert Reply(account="7").error is None
    refused = Reply(account="7").error
    assert refused is not None
    assert refused.code == "budget"
    assert Reply(account="8").error is None


def test_the_operator_sees_who_failed_why_and_who_went_on(use: Callable[..., None]) -> None:
    use(one=BreakingEngine(("One", " two"), name="one"), two=ScriptedEngine(name="two"))
    Reply()
    [failure] = failovers.recent()
    assert (failure.engine, failure.code, failure.detail) == ("one", "engine_failed", "It broke.")
    assert (failure.said, failure.taken_over_by) == (2, "two")
    change("two", is_enabled=False)
    Reply()
    assert [failure.taken_over_by for failure in failovers.recent()] == ["", "two"]


def test_old_spend_is_forgotten(use: Callable[..., None], settings: Any) -> None:
    use(one=ScriptedEngine(name="one"))
    Reply()
    EngineSpend.objects.update(day=spending.today() - settings.SPEND_RETENTION)
    Reply()
    assert spending.forget_old() == 0
    EngineSpend.objects.exclude(day=spending.today()).update(day="2020-01-01")
    assert spending.forget_old() == 1
    assert EngineSpend.objects.get().day == spending.today()


def test_a_person_takes_their_use_along_and_erasing_leaves_the_sum_to_nobody(
    use: Callable[..., None], alice: User, bob: User
) -> None:
    use(one=ScriptedEngine(name="one"))
    for user in (alice, alice, bob):
        Reply(account=str(user.pk))
    before = spending.of(engine_rows.named("one"))
    [mine] = my_data._parts["generation"].export(alice)["spent"]
    assert (mine["engine"], mine["replies"]) == ("one", 2)
    alice_id = str(alice.pk)
    my_data.erase(alice)
    assert not EngineSpend.objects.filter(account=alice_id).exists()
    assert spending.of(engine_rows.named("one")) == before
    assert EngineSpend.objects.get(account=str(bob.pk)).replies == 1


class Choosing(ScriptedEngine):
    """Chooses among candidates, and notes their number for each reply; 1 if it was asked for a plain reply."""

    def __init__(self, own: int = 1) -> None:
        super().__init__()
        self.own = own
        self.numbers: list[int] = []

    def describe(self) -> EngineInfo:
        return replace(super().describe(), sampling=Sampling(candidates=self.own))

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        self.numbers.append(1)
        return super().stream(prompt, sampling, cancelled)

    def stream_ranked(
        self, prompt: Prompt, sampling: Sampling, ranking: Ranking, cancelled: Callable[[], bool]
    ) -> Iterator[Token]:
        self.numbers.append(sampling.candidates)
        return super().stream(prompt, sampling, cancelled)


def choose(account: str = "7") -> None:
    """A reply that may be chosen among candidates, with the sampling that its engine describes."""

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        return PROMPT, replace(info.sampling, max_tokens=50)

    anything: Any = object()
    for _ in router.stream(build, lambda: False, lambda *_: None, rank=lambda *_: anything, account=account):
        pass


@pytest.mark.parametrize(
    ("kind", "own", "row", "number"),
    [
        ("openvino", 8, None, 8),
        ("openvino", 8, 1, 1),
        ("openvino", 8, 3, 3),
        ("openvino", 1, None, 1),
        ("openvino", 1, 4, 4),
        ("transformers", 8, None, 1),
        ("transformers", 8, 2, 2),
        ("openai", 1, None, 1),
        ("openai", 1, 4, 4),
        ("continuous_batching", 8, None, 1),
    ],
)
def test_the_row_says_how_many_candidates_are_drawn(
    use: Callable[..., None], kind: str, own: int, row: int | None, number: int
) -> None:
    """Without it, a small model on the CPU engine has its own number, and every other engine none."""
    engine = Choosing(own)
    use(**{kind: engine})
    change(kind, candidates=row)
    choose()
    assert engine.numbers == [number]


@pytest.mark.parametrize(
    ("budget", "number"),
    [
        ({}, 8),
        ({"tokens_per_person": 1000}, 8),
        ({"tokens_per_person": 120}, 2),  # a candidate is a prompt of 3 tokens and at most 50 more
        ({"tokens_per_day": 170}, 3),
        ({"tokens_per_person": 10}, 1),
        ({"money_per_day": 1, "completion_price": 5_000}, 4),
        ({"money_per_day": 1, "prompt_price": 0}, 8),
    ],
)
def test_no_more_candidates_are_drawn_than_the_budgets_allow(
    use: Callable[..., None], budget: Any, number: int
) -> None:
    engine = Choosing()
    use(openai=engine)
    change("openai", candidates=8, **budget)
    choose()
    assert engine.numbers == [number]


def test_an_engine_of_this_process_draws_as_many_as_it_likes(use: Callable[..., None]) -> None:
    """Its candidates share the prompt, and cost nothing."""
    engine = Choosing(8)
    use(openvino=engine)
    change("openvino", tokens_per_person=120)
    choose()
    assert engine.numbers == [8]


class Costly(ScriptedEngine):
    """Reports the cost of candidates that were not chosen."""

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        yield Token("One", 1)
        yield Token("", usage=Usage(10, 0, 1, dropped_prompt_tokens=20, dropped_completion_tokens=5))


def test_candidates_that_were_not_chosen_are_charged_too(use: Callable[..., None]) -> None:
    use(one=Costly(name="one"))
    change("one", prompt_price=100_000, completion_price=200_000)
    reply = Reply(account="7")
    assert [(usage.prompt_tokens, usage.completion_tokens) for token in reply.tokens if (usage := token.usage)] == [
        (10, 1)
    ]
    spend = EngineSpend.objects.get()
    assert (spend.account, spend.replies, spend.prompt_tokens, spend.completion_tokens) == ("7", 1, 30, 6)
    assert float(spend.money) == pytest.approx(3 + 2 * 0.6)


class Reading(ScriptedEngine):
    """Notes what it is given to read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[Prompt] = []

    def read_ahead(self, prompt: Prompt) -> None:
        self.read.append(prompt)


def built(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
    return PROMPT, Sampling()


def test_the_engine_that_would_speak_reads_ahead(use: Callable[..., None]) -> None:
    engine = Reading()
    use(openvino=EngineNotReady("It is being exported."), transformers=engine)
    router.read_ahead(built)
    assert engine.read == [PROMPT]


def test_nothing_is_read_ahead_where_a_remote_engine_would_speak(use: Callable[..., None]) -> None:
    remote, engine = Reading(), Reading()
    use(openai=remote, transformers=engine)
    router.read_ahead(built)
    assert remote.read == engine.read == []


def test_whatever_an_engine_says_can_be_stored(use: Callable[..., None]) -> None:
    use(one=ScriptedEngine(("One\0", " two\ud800", "\x1b.\r\n"), name="one"))
    assert Reply().text == "One two\ufffd.\n"
