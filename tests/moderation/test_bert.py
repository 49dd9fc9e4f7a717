"""The network that the sentence encoder and the recogniser of crises share, called from many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

from moderation.crisis import english_base
from moderation.networks import bert, four_bits
from moderation.networks.bert import Bert, Row
from moderation.networks.bert_training import TrainedBert
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


def test_weights_in_four_bits_are_those_weights_roughly() -> None:
    chance = np.random.default_rng(1)
    matrix = chance.normal(0, 0.03, (40, 96)).astype(np.float32)
    matrix[3] = 0
    blocks = four_bits.blocks(matrix)
    assert blocks.nbytes == matrix.size * 18 / 32
    restored = four_bits.restored(blocks)
    assert np.sqrt(np.mean((restored - matrix) ** 2)) < 0.1 * matrix.std()
    np.testing.assert_allclose(four_bits.restored(four_bits.blocks(restored)), restored, atol=1e-6)


def test_weights_in_four_bits_are_restored_as_rounded_weights() -> None:
    chance = np.random.default_rng(1)
    weights = {
        bert.WORDS: chance.normal(0, 0.03, (150, 64)).astype(np.float32),
        bert.PLACES: chance.normal(0, 0.03, (9, 64)).astype(np.float32),
        bert.KINDS: chance.normal(0, 0.03, (1, 64)).astype(np.float32),
        "embeddings.LayerNorm.bias": chance.normal(0, 1, 64).astype(np.float32),
    }
    packed = four_bits.packed(weights)
    expected = bert.rounded(packed | {bert.WORDS: four_bits.restored(packed[bert.WORDS])})
    unpacked = four_bits.unpacked(packed)
    assert unpacked.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(unpacked[name], value, err_msg=name)
    assert four_bits.unpacked(expected).keys() == expected.keys()


def test_mpnet_is_read_as_bert_that_knows_distances() -> None:
    torch.manual_seed(1)
    config = MPNetConfig(
        vocab_size=50,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=202,
        initializer_range=0.2,
    )
    model = MPNetModel(config, add_pooling_layer=False).eval()
    weights = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    weights = english_base.as_bert(weights, places=190)
    rows = [*ROWS, Row(tuple(range(187)), first=100)]
    rows = [Row([2 + token % 40 for token in row.tokens], row.first) for row in rows]  # 1 is padding
    trained = TrainedBert(weights, heads=4).eval()
    with torch.no_grad():
        in_training = trained.means(rows).numpy()
    means = Bert(bert.rounded(weights), heads=4).means(rows)
    for row, mean, mean_in_training in zip(rows, means, in_training, strict=True):
        with torch.no_grad():
            hidden = model(torch.tensor([row.tokens])).last_hidden_state[0]
        expected = hidden[row.first :].mean(dim=0).numpy()
        np.testing.assert_allclose(mean_in_training, expected, atol=1e-4)
        assert float(mean @ expected / np.linalg.norm(mean) / np.linalg.norm(expected)) > 0.99
    np.testing.assert_array_equal(trained.weights()[bert.DISTANCES], weights[bert.DISTANCES])


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
