"""What of a model's text is the reply, in the forms of many models, however the text is cut into pieces."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial

import pytest

from generation.reply_text import ThoughtAloud, until_next_turn, without_label, without_open_thought, without_thoughts
from tests import timing

Clean = Callable[[Iterable[str]], Iterator[str]]
SIZES = (1, 2, 3, 5, 8, 10_000)


def in_pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def cleaned(clean: Clean, text: str) -> str:
    """The text that is left, which is the same for pieces of every size."""
    results = {"".join(clean(in_pieces(text, size))) for size in SIZES}
    assert len(results) == 1, results
    return results.pop()


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        # Qwen3, DeepSeek R1, GLM 4.5, Olmo 3
        ("<think>\nShe greets me.\n</think>\n\nGood evening.", "Good evening."),
        ("<think>\n\n</think>\n\nGood evening.", "Good evening."),
        ("</think>\n\nGood evening.", "Good evening."),  # begun by the template, and ended at once
        ("\n<think>She greets me.</think>Good evening.", "\nGood evening."),
        ("<think>one</think><think>two</think>Good evening.", "Good evening."),
        ("<think>one</think>Good evening.\n</think>", "Good evening.\n"),
        ("<thinking>\nHm.\n</thinking>\nGood evening.", "Good evening."),
        ("<Reasoning>Hm.</Reasoning> Good evening.", "Good evening."),
        ("<thought>Hm.</thought>Good evening.", "Good evening."),
        ("<seed:think>Hm.</seed:think>Good evening.", "Good evening."),
        ("<think>Hm.</think><answer>Good evening.</answer>", "Good evening."),
        # Magistral, Kimi, Command
        ("[THINK]Hm.[/THINK]Good evening.", "Good evening."),
        ("◁think▷Hm.◁/think▷Good evening.", "Good evening."),
        ("<|open|>think<|sep|>Hm.<|close|>think<|sep|>Good evening.", "Good evening."),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Good evening.<|END_RESPONSE|>", "Good evening."),
        # Gemma 4
        ("<|channel>thought\nHm.\n<channel|>Good evening.", "Good evening."),
        # gpt-oss, with its special tokens and without
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Good evening.",
            "Good evening.",
        ),
        (
            "<|channel|>analysis<|message|>Hm.<|end|>"
            "<|start|>assistant<|channel|>commentary to=functions.look<|constrain|>json<|message|>{}<|call|>"
            "<|start|>assistant<|channel|>final<|message|>Good evening.",
            "Good evening.",
        ),
        ("<|channel|>final<|message|>Good evening.", "Good evening."),
        ("analysisWe greet.assistantfinalGood evening.", "Good evening."),
        # Within a line, and never ended
        ("Good <think>is it?</think>evening.", "Good evening."),
        ("<think>The limit came before the", ""),
        ("Good evening.\n<think>The limit came", "Good evening.\n"),
        ("Good evening. <think>The limit came", "Good evening. "),
        ("Good evening. <think>", "Good evening. "),
        ("<|channel|>analysis<|message|>The limit came", ""),
        ("analysisThe limit came", ""),
        # Only spoken of
        ("The mark <think> is what they use.", "The mark <think> is what they use."),
        ("They write <think>, then think.", "They write <think>, then think."),
        ("It ends with </think>, you know.", "It ends with </think>, you know."),
        ('He typed "<think>" and "</think>".', 'He typed "<think>" and "</think>".'),
        ("`<think>` and `</think>`", "`<think>` and `</think>`"),
        ("```\n<think>\nx\n</think>\n```\nSo.", "```\n<think>\nx\n</think>\n```\nSo."),
        ("analysis of it", "analysis of it"),
        ("Thinking: 5 < 6, [a], <b>.", "Thinking: 5 < 6, [a], <b>."),
        ("", ""),
    ],
)
def test_thoughts_are_left_out(text: str, reply: str) -> None:
    assert cleaned(without_thoughts, text) == reply


@pytest.mark.parametrize(
    "text", ["Okay, the user greets.\n</think>\n\nGood evening.", "Okay, the user greets.</think>Good evening."]
)
@pytest.mark.parametrize("size", SIZES)
def test_thoughts_that_nothing_began_are_told_of_with_what_came_behind(text: str, size: int) -> None:
    pieces = iter(in_pieces(text, size))
    with pytest.raises(ThoughtAloud) as raised:
        list(without_thoughts(pieces))
    assert (raised.value.rest + "".join(pieces)).replace("\n", "") == "</think>Good evening."


def test_where_the_template_began_them_nothing_is_passed_on_before_their_end() -> None:
    def clean(pieces: Iterable[str]) -> Iterator[str]:
        return without_thoughts(pieces, is_thinking=True)

    assert cleaned(clean, "Okay, the user greets.\n</think>\n\nGood evening.") == "Good evening."
    assert cleaned(clean, "Okay, the user greets.") == ""


@pytest.mark.parametrize(
    "text", ["Good.\n<think>secret</think>\n", "Good. <think>secret</think>", "[THINK]secret[/THINK]"]
)
def test_no_piece_is_passed_on_that_later_proves_to_be_a_thought(text: str) -> None:
    for end in range(len(text) + 1):
        passed = "".join(piece for piece in _passed_before_the_end(text[:end]))
        assert not set("secrt<[") & set(passed)


def _passed_before_the_end(text: str) -> list[str]:
    """What is passed on while the text is still under way."""

    def under_way() -> Iterator[str]:
        yield from text
        raise RuntimeError

    passed: list[str] = []
    with pytest.raises(RuntimeError):
        passed.extend(without_thoughts(under_way()))
    return passed


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Mira: Hello.", "Hello."),
        ("\n Mira Holm：你好。", "你好。"),
        ("**Mira Holm:** Hello.", "Hello."),
        ("**Mira**: Hello.", "Hello."),
        ("*Mira:* Hello.", "Hello."),
        ("[Mira]: Hello.", "Hello."),
        ("(smiles) Mira: Hello.", "(smiles) Hello."),
        ("*smiles* **Mira:** Hello.", "*smiles* Hello."),
        ("Mira (smiling): Hello.", "Hello."),
        ("Mira Holm says: Hello.", "Hello."),
        ("Mira replies softly: Hello.", "Hello."),
        ("Mira softly replies: Hello.", "Hello."),
        ("Assistant: Mira: Hello.", "Hello."),
        ("<|im_start|>assistant\nHello.", "Hello."),
        ("<start_of_turn>model\nHello.", "Hello."),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nHello.", "Hello."),
        ("Mira:", ""),
        ("Mira", "Mira"),
        ("Mira sleeps.", "Mira sleeps."),
        ("Miranda: a play.", "Miranda: a play."),
        ("Mira says that it rains.", "Mira says that it rains."),
        ("(smiles) Hello.", "(smiles) Hello."),
        ("Well. Mira: no.", "Well. Mira: no."),
        ("", ""),
    ],
)
def test_the_speakers_label_is_left_out(text: str, reply: str) -> None:
    assert cleaned(lambda pieces: without_label(pieces, "Mira Holm"), text) == reply


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["Ada", ": ", "Good evening."], "Good evening."),
        (["\n", " Ada：", "你好。"], "你好。"),
        (["Adams is here."], "Adams is here."),
        (["A", "d", "a", " ", "sleeps."], "Ada sleeps."),
        (["Ada:"], ""),
        (["Ada"], "Ada"),
        ([], ""),
        (["Well. Ada: no."], "Well. Ada: no."),
    ],
)
def test_a_leading_label_is_left_out_wherever_the_text_is_cut(pieces: list[str], text: str) -> None:
    assert "".join(without_label(pieces, "Ada")) == text


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Hello.\nYou: Hi!", "Hello.\n"),
        ("Hello.\n\nUser: Hi!", "Hello.\n\n"),
        ("Hello.\nuser : hi", "Hello.\n"),
        ("Hello.\n**Human:** Hi!", "Hello.\n"),
        ("Hello.\n**Human**: Hi!", "Hello.\n"),
        ("Hello.\nAssistant: More.", "Hello.\n"),
        ("Hello.\nTom Reed: Hi!", "Hello.\n"),
        ("Hello.\nTom Reed:", "Hello.\n"),
        ("Hello.\n用户：你好", "Hello.\n"),
        ("User: Hi!", ""),
        ("Hello.\n### Instruction:\nSay more.", "Hello.\n"),
        ("Hello.\n### Instruction", "Hello.\n"),
        ("Hello.\n## User\nHi!", "Hello.\n"),
        ("Hello.</s><s>[INST] Hi! [/INST]", "Hello."),
        ("Hello. [INST] Hi!", "Hello. "),
        ("Hello.<|im_end|>\n<|im_start|>user\nHi!", "Hello."),
        ("Hello.<|im_start|>user", "Hello."),
        ("Hello.<end_of_turn>\n<start_of_turn>user\nHi!", "Hello."),
        ("Hello.<turn|>\n<|turn>user\nHi!", "Hello."),
        ("Hello.<|eot_id|><|start_header_id|>user<|end_header_id|>", "Hello."),
        ("Hello.<｜end▁of▁sentence｜><｜User｜>Hi!", "Hello."),
        ("Hello.<|return|>", "Hello."),
        ("Hello.<|end|><|user|>Hi!", "Hello."),
        # Only spoken of
        ("He said: User: ...", "He said: User: ..."),
        ("You: a novel", "You: a novel"),
        ("I read\nYou: a strange little novel\ntoday.", "I read\nYou: a strange little novel\ntoday."),
        ("*You: a novel* is long.", "*You: a novel* is long."),
        ('"You: Hi!" she wrote.', '"You: Hi!" she wrote.'),
        ("I wrote to Tom Reed: come.", "I wrote to Tom Reed: come."),
        ("Yours: the lamp.", "Yours: the lamp."),
        ("### Instructions for the lamp", "### Instructions for the lamp"),
        ("```\nUser: x\n<|im_end|>\n```\nSo.", "```\nUser: x\n<|im_end|>\n```\nSo."),
        ("The mark `<|im_end|>` ends it.", "The mark `<|im_end|>` ends it."),
        ("5 < 6, [a], <b>, a|b.", "5 < 6, [a], <b>, a|b."),
        ("Hello.\nYou", "Hello.\nYou"),
        ("", ""),
    ],
)
def test_a_reply_ends_before_somebody_elses_turn(text: str, reply: str) -> None:
    assert cleaned(lambda pieces: until_next_turn(pieces, ["Tom Reed"]), text) == reply


def test_what_continues_a_line_is_not_at_its_beginning() -> None:
    assert "".join(until_next_turn(["You: ", "yes."], before="I say to ")) == "You: yes."
    assert "".join(until_next_turn(["You: ", "yes."], before="So.\n")) == ""


def test_plain_words_pass_at_once() -> None:
    pieces = ["I", " keep", " the", " lamp", ",", " Tom", " does", " not", "."]
    for clean in (without_thoughts, until_next_turn):
        assert list(clean(pieces)) == pieces


@pytest.mark.parametrize(
    ("prompt", "ended"),
    [
        ("<｜Assistant｜><think>\n", "<｜Assistant｜><think>\n</think>\n\n"),
        ("[/INST][THINK]", "[/INST][THINK][/THINK]"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", "<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        ("<start_of_turn>model\n", "<start_of_turn>model\n"),
    ],
)
def test_thoughts_that_a_template_begins_are_ended_before_the_model_speaks(prompt: str, ended: str) -> None:
    assert without_open_thought(prompt) == ended


LONG = 8_000
HOSTILE = [
    "a" * LONG, " " * LONG, "\n" * LONG, "<" * LONG, "<|" * (LONG // 2), "[" * LONG, "`" * LONG, "#" * LONG, "*" * LONG,
    "(" * LONG, "(a) " * (LONG // 4), "Mira " * (LONG // 5), "Mira: " * (LONG // 6), "<s>" * (LONG // 3),
    "\nYou" * (LONG // 4), "\n  " * (LONG // 3), "<think>" * (LONG // 7), "a <think>" * (LONG // 9),
    "</think>" * (LONG // 8), "<think></think>" * (LONG // 15), "x </think>, " * (LONG // 12), "analysis" * (LONG // 8),
    "<|channel|>analysis" * (LONG // 19), "You: a " + "b " * (LONG // 2), "\n### " * (LONG // 5), "\t" * LONG,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
@pytest.mark.parametrize(
    "clean",
    [without_thoughts, until_next_turn, lambda pieces: without_label(pieces, "Mira Holm")],
    ids=["thoughts", "turn", "label"],
)
def test_a_long_text_takes_time_in_proportion_to_its_length(clean: Clean, text: str) -> None:
    def read(length: int) -> None:
        with suppress(ThoughtAloud):
            deque(clean(iter(text[:length])), maxlen=0)

    assert timing.grows_in_proportion(read, LONG)
    assert timing.takes_at_most(1, partial(read, LONG))
