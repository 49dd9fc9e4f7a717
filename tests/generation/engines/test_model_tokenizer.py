"""A model's own tokenizer and template, on a tiny tokenizer that is made for the test."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from generation.engine import Prompt, PromptMessage
from generation.engines.batching.tokenizer import ModelTokenizer
from tests import attacks, timing

# As DeepSeek R1 and Qwen3 end theirs.
ALWAYS = "{{ messages[-1].content }}<a>{% if add_generation_prompt %}<think>\n{% endif %}"
SWITCHED = "{{ messages[-1].content }}<a>{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
PROMPT = Prompt("chat", messages=(PromptMessage("user", "Hello"),))


def tokenizer_of(folder: Path, template: str) -> ModelTokenizer:
    tokenizer = Tokenizer(models.WordLevel({"Hello": 0, "[UNK]": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")
    fast.chat_template = template
    fast.save_pretrained(folder)
    return ModelTokenizer(folder)


def test_a_model_that_its_template_lets_think_speaks_at_once(tmp_path: Path) -> None:
    assert tokenizer_of(tmp_path / "one", ALWAYS).rendered(PROMPT) == "Hello<a><think>\n</think>\n\n"
    assert tokenizer_of(tmp_path / "two", SWITCHED).rendered(PROMPT) == "Hello<a><think>\n\n</think>\n\n"


def test_what_a_reply_goes_on_from_is_no_thought(tmp_path: Path) -> None:
    rendered = tokenizer_of(tmp_path, ALWAYS).rendered(PROMPT.continued("Good evening."))
    assert rendered == "Hello<a><think>\n</think>\n\nGood evening."


@pytest.fixture
def tokenizer() -> ModelTokenizer:
    """A tokenizer with two special tokens and no files."""
    tokenizer = ModelTokenizer.__new__(ModelTokenizer)
    tokenizer._marks = frozenset({"<s>", "<|im_end|>"})
    return tokenizer


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
def test_no_mark_is_left(tokenizer: ModelTokenizer, written: str, read: str) -> None:
    assert tokenizer._plain(written) == read


def test_marks_in_marks_take_no_longer_than_other_words(tokenizer: ModelTokenizer) -> None:
    depth = attacks.CHARACTERS // 3
    nested = "<s" * depth + ">" * depth
    assert tokenizer._plain(nested) == ""
    assert timing.takes_at_most(0.1, lambda: tokenizer._plain(nested))
