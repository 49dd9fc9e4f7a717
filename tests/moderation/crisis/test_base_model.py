from pathlib import Path

import numpy as np
import pytest

from moderation.crisis import base_model
from tests.moderation.crisis import base_file

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "▁the", "▁und", "Haus", "妈", "妈妈", "。", "🙂", "да", "▁12"]


def test_the_weights_are_restored(tmp_path: Path) -> None:
    stored = base_file.write(tmp_path / "base", PIECES, layers=2)
    base = base_model.read(tmp_path / "base")
    assert base.pieces == tuple(PIECES)
    assert base.layers == 2
    weights = base.weights([0, 9, 4], layers=1, positions=10)
    words = weights["embeddings.word_embeddings.weight"]
    assert np.array_equal(words, stored["emb.word"][[0, 9, 4]])
    assert np.array_equal(weights["embeddings.position_embeddings.weight"], stored["emb.pos"][:10])
    assert np.array_equal(weights["encoder.layer.0.output.dense.weight"], stored["l0.fo.w"])
    assert not any(name.startswith("encoder.layer.1") for name in weights)


def test_chinese_signs_and_the_words_of_the_texts_are_kept() -> None:
    used = [PIECES.index(piece) for piece in ("▁the", "Haus", "да")]
    kept = [PIECES[number] for number in base_model.needed_pieces(PIECES, used)]
    assert kept == ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "▁the", "Haus", "妈", "妈妈", "。", "🙂"]


@pytest.mark.parametrize("content", [b"", b"GGUF" + b"\0" * 100, b"E5S1" + b"\1" * 40])
def test_a_file_of_another_kind_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "base").write_bytes(content)
    with pytest.raises(base_model.BadBase):
        base_model.read(tmp_path / "base")
