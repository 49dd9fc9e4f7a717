"""Which words of a stored prompt are those of a deleted text."""

import pytest

from chat.conversation import stored_prompts


def left(prompt: str, *, turns: tuple[str, ...] = (), pieces: tuple[str, ...] = ()) -> object:
    return stored_prompts._without([prompt], stored_prompts._removals(turns, pieces))


@pytest.mark.parametrize(
    ("turn", "prompt", "expected"),
    [
        ("Hi", "You: Hi\nAda: This is the history. Hi, you.", "You: […]\nAda: This is the history. Hi, you."),
        ("a", "<|im_start|>user\na<|im_end|>\nAda is a cat.", "<|im_start|>user\n[…]<|im_end|>\nAda is a cat."),
        ("?", "<s>[INST] ? [/INST] Is it you? ?!", "<s>[INST] […] [/INST] Is it you? ?!"),
        ("I am gay", "You: I am gay\nAda: I am gayer.", "You: […]\nAda: I am gayer."),
        ("你好", "小李：你好\n奶奶：你好吗？", "小李：[…]\n奶奶：你好吗？"),
        ("好", "小李：好\n奶奶：好不好？", "小李：[…]\n奶奶：好不好？"),
        ("我得了癌症", "小李：我得了癌症\n奶奶：他说我得了癌症吗？", "小李：[…]\n奶奶：他说[…]吗？"),
    ],
)
def test_a_short_message_is_removed_where_it_stands_by_itself(turn: str, prompt: str, expected: str) -> None:
    assert left(prompt, turns=(turn,)) == [expected]


@pytest.mark.parametrize(
    ("piece", "prompt", "expected"),
    [
        ("No", "(On Monday, Friend told Ada: No I know nothing.)", "(On Monday, Friend told Ada: […] I know nothing.)"),
        ("我姓王", "（5月3日，小李对奶奶说过：我姓王我养猫）", "（5月3日，小李对奶奶说过：[…]我养猫）"),
    ],
)
def test_a_short_piece_is_removed_also_between_other_pieces(piece: str, prompt: str, expected: str) -> None:
    assert left(prompt, pieces=(piece,)) == [expected]


def test_a_long_text_is_removed_wherever_it_stands() -> None:
    assert left("“My dog is called Bruno”s", turns=("My dog is called Bruno",)) == ["“[…]”s"]
