"""Candidates are drawn together, the best one is continued, and its values are those of the model."""

import itertools
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from generation.engine import Candidate, LocalEngine, Prompt, Sampling, Token
from generation.engines.batching import choosing

pytestmark = pytest.mark.model

PLACE = "Ada keeps a lighthouse on the western shore and writes letters to her brother in the town.\n\n"
PROMPT = Prompt(form="transcript", text=f"{PLACE}You: What do you see at sea tonight?\nAda:", stop=("\n",))
NEUTRAL = (
    Prompt(form="transcript", text=f"{PLACE}You: Hello.\nAda:"),
    Prompt(form="transcript", text="You: What do you see at sea tonight?\nAda:"),
)


@dataclass
class Longest:
    """Prefers the longest candidate. A sentence ends with a full stop."""

    neutral: Sequence[Prompt] = NEUTRAL
    words: int = 1  # of the shortest sentence
    is_brief: bool = False
    seen: list[tuple[str, list[Candidate]]] = field(default_factory=list)

    def is_whole(self, text: str) -> bool:
        return text.endswith(".") and len(text.split()) >= self.words

    def scores(self, before: str, candidates: Sequence[Candidate]) -> list[Mapping[str, float]]:
        self.seen.append((before, list(candidates)))
        return [{"length": len(candidate.text), "nothing": 0.0} for candidate in candidates]

    def is_enough(self, text: str) -> bool:
        return self.is_brief and self.is_whole(text)


@pytest.fixture(params=[pytest.param("transformers", marks=pytest.mark.thorough), "openvino"])
def engine(request: pytest.FixtureRequest) -> LocalEngine:
    made: LocalEngine = request.getfixturevalue(
        {"transformers": "real_engine", "openvino": "cpu_engine"}[request.param]
    )
    return made


def say(
    engine: LocalEngine,
    ranking: Longest,
    *,
    prompt: Prompt = PROMPT,
    cancelled: Any = lambda: False,
    **settings: Any,
) -> list[Token]:
    sampling = Sampling(**{"max_tokens": 60, "repetition_penalty": 1.0, "candidates": 4, **settings})
    return list(engine.stream_ranked(prompt, sampling, ranking, cancelled))


def text(tokens: Sequence[Token]) -> str:
    return "".join(token.text for token in tokens)


def test_the_best_candidate_of_each_piece_is_continued(engine):
    ranking = Longest()
    tokens = say(engine, ranking)
    choices = [token.choice for token in tokens if token.choice is not None]
    assert all(3 <= len(choice.candidates) <= 4 for choice in choices)  # the longest of them are not waited for
    assert choices
    written = ""
    for choice, (before, candidates) in zip(choices, ranking.seen, strict=False):  # at last it may choose to end
        assert before == written
        assert list(choice.candidates) == candidates
        best = choice.candidates[choice.chosen]
        assert len(best.text) == max(len(candidate.text) for candidate in candidates)
        written += best.text
    assert text(tokens) == written
    assert len({candidate.text for candidate in ranking.seen[0][1]}) > 1


def test_a_brief_reply_ends_with_its_first_sentence(engine):
    reply = text(say(engine, Longest(is_brief=True), seed=3))
    assert reply.endswith(".")
    assert reply.count(".") == 1
    assert len(text(say(engine, Longest(), seed=3))) > len(reply)


def test_the_rest_of_a_sentence_is_not_too_short_to_end_it(engine, monkeypatch):
    """A first piece of few words cuts the sentence, and its last words alone are fewer than a sentence needs."""
    monkeypatch.setattr(choosing, "_FIRST", 6)
    reply = text(say(engine, Longest(words=5, is_brief=True), max_tokens=60, seed=3))
    assert reply.endswith(".")
    assert reply.count(".") == 1


def test_the_last_token_counts_the_reply_and_not_its_candidates(engine):
    tokens = say(engine, Longest())
    used = tokens[-1].usage
    assert used is not None
    assert used.prompt_tokens == engine.count_tokens(PROMPT.text)
    assert used.completion_tokens == len(tokens) - 1 <= 60


def test_a_candidate_has_the_models_own_probabilities(engine):
    ranking = Longest()
    open_ended = replace(PROMPT, stop=())  # a stop string's tokens count, and are not in the text
    say(engine, ranking, prompt=open_ended, temperature=0.6, seed=5)
    for candidate in ranking.seen[0][1]:
        asked, *neutral = (mean(engine, prompt, candidate.text) for prompt in (PROMPT, *NEUTRAL))
        assert candidate.likelihood == pytest.approx(asked, abs=0.1)
        assert candidate.information == pytest.approx([asked - value for value in neutral], abs=0.15)


