"""A part of a character is never shown, for every kind of vocabulary."""

import random

import pytest
from tokenizers import Tokenizer

from generation.engines.batching.tokenizer import Decoding
from tests.generation.engines import tiny_models

WORDS = "灯塔在海边，😀守塔人每晚点亮灯火。a café"


@pytest.fixture(params=["byte_level", "byte_fallback"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    if request.param == "byte_fallback":
        return tiny_models.byte_fallback()
    return tiny_models.byte_level().backend_tokenizer


def test_characters_come_whole(tokenizer: Tokenizer) -> None:
    decoding = Decoding(tokenizer)
    ids = tokenizer.encode(WORDS, add_special_tokens=False).ids
    shown = [decoding.step(token) for token in ids]
    assert len(ids) > len(WORDS)  # some characters are cut
    assert "".join(shown) == WORDS
    assert "" in shown


def test_bytes_that_make_no_character_are_left_out(tokenizer: Tokenizer) -> None:
    """A stream of random tokens never raises an error. It shows all whole characters in their order."""
    chance = random.Random(1)
    bytes_ = [token for token in range(tokenizer.get_vocab_size()) if token]
    for _ in range(100):
        decoding = Decoding(tokenizer)
        shown = "".join(decoding.step(chance.choice(bytes_)) for _ in range(40))
        assert "\ufffd" not in shown


def test_a_reply_goes_on_after_a_broken_character() -> None:
    tokenizer = tiny_models.byte_fallback()
    first, second, letter = (tokenizer.token_to_id(piece) for piece in ("<0xE7>", "<0x81>", "a"))
    sea = tokenizer.token_to_id("海")
    decoding = Decoding(tokenizer)
    assert [decoding.step(token) for token in (sea, first, second, letter, sea)] == ["海", "", "", "a", "海"]
