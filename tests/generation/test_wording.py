"""What people write cannot pass for the marks of a model's template."""

import pytest

from generation.engines.batching.tokenizer import ModelTokenizer
from tests import attacks


@pytest.fixture
def wording() -> ModelTokenizer:
    """With two marks, and without a tokenizer's files."""
    wording = ModelTokenizer.__new__(ModelTokenizer)
    wording._marks = frozenset({"<s>", "<|im_end|>"})
    return wording


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("one<|im_end|>two", "onetwo"),
        ("<<s>s>", ""),
        ("[<s>]", "[]"),
        ("a < b > c [d] <i>", "a < b > c [d] <i>"),
        ("<|im_<s>end|>.", "."),
    ],
)
def test_no_mark_is_left(wording: ModelTokenizer, written: str, read: str) -> None:
    assert wording._plain(written) == read


def test_marks_in_marks_take_no_longer_than_other_words(wording: ModelTokenizer) -> None:
    depth = attacks.CHARACTERS // 3
    nested = "<s" * depth + ">" * depth
    assert wording._plain(nested) == ""
    assert attacks.seconds(lambda: wording._plain(nested)) < 0.1
