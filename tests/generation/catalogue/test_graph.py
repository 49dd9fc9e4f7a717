"""Rounding the weights of a graph. That a filled graph is what the exporter makes is tested with a real export, in
`test_local_models`, and what the default model's graph answers in `engines/test_openvino`."""

import numpy as np

from generation.catalogue import graph


def test_the_value_farthest_from_zero_takes_the_whole_range() -> None:
    weights = np.array([[-2.0, 1.0, 0.0], [0.5, 4.0, -1.0]], np.float32)
    rounded, scales = graph.rounded(weights)
    assert rounded.tolist() == [[-128, 64, 0], [-16, -128, 32]]
    assert np.allclose(rounded * scales.astype(np.float32), weights)


def test_a_row_of_zeros_stays_zero() -> None:
    rounded, scales = graph.rounded(np.zeros((1, 4), np.float32))
    assert rounded.tolist() == [[0, 0, 0, 0]]
    assert np.isfinite(scales).all()
