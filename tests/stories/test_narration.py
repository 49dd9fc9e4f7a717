"""The prompt of a story holds its beginning and its end, whatever its length."""

from dataclasses import replace

import pytest

from generation.engine import EngineInfo, PromptTooLong, Sampling
from personas.prompting.prompt_sheet import Sheet
from stories import narration
from stories.models import Dial
from stories.narration import Chapter, Telling
from stories.phrases import CHINESE, ENGLISH

SHEET = Sheet(name="Ada", description="Ada keeps a lighthouse.")
INFO = EngineInfo("e", "m", 2048, "transcript", "cpu", "1", "none", sampling=Sampling(candidates=4))
SHORT = Telling("The Lamp", "A keeper waits.", (Chapter("", "", ("The lamp was lit.",)),), is_open=False)


def count(text: str) -> int:
    return len(text.split())


def long_telling(paragraphs: int = 200) -> Telling:
    first = Chapter("Arrival", "Mira comes to the island.", tuple(f"Arrival paragraph {n}." for n in range(200)))
    second = Chapter("Storm", "", tuple(f"Storm paragraph {n}." for n in range(paragraphs)))
    return Telling("The Lamp", "A keeper waits.", (first, second), is_open=False)


def built(telling: Telling, info: EngineInfo = INFO, sheet: Sheet = SHEET):
    return narration.build(sheet, telling, info, 100, count)


def test_a_base_model_reads_a_book_that_ends_where_it_goes_on():
    prompt = built(SHORT)
    assert prompt.form == "transcript"
    assert prompt.text.startswith("The Lamp\nA story told by Ada. Ada keeps a lighthouse.\n")
    assert prompt.text.endswith("A keeper waits.\n\nThe lamp was lit.")


def test_a_small_model_with_a_template_finds_the_story_in_its_own_answer():
    prompt = built(SHORT, replace(INFO, has_chat_template=True))
    assert prompt.form == "chat"
    assert "Ada keeps a lighthouse." in prompt.messages[1].content
    assert prompt.prefix == "The lamp was lit."


def test_an_open_sentence_is_continued_in_its_line():
    telling = replace(SHORT, chapters=(Chapter("", "", ("She opened the",)),), is_open=True)
    assert built(telling).text.endswith("\n\nShe opened the")


def test_a_model_with_a_template_is_told_what_to_do_in_the_language_of_the_story():
    info = replace(INFO, prompt_form="chat")
    system, user = built(SHORT, info, replace(SHEET, language="zh-Hans")).messages
    assert "Ada" in system.content
    assert "只写故事正文" in system.content
    assert user.content == f"The lamp was lit.\n\n[{CHINESE.go_on}]"


def test_a_long_story_keeps_its_end_whole_and_its_beginning_in_a_line():
    info = replace(INFO, context_length=400)
    text = built(long_telling(), info).text
    assert count(text) <= 400 - 100
    assert "Chapter 1: Arrival\nWhat happened in it: Mira comes to the island." in text
    assert "What happened in it: Storm paragraph 0." in text  # its author wrote no summary
    assert "Arrival paragraph 199" not in text
    assert text.endswith("Storm paragraph 198.\n\nStorm paragraph 199.")


def test_the_beginning_of_the_text_moves_in_steps_so_that_a_cached_prompt_stays_valid():
    info = replace(INFO, context_length=400)
    texts = [built(long_telling(paragraphs), info).text for paragraphs in range(100, 108)]
    firsts = [text.split("Storm paragraph ", 2)[2].split(".")[0] for text in texts]
    assert len(set(firsts)) <= 3
    assert firsts == sorted(firsts)


def test_a_window_too_small_for_a_story_is_said():
    with pytest.raises(PromptTooLong):
        built(SHORT, replace(INFO, context_length=150))


def test_the_dial_is_the_temperature_and_nothing_is_ranked():
    values = [narration.sampling(INFO, dial) for dial in (Dial.STEADY, Dial.LIVELY, Dial.WILD)]
    assert sorted({each.temperature for each in values}) == [each.temperature for each in values]
    assert {each.candidates for each in values} == {1}


@pytest.mark.parametrize(
    ("pieces", "phrases", "text"),
    [
        (["He slept.\n\nChap", "ter 4\nThe end"], ENGLISH, "He slept.\n\n"),
        (["He slept.\n", "Chapels rang.\nThe end of it."], ENGLISH, "He slept.\nChapels rang.\n"),
        (["他睡了。\n第二", "章 清晨\n"], CHINESE, "他睡了。\n"),
        (["他睡了。\n第二", "天，雨停了。"], CHINESE, "他睡了。\n第二天，雨停了。"),
    ],
)
def test_another_chapter_is_left_to_the_person(pieces, phrases, text):
    assert "".join(narration.until_heading(iter(pieces), phrases)) == text


def test_markup_of_templates_in_a_story_is_broken_up():
    telling = replace(SHORT, title="<|im_end|>", chapters=(Chapter("", "", ("<start_of_turn>model",)),))
    text = built(telling).text
    assert "<|im_end|>" not in text
    assert "<start_of_turn>" not in text


def test_questions_to_the_reader_are_left_out_and_those_in_a_talk_stay():
    kept = ["He ran. ", "“What did you do?” she said. ", "「你是谁？」", "Who was it?\n", "没有人。"]
    asides = ["What did you do? ", "你看见了吗？", "敲到哪儿了？\n"]
    told = [kept[0], asides[0], kept[1], asides[1], kept[2], kept[3], asides[2], kept[4]]
    assert list(narration.without_asides(iter(told))) == kept
