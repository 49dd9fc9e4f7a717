import numpy as np
import pytest

from generation.engine import Sampling
from generation.engines.batching.sampling import Chooser

PLAIN = Sampling(temperature=1, top_p=1, min_p=0, repetition_penalty=1)


def chosen(sampling: Sampling, logits: list[float], *, times: int = 200, prompt: tuple[int, ...] = ()) -> list[int]:
    chooser = Chooser(sampling, prompt, frozenset())
    return [chooser.choose(np.array(logits, dtype=np.float32))[0] for _ in range(times)]


def with_(**changes: float) -> Sampling:
    return Sampling(**{**PLAIN.__dict__, "seed": 1, **changes})


def test_tokens_are_drawn_by_their_probabilities() -> None:
    tokens = chosen(with_(), list(np.log([0.7, 0.2, 0.1])), times=4000)
    assert np.bincount(tokens) / 4000 == pytest.approx([0.7, 0.2, 0.1], abs=0.03)


def test_the_same_seed_draws_the_same_tokens_and_another_seed_others() -> None:
    logits = [0.0] * 50
    assert chosen(with_(seed=7), logits) == chosen(with_(seed=7), logits)
    assert chosen(with_(seed=7), logits) != chosen(with_(seed=8), logits)


def test_without_a_seed_two_replies_differ() -> None:
    assert chosen(PLAIN, [0.0] * 50) != chosen(PLAIN, [0.0] * 50)


@pytest.mark.parametrize("sampling", [with_(temperature=0), with_(top_k=1), with_(top_p=0.01), with_(min_p=0.99)])
def test_the_narrowest_settings_take_the_likeliest(sampling: Sampling) -> None:
    assert set(chosen(sampling, [0.1, 2.0, 1.9])) == {1}


def test_top_k_keeps_k() -> None:
    assert set(chosen(with_(top_k=2), [1.0, 1.1, 1.2, 0.9])) == {1, 2}


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    assert set(chosen(with_(top_p=0.8), list(np.log([0.5, 0.3, 0.15, 0.05])))) == {0, 1}


def test_min_p_is_relative_to_the_likeliest() -> None:
    assert set(chosen(with_(min_p=0.5), list(np.log([0.5, 0.3, 0.2])))) == {0, 1}


def test_a_high_temperature_reaches_unlikely_tokens() -> None:
    logits = [8.0, 0.0]
    assert chosen(with_(temperature=4), logits, times=400).count(1) > chosen(with_(), logits, times=400).count(1)


def test_repetition_penalty_turns_from_what_was_said_in_prompt_and_reply() -> None:
    greedy = with_(temperature=0, repetition_penalty=2)
    assert chosen(greedy, [3.0, 2.0, 1.0], times=1, prompt=(0,)) == [1]
    assert chosen(greedy, [3.0, 2.0, 1.9], times=3) == [0, 1, 2]


def test_repetition_penalty_lowers_negative_logits_too() -> None:
    assert chosen(with_(temperature=0, repetition_penalty=2), [-1.0, -1.5], times=1, prompt=(0,)) == [1]


def test_frequency_penalty_grows_with_every_use_and_presence_penalty_does_not() -> None:
    frequency = chosen(with_(temperature=0, frequency_penalty=1), [3.0, 0.5], times=6)
    presence = chosen(with_(temperature=0, presence_penalty=1), [3.0, 0.5], times=6)
    assert frequency == [0, 0, 0, 1, 0, 1]
    assert presence == [0] * 6


def test_ends_and_blanks_are_never_penalised() -> None:
    chooser = Chooser(with_(temperature=0, repetition_penalty=5, frequency_penalty=5), [0], frozenset({0}))
    assert [chooser.choose(np.array([3.0, 2.0], dtype=np.float32))[0] for _ in range(3)] == [0, 0, 0]


def test_log_probabilities_are_the_models_own() -> None:
    chooser = Chooser(with_(temperature=0), (), frozenset())
    token, logprob, alternatives = chooser.choose(np.log(np.array([0.6, 0.3, 0.1], dtype=np.float32)))
    assert token == 0
    assert np.exp(logprob) == pytest.approx(0.6, abs=1e-5)
    assert [t for t, _ in alternatives] == [0, 1, 2]
    assert sum(np.exp(p) for _, p in alternatives) == pytest.approx(1, abs=1e-5)
