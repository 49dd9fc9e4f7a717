"""What a process keeps is loaded once, whoever asks first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from chat.reply import relevance
from moderation.filter import chinese_encoder, encoder
from moderation.filter.classifiers import linear
from moderation.networks import english_network
from persona_site.loading import loaded_once

TOGETHER = 4


def test_threads_that_ask_together_load_it_once():
    together, second, loads = threading.Barrier(TOGETHER), threading.Barrier(2), []

    @loaded_once
    def load(name):
        loads.append(name)
        with suppress(threading.BrokenBarrierError):  # nobody else comes in
            second.wait(0.5)
        return object()

    def ask(_):
        together.wait()
        return load("network")

    with ThreadPoolExecutor(TOGETHER) as threads:
        assert len(set(threads.map(ask, range(TOGETHER)))) == 1
    assert loads == ["network"]


def test_an_error_is_not_kept():
    answers = iter([ValueError("not there yet"), "network"])

    @loaded_once
    def load():
        if isinstance(answer := next(answers), Exception):
            raise answer
        return answer

    with pytest.raises(ValueError, match="not there yet"):
        load()
    assert load() == "network"


@pytest.mark.parametrize(
    "load",
    [encoder.minilm, chinese_encoder._network, linear.network_of, english_network.of, relevance._comparison],
)
def test_each_network_is_loaded_so(load):
    assert load.__code__ is loaded_once(lambda: None).__code__
