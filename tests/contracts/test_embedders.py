"""One contract, every embedder."""

import numpy as np
import pytest

from personas.embedders.base import Embedder, closeness
from personas.embedders.e5 import E5
from personas.embedders.minilm import MiniLM

TEXTS = [
    "The dog slept by the fire.",
    "A hound was sleeping next to the hearth.",
    "Interest rates rose again.",
    "我好想你。",
    "",
]


# The same in other words, and something else, in a language that the embedder is for.
ALIKE = {
    MiniLM.name: tuple(TEXTS[:3]),
    E5.name: ("狗在火炉边睡着了。", "一条小狗睡在壁炉旁。", "利率又上涨了。"),
}


@pytest.fixture(params=[MiniLM, E5])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    made: Embedder = request.param()
    return made


def test_rows_are_unit_vectors_of_the_stated_size(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_the_same_text_has_the_same_vector_alone_and_in_a_batch(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.998  # an embedder may round


def test_what_means_the_same_lies_nearer(embedder: Embedder) -> None:
    dog, hound, rates = embedder.embed(ALIKE[embedder.name])
    assert closeness(embedder, dog @ hound) > 0.5 > closeness(embedder, dog @ rates)


def test_nothing_gives_an_empty_matrix(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_long_text_is_cut_and_not_refused(embedder: Embedder) -> None:
    assert embedder.embed(["word " * 5_000]).shape == (1, embedder.dimensions)


def test_chinese_lines_that_have_nothing_in_common_are_not_near() -> None:
    """Without its mean taken away, all that E5 reads is alike."""
    lines = E5().embed(["狗在火炉边睡着了。", "利率又上涨了。", "我下周三要去面试。", "这本书我看了三遍。"])
    products = lines @ lines.T
    assert products[np.triu_indices(4, k=1)].max() < 0.3
