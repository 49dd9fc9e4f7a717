"""Texts in pieces become tokens and targets."""

import pytest

from generation.catalogue import model_rows
from generation.engines.batching.tokenizer import ModelTokenizer
from generation.tuning import examples

PIECES = [
    ("A lighthouse.\n\nTom: Hi\nAda:", False),
    (" There you are.\n", True),
    ("Tom: ok\nAda:", False),
    (" Ja ☃.\n", True),
]


@pytest.fixture(scope="module")
def tokenizer(installed_model):
    return ModelTokenizer(model_rows.folder(installed_model.name)).tokenizer


@pytest.mark.model
def test_the_targets_are_the_marked_words(tokenizer):
    example = examples.encoded(tokenizer, PIECES, limit=1024)
    assert [tokenizer.decode(example.ids[start:end]) for start, end in example.targets] == [
        " There you are.\n",
        " Ja ☃.\n",
    ]
    assert example.target_bytes == len(" There you are.\n Ja ☃.\n".encode())
    assert len(example.positions()) == sum(end - start for start, end in example.targets)


@pytest.mark.model
def test_what_exceeds_the_limit_is_left_out(tokenizer):
    whole = examples.encoded(tokenizer, PIECES, limit=1024)
    cut = examples.encoded(tokenizer, PIECES, limit=whole.targets[0][0] + 3)
    assert cut.ids == whole.ids[: whole.targets[0][0] + 3]
    assert cut.target_bytes == len(" There you are")


def test_examples_are_read_as_they_were_written(tmp_path):
    example = examples.Example([5, 6, 7], [(0, 2)], 9)
    examples.write(tmp_path / "some.jsonl", [example, example])
    assert examples.read(tmp_path / "some.jsonl") == [example, example]
    assert example.positions() == [1]