def mean(engine: LocalEngine, prompt: Prompt, words: str) -> float:
    values = [token.logprob for unit in engine.score(prompt, words).units for token in unit.tokens]
    return math.fsum(values) / len(values)


def test_nothing_is_compared_where_every_candidate_ends_the_reply(engine):
    ranking = Longest()
    tokens = say(engine, ranking, prompt=replace(PROMPT, stop=(" ",)))
    assert text(tokens) == ""
    assert not ranking.seen


def test_equal_neutral_prompts_are_read_once(engine, monkeypatch):
    """As in the first turn of a talk, where a greeting replaces the message and the whole talk alike."""
    readings: list[Sequence[int]] = []
    read = choosing.log_probabilities

    def counted(batcher: Any, prompts: Sequence[list[int]], *rest: Any) -> list[list[float]]:
        readings.extend(prompts)
        return read(batcher, prompts, *rest)

    monkeypatch.setattr(choosing, "log_probabilities", counted)
    ranking = Longest(neutral=(NEUTRAL[0], NEUTRAL[0]))
    say(engine, ranking)
    assert len(readings) == len(ranking.seen) > 0
    values = [candidate.information for _, candidates in ranking.seen for candidate in candidates]
    assert all(len(information) == 2 and information[0] == information[1] for information in values)


def test_the_reply_so_far_includes_the_beginning_that_the_engine_was_given(engine):
    ranking = Longest()
    say(engine, ranking, prompt=PROMPT.continued(" I see"))
    assert ranking.seen[0][0] == " I see"


def test_the_candidates_share_what_is_read_of_the_prompt(engine, monkeypatch):
    question = "Which of the ships that you saw today was the largest, and which way was it going?"
    prompt = replace(PROMPT, text=f"{PLACE}You: {question}\nAda:")
    say(engine, Longest(neutral=()))
    forward_pass = engine._batcher._forward_pass
    sizes: list[int] = []

    def read(segments: Any, *rest: Any) -> Any:
        sizes.extend(len(segment.tokens) for segment in segments)
        return forward_pass_read(segments, *rest)

    forward_pass_read = forward_pass.read
    monkeypatch.setattr(forward_pass, "read", read)
    say(engine, Longest(neutral=()), prompt=prompt, max_tokens=4)
    assert sum(size for size in sizes if size > 2) <= engine.count_tokens(question) + 8


def test_a_seed_decides_the_text(engine):
    say(engine, Longest())  # from here on the prompt comes from the cache
    assert text(say(engine, Longest(), seed=3)) == text(say(engine, Longest(), seed=3))
    assert text(say(engine, Longest(), seed=3)) != text(say(engine, Longest(), seed=4))


def test_without_temperature_there_is_nothing_to_choose(engine):
    tokens = say(engine, Longest(), temperature=0)
    assert all(token.choice is None for token in tokens)
    assert text(tokens)


def test_replies_at_the_same_time_share_the_places(engine):
    sampling = Sampling(max_tokens=400, repetition_penalty=1.0)
    others = [engine.stream(PROMPT, sampling, lambda: False) for _ in range(3)]
    for other in others:
        next(other)
    tokens = say(engine, Longest())
    for other in others:
        other.close()  # type: ignore[attr-defined]
    assert all(token.choice is None for token in tokens)
    assert text(tokens)


def test_a_cancelled_reply_ends_between_two_pieces_or_within_one(engine):
    calls = itertools.count()
    tokens = say(engine, Longest(), cancelled=lambda: next(calls) > 30)
    assert tokens[-1].usage is not None
    assert len(tokens) - 1 < 60


def test_a_stop_ends_a_reply_whose_candidates_are_compared_by_a_pass_that_hangs(engine, monkeypatch):
    hangs, released = threading.Event(), threading.Event()
    read_variants = engine._batcher.read_variants

    def read_and_hang(*arguments: Any) -> Any:
        hangs.set()
        released.wait(60)
        hangs.clear()
        return read_variants(*arguments)

    monkeypatch.setattr(engine._batcher, "read_variants", read_and_hang)
    tokens = say(engine, Longest(), cancelled=hangs.is_set)
    assert hangs.is_set()  # the reply did not wait for it
    released.set()
    assert text(tokens) == ""
    assert tokens[-1].usage is not None
    assert engine.health().ok


def test_many_ranked_replies_end(engine):
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(text(say(engine, Longest())))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 5
    assert all(texts)
