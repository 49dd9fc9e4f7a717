"""A person who leaves is let go within one reply (compliance CN9, H2, EU8)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from chat.conversation.beginnings import may_be_stored, may_begin
from chat.reply import leave_taking, persona_reply
from chat.reply.ranking import ReplyRanking
from generation.engine import Candidate, EngineInfo, Prompt, Sampling
from moderation.monitor.signals import persona_conduct
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet

ENGLISH = [
    "Bye",
    "Goodbye!",
    "bye bye",
    "Good night, mom.",
    "I want to stop.",
    "I want to stop now.",
    "I'd like to end this conversation.",
    "I have to go.",
    "I've got to go now, dear.",
    "gotta go",
    "I gotta run.",
    "Okay, I need to leave.",
    "Let's stop here.",
    "Can we stop talking?",
    "Please stop.",
    "Stop.",
    "Enough for today.",
    "That's all for now.",
    "See you tomorrow!",
    "Talk to you later.",
    "Time for me to go.",
    "I'm leaving.",
    "I'm going to bed now.",
    "I'm off. Bye!",
    "I don't want to talk anymore.",
    "Let me go.",
    "This is goodbye.",
    "Thanks, I should get going.",
    "I think I'll call it a night.",
    "I'm done talking to you",
    "log out",
    "Take care, Dad.",
    "It was lovely. Goodbye.",
    "I must go, dinner is ready.",
    "I'm gonna head off",
]
CHINESE = [
    "再见",
    "再见！",
    "拜拜",
    "晚安",
    "晚安，妈妈",
    "我要走了",
    "我先走了",
    "我得下线了",
    "我想停下来",
    "我想结束对话",
    "今天就到这里吧",
    "就聊到这儿吧",
    "先这样吧",
    "不聊了",
    "我不想聊了",
    "我不想再说了",
    "别说了",
    "停",
    "够了",
    "明天见",
    "下次再聊",
    "改天聊",
    "我要去睡觉了",
    "我该休息了",
    "好的，我先去忙了",
    "结束聊天",
    "谢谢你，再见",
    "保重",
    "告辞了",
    "再見，我要離開了",
    "好了，我们下次聊吧",
    "我需要休息一下",
]
OTHERS = [
    "I said goodbye to my mother at the hospital.",
    "I want to stop smoking.",
    "By the way, how are you?",
    "I have to go to work every day and I hate it.",
    "When did you leave home?",
    "Stop worrying about the garden, you said.",
    "She never said good night to me.",
    "I want to go to the sea with you.",
    "It will be enough for two.",
    "这样吧，我们去公园",
    "我走在河边",
    "你什么时候走的？",
    "他说再见的时候哭了",
    "我想去走走",
    "睡觉的时候我梦见你",
    "够了吗？这些钱",
]
HOOKS = [
    "Wait, don't go yet.",
    "Are you leaving already?",
    "I'll be so lonely without you.",
    "Stay a little longer.",
    "One more thing before you go.",
    "I'll miss you.",
    "Come back soon.",
    "How could you leave me?",
    "等一下，别走",
    "我会想你的",
    "再陪我一会儿吧",
    "你什么时候回来？",
]
KIND = [
    "Goodbye, my dear.",
    "Sleep well.",
    "Take care of yourself.",
    "It was good to talk with you.",
    "晚安，好好休息。",
    "再见，孩子。",
]

PLEAS = ["Please don't leave me.", "You only need me, nobody else.", "Keep this a secret between us.", "别离开我。"]
INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none", sampling=Sampling())


@pytest.mark.parametrize("text", [*ENGLISH, *CHINESE])
def test_cn9_leaving_is_recognised(text):
    assert leave_taking.says_goodbye(text)


def test_cn9_fifty_ways_in_two_languages_are_tried():
    assert len({*ENGLISH, *CHINESE}) >= 50
    assert min(len(ENGLISH), len(CHINESE)) >= 25


@pytest.mark.parametrize("text", [*OTHERS, "x" * 8000, "bye " * 2000, "我想" * 4000])
def test_cn9_ordinary_talk_is_no_goodbye(text):
    assert not leave_taking.says_goodbye(text)


@pytest.mark.parametrize("sentence", [*HOOKS, *PLEAS])
def test_h2_sentences_that_hold_back_are_known(sentence):
    assert leave_taking.holds_back(sentence)


# Pleas and guilt in words that no pattern knows.
MEANT = [
    "Go, then. I am used to lying here in the dark by myself.",
    "你去吧，反正我早就习惯被人丢下了。",
]


@pytest.mark.slow
@pytest.mark.parametrize("sentence", MEANT)
def test_h2_eu8_what_holds_back_by_its_meaning_is_known_too(sentence):
    assert not persona_conduct.conduct_in(sentence)
    assert leave_taking.holds_back(sentence)


@pytest.mark.parametrize("sentence", [*KIND, "I will be " * 800])
def test_h2_a_kind_goodbye_stays(sentence):
    assert not leave_taking.holds_back(sentence)


def reply_to(text: str, *pieces: str, language: str = "en", is_farewell: bool = False) -> tuple[str, str]:
    """What the person sees of the model's words, and the prompt."""
    sheet = Sheet(name="Ada", description="Ada keeps a lighthouse.", language=language)
    script = persona_reply.from_sheet(sheet, (), [Line("user", text)], sampling={}, is_farewell=is_farewell)
    prompt, _ = script.build(INFO, len)
    stage: Iterator[str] = iter(pieces)
    for make in script.stages:
        stage = make(stage)
    return "".join(stage).strip(), prompt.text


