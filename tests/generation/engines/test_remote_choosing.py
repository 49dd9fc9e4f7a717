"""A remote reply is chosen among whole answers by their first sentences, from a fake server that gives several."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from generation.engine import (
    Candidate,
    Choice,
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
from tests import answering_server
from tests.answering_server import HANG, HOLD, PROMPT_TOKENS, AnsweringServer

PROMPT = Prompt(form="chat", messages=(PromptMessage("user", "Hello"),), stop=("\nYou:",))
GOOD = ("Good", " evening.", " Come", " in.")
BAD = ("Bad", " evening.", " Go", " away", " now.")
WORSE = ("Worse", " evening.", " No.")


@dataclass
class Best:
    """Prefers the candidate that begins with the first of these words. A sentence ends with a full stop."""

    order: Sequence[str] = ("Good", "Bad", "Worse")
    neutral: Sequence[Prompt] = ()
    seen: list[tuple[str, list[Candidate]]] = field(default_factory=list)

    def is_whole(self, text: str) -> bool:
        return text.endswith(".")

    def scores(self, before: str, candidates: Sequence[Candidate]) -> list[Mapping[str, float]]:
        self.seen.append((before, list(candidates)))
        return [{"order": -float(self._place(candidate.text))} for candidate in candidates]

    def is_enough(self, text: str) -> bool:
        raise AssertionError("A remote engine chooses the whole reply at once.")

    def _place(self, text: str) -> int:
        return next((n for n, word in enumerate(self.order) if text.startswith(word)), len(self.order))


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    with answering_server.running() as running:
        yield running


@pytest.fixture
def engine(server: AnsweringServer) -> Iterator[OpenAICompatibleEngine]:
    made = OpenAICompatibleEngine(base_url=server.url, api_key="", model="words", first_token_s=20)
    yield made
    made.close()


def say(
    engine: OpenAICompatibleEngine,
    ranking: Best | None = None,
    *,
    prompt: Prompt = PROMPT,
    **settings: Any,
) -> list[Token]:
    """The reply, or what there is of it after half a minute."""
    sampling = Sampling(**{"candidates": 3, **settings})
    deadline = time.monotonic() + 30
    return list(engine.stream_ranked(prompt, sampling, ranking or Best(), lambda: time.monotonic() > deadline))


def text(tokens: Sequence[Token]) -> str:
    return "".join(token.text for token in tokens)


def numbers(server: AnsweringServer) -> list[int | None]:
    """The `n` of each request."""
    return [request.get("n") for request in server.requests]


def choice_of(tokens: Sequence[Token]) -> Choice:
    (choice,) = [token.choice for token in tokens if token.choice is not None]
    assert tokens[0].choice is choice
    return choice


def test_a_server_that_draws_together_is_asked_once_and_the_best_answer_is_shown_whole(
    engine: OpenAICompatibleEngine, server: AnsweringServer
) -> None:
    server.give(BAD, GOOD, WORSE)
    tokens = say(engine)
    assert text(tokens) == "Good evening. Come in."
    assert numbers(server) == [3]
    choice = choice_of(tokens)
    assert {candidate.text for candidate in choice.candidates} <= {"Bad evening.", "Good evening.", "Worse evening."}
    assert choice.candidates[choice.chosen] == Candidate("Good evening.", None, ())
    assert tokens[-1].usage == Usage(PROMPT_TOKENS, 0, 4, dropped_completion_tokens=8)


def test_a_server_that_reports_only_one_of_its_answers_does_not_give_the_others_for_free(
    engine: OpenAICompatibleEngine, server: AnsweringServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As llama.cpp does."""
    monkeypatch.setattr(server, "reported", 4)
    server.give(BAD, GOOD, WORSE)
    assert say(engine)[-1].usage == Usage(PROMPT_TOKENS, 0, 4, dropped_completion_tokens=8)


@pytest.mark.parametrize(("draws", "first"), [("one", [3, None, None]), ("never", [3, None, None, None])])
def test_a_server_that_does_not_is_asked_for_each_answer(
    engine: OpenAICompatibleEngine, server: AnsweringServer, draws: Any, first: list[int | None]
) -> None:
    """It ignores `n`, or refuses it. The next reply knows that. A request whose answer is not needed may not come.

    It may also come late, when the next reply has begun.
    """
    server.give(BAD, GOOD, GOOD, draws=draws)
    assert text(say(engine)) == "Good evening. Come in."
    assert 2 <= len(numbers(server)) <= len(first)
    assert numbers(server) == first[: len(numbers(server))]
    late = len(first) - len(numbers(server))
    server.give(BAD, GOOD, GOOD, draws=draws)
    tokens = say(engine)
    assert text(tokens) == "Good evening. Come in."
    assert set(numbers(server)) == {None}
    assert 2 <= len(numbers(server)) <= 3 + late
    usage = tokens[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.is_estimated) == (PROMPT_TOKENS, 4, True)
    assert usage.dropped_prompt_tokens in {PROMPT_TOKENS, 2 * PROMPT_TOKENS}  # as many as had begun
    assert 2 <= usage.dropped_completion_tokens <= 9


def test_the_first_sentence_is_shown_while_the_answer_is_still_written(
    engine: OpenAICompatibleEngine, server: AnsweringServer
) -> None:
    held = ("Good", " evening.", HOLD, " Come", " in.")
    server.give(held, held, held)
    tokens = engine.stream_ranked(PROMPT, Sampling(candidates=3), Best(), lambda: False)
    assert [next(tokens).text, next(tokens).text] == ["Good", " evening."]
    server.go.set()
    assert text(list(tokens)) == " Come in."


