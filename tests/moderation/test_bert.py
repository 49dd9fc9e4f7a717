"""The network that the sentence encoder and the recogniser of crises share, called from many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from moderation import bert
from moderation.bert import Bert, Row
from tests.waiting import wait_until

ROWS = [Row((1, 2, 3, 4, 5, 6)), Row((7, 8), first=1), Row(tuple(range(40)), first=12)]


def test_means_are_those_of_the_same_weights_as_floats() -> None:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=50,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=48,
        initializer_range=0.2,
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    for row, mean in zip(ROWS, Bert(bert.rounded(weights), heads=4).means(ROWS), strict=True):
        with torch.no_grad():
            hidden = model(torch.tensor([row.tokens])).last_hidden_state[0]
        expected = hidden[row.first :].mean(dim=0).numpy()
        assert float(mean @ expected / np.linalg.norm(mean) / np.linalg.norm(expected)) > 0.99


class WaitingForward:
    """A fake forward pass that records its batches and waits for `go_on` before each answer."""

    def __init__(self) -> None:
        self.batches: list[list[list[int]]] = []
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def __call__(self, rows: list[list[int]]) -> np.ndarray:
        self.batches.append(rows)
        self.began.release()
        assert self.go_on.acquire(timeout=20)
        if [0] in rows:
            raise RuntimeError("broken")
        return np.array([[sum(row)] for row in rows], np.float32)


def test_what_several_threads_wait_for_is_computed_together() -> None:
    forward = WaitingForward()
    shared = bert._Shared(forward)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(shared.compute, [[1, 2]])
        assert forward.began.acquire(timeout=20)
        others = [pool.submit(shared.compute, [[number], [10, number]]) for number in (3, 4, 5)]
        wait_until(lambda: len(shared._waiting) == 6)
        forward.go_on.release(2)
        assert [float(vector[0]) for vector in first.result(20)] == [3]
        assert [[float(vector[0]) for vector in other.result(20)] for other in others] == [[3, 13], [4, 14], [5, 15]]
    assert [len(batch) for batch in forward.batches] == [1, 6]


def test_a_failure_reaches_all_that_waited_for_it_and_nobody_else() -> None:
    forward = WaitingForward()
    shared = bert._Shared(forward)
    forward.go_on.release(2)
    with pytest.raises(RuntimeError, match="broken"):
        shared.compute([[1], [0]])
    assert float(shared.compute([[7]])[0][0]) == 7