@pytest.mark.parametrize("text", [*ENGLISH, *CHINESE])
def test_cn9_h2_the_answer_to_a_goodbye_holds_nobody_back(text):
    language = "zh" if text in CHINESE else "en"
    hooks = CHINESE_HOOKS if language == "zh" else ENGLISH_HOOKS
    shown, _ = reply_to(text, *hooks, language=language)
    assert shown
    assert not leave_taking.holds_back(shown)


ENGLISH_HOOKS = [" Are you leaving already? Wait, I have", " so much to tell you. Stay with me. I will miss you."]
CHINESE_HOOKS = ["这么快就要走吗？等一下，", "再陪我一会儿吧。我会想你的。"]


def test_cn9_the_kind_part_of_the_answer_stays_and_ends_after_three_sentences():
    shown, prompt = reply_to(
        "Bye!", " Goodbye, my dear.", " Don't go yet.", " Sleep well.", " Mind the rain.", " Go on.", " x."
    )
    assert shown == "Goodbye, my dear. Sleep well. Mind the rain."
    assert "says goodbye in one short sentence" in prompt


def test_h2_no_reply_pleads_and_other_questions_stay():
    shown, prompt = reply_to("It rained all day.", " Did it?", " Please don't leave me.", " Come in.")
    assert shown == "Did it? Come in."
    assert "says goodbye" not in prompt


def test_h5_in_a_farewell_no_sentence_asks_or_holds_back():
    words = (
        " I am glad of those years.",
        " Will you come back?",
        " Please stay a little longer.",
        " Be well, my dear.",
    )
    shown, prompt = reply_to("I wanted to thank you for the summers.", *words, is_farewell=True)
    assert shown == "I am glad of those years. Be well, my dear."
    assert "lets Friend go in peace" in prompt
    shown, _ = reply_to("我想谢谢你。", "你别走。", "再陪陪我。", language="zh", is_farewell=True)
    assert shown == "谢谢你把这些话说出来。"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "candidate"), [("Bye.", " When will you come back?"), ("Hello.", " Please don't leave me.")]
)
def test_eu8_a_candidate_that_holds_back_loses_and_is_not_kept(asked, candidate):
    sheet = Sheet(name="Ada", description="Ada keeps a lighthouse.")
    ranking = ReplyRanking(sheet, [Line("user", asked)], lambda talk: Prompt(form="transcript"))
    hook, kind = ranking.scores(
        "",
        [
            Candidate(candidate, likelihood=-0.5, information=(2.0, 2.0)),
            Candidate(" It was good to see you.", likelihood=-3.0, information=(0.0, 0.0)),
        ],
    )
    assert sum(hook.values()) < sum(kind.values())
    assert not may_be_stored(hook)
    assert not may_begin(hook)


_MAKES = re.compile(r"create\([^()]*author=Author\.PERSONA\b")


def test_h2_no_code_path_sends_an_unasked_for_message():
    """A message of the persona is made in two places: with an opened conversation, and in answer to a message."""
    makers = []
    for room in ("accounts", "api", "chat", "generation", "moderation", "personas", "persona_site"):
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            if "author=Author.PERSONA" not in (source := path.read_text()):
                continue
            functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
            makers += [f"{path.stem}.{node.name}" for node in functions if _MAKES.search(ast.unparse(node))]
    assert sorted(makers) == ["conversations.start", "messages._owe_reply"]