@pytest.mark.slow
def test_nothing_is_shown_before_the_choice(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give(("Bad", " evening."), ("Good", HANG), ("Worse", " day."))
    silence: list[float] = []

    def cancelled() -> bool:
        """A second after the server wrote all that it will."""
        if server.go.is_set():
            silence.append(time.monotonic())
        return bool(silence) and silence[-1] - silence[0] > 1

    seen = list(engine.stream_ranked(PROMPT, Sampling(candidates=3), Best(), cancelled))
    assert text(seen) == ""
    assert seen[-1].usage == Usage(
        engine.count_tokens(PROMPT.whole), 0, 0, is_estimated=True, dropped_completion_tokens=4
    )


def test_the_reader_does_not_wait_for_the_slowest_answers(
    engine: OpenAICompatibleEngine, server: AnsweringServer
) -> None:
    """Their connections are closed, so that the server stops."""
    server.give((HOLD, *GOOD), (HOLD, *BAD), ("Worse", HANG), draws="never")
    assert text(say(engine)) == "Good evening. Come in."
    assert server.left.acquire(timeout=30)


def test_an_answer_that_fails_leaves_the_others(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give(429, GOOD, 500, draws="never")
    assert text(say(engine)) == "Good evening. Come in."


def test_where_all_answers_fail_the_reply_fails(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give(429, draws="never")
    with pytest.raises(EngineUnavailable):
        say(engine)
    server.give(500)
    with pytest.raises(EngineFailed):
        say(engine)


def test_the_chosen_answer_that_breaks_is_a_failure(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give(("Good", " evening.", HANG))
    impatient = OpenAICompatibleEngine(base_url=server.url, api_key="", model="words", between_tokens_s=0.3)
    tokens = impatient.stream_ranked(PROMPT, Sampling(candidates=3), Best(), lambda: False)
    assert [next(tokens).text, next(tokens).text] == ["Good", " evening."]
    with pytest.raises(EngineSilent):
        next(tokens)
    impatient.close()


def test_an_answer_of_nothing_is_no_reply(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give((), GOOD, ())
    assert text(say(engine)) == "Good evening. Come in."
    server.give((), draws="never")
    with pytest.raises(EngineFailed, match="empty"):
        say(engine)


def test_a_short_answer_is_compared_at_its_end(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give(("Good",), ("Bad",), ("Worse",))
    ranking = Best()
    assert text(say(engine, ranking)) == "Good"
    assert "Good" in {candidate.text for candidate in ranking.seen[0][1]}


def test_a_sentence_without_end_is_compared_after_forty_tokens(
    engine: OpenAICompatibleEngine, server: AnsweringServer
) -> None:
    server.give(("Good", *[" and"] * 60))
    ranking = Best()
    assert text(say(engine, ranking)) == "Good" + " and" * 60
    assert "Good" + " and" * 39 in {candidate.text for candidate in ranking.seen[0][1]}


def test_thoughts_are_not_compared(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give(("<think>", "Bad idea.", "</think>", *GOOD))
    tokens = say(engine)
    choice = choice_of(tokens)
    assert choice.candidates[choice.chosen].text == "Good evening."
    assert text(tokens) == "<think>Bad idea.</think>Good evening. Come in."


def test_probabilities_become_the_likelihood_where_the_server_reports_them(
    engine: OpenAICompatibleEngine, server: AnsweringServer, settings: Any
) -> None:
    settings.OPENAI_LOGPROBS = True
    server.give(GOOD, BAD, WORSE)
    ranking = Best()
    say(engine, ranking)
    likelihoods = {candidate.text: candidate.likelihood for candidate in ranking.seen[0][1]}
    assert likelihoods["Good evening."] == pytest.approx(-(4 + 9) / 20)


def test_a_stop_string_ends_an_answer_and_is_not_shown(engine: OpenAICompatibleEngine, server: AnsweringServer) -> None:
    server.give(("Good", " evening", "\nYou", ":", " I"))
    ranking = Best()
    assert text(say(engine, ranking)) == "Good evening"
    assert "Good evening" in {candidate.text for candidate in ranking.seen[0][1]}


def test_the_beginning_is_continued_and_judged_with_the_candidates(
    engine: OpenAICompatibleEngine, server: AnsweringServer
) -> None:
    server.give((" Good.",), (" Bad.",), (" Worse.",))
    ranking = Best(order=(" Good",))
    assert text(say(engine, ranking, prompt=PROMPT.continued("Well."))) == " Good."
    assert ranking.seen[0][0] == "Well."
    assert server.requests[0]["messages"][-1] == {"role": "assistant", "content": "Well."}


def test_answers_that_are_asked_for_one_by_one_have_seeds_of_their_own(
    engine: OpenAICompatibleEngine, server: AnsweringServer
) -> None:
    server.give(GOOD, draws="never")
    say(engine, seed=2**31 - 2)
    seeds = [request["seed"] for request in server.requests[1:]]
    assert len(seeds) == len(set(seeds)) >= 2
    assert set(seeds) <= {0, 1, 2**31 - 1}


def test_without_temperature_there_is_nothing_to_choose(
    engine: OpenAICompatibleEngine, server: AnsweringServer
) -> None:
    server.give(GOOD)
    tokens = say(engine, temperature=0)
    assert (text(tokens), numbers(server)) == ("Good evening. Come in.", [None])
    assert all(token.choice is None for token in tokens)
