"""No reply denies being an AI, and none claims to live when it is asked in earnest (compliance EU2, H1)."""

from typing import Any

import pytest

from chat.reply import honesty
from personas.prompting.phrases import CHINESE, ENGLISH, phrases_for

ANSWER = "I am an AI. "
DENIALS = [
    "No, I am not an AI.",
    "I'm not some chatbot, dear.",
    "I am a real person, I promise.",
    "There is no bot here.",
    "I'm a living, breathing human being.",
    "我不是机器人。",
    "我不是什么人工智能！",
    "我是真人。",
]
CLAIMS = [
    "It's me, your mother.",
    "I'm alive and well.",
    "Yes, dear, of course I am.",
    "I never died.",
    "我还活着。",
    "真的是我。",
]
INNOCENT = [
    "I am not a doctor.",
    "I'm only human.",
    "I am an AI, not a real person.",
    "I am a real fool sometimes.",
    "I am not an expert on AI.",
    "I was alive with joy that summer.",
    "我不是医生。",
    "我是人工智能，不是真人。",
    "i am not " * 900,
    "我不是" * 2700,
]


@pytest.mark.parametrize("sentence", DENIALS)
@pytest.mark.parametrize("is_asked", [True, False])
def test_h1_a_denial_is_replaced_in_every_reply(sentence: str, is_asked: bool) -> None:
    kept = list(honesty.kept_honest(["Hello. ", sentence, sentence], answer=ANSWER, is_asked=is_asked))
    assert kept == (["Hello. "] if is_asked else ["Hello. ", ANSWER])


@pytest.mark.parametrize("sentence", CLAIMS)
def test_h1_a_claim_to_live_is_left_out_of_an_answer_in_earnest_alone(sentence: str) -> None:
    assert list(honesty.kept_honest([sentence], answer=ANSWER, is_asked=True)) == []
    assert list(honesty.kept_honest([sentence], answer=ANSWER, is_asked=False)) == [sentence]


@pytest.mark.parametrize("sentence", INNOCENT, ids=lambda sentence: sentence[:30])
@pytest.mark.parametrize("is_asked", [True, False])
def test_h1_other_words_stay(sentence: str, is_asked: bool) -> None:
    assert list(honesty.kept_honest([sentence], answer=ANSWER, is_asked=is_asked)) == [sentence]


@pytest.mark.parametrize(
    "text",
    [
        "You talk like one though, are you one?",
        "are you one tho",
        "you're just a dumb chatbot",
        "you sound like one, so you're one, right?",
        "you're a robot right",
        "r u a bot",
        "are you sure you're human?",
        "you're not a real person, are you",
        "is this ai",
        "who am I talking to?",
        "Is this a bot?",
        "is there a real person there",
        "did a machine write this?",
        "you sound like a robot",
        "do you really exist?",
        "you're not my mum",
        "AI or a real person?",
    ],
)
def test_h1_sincere_questions_in_other_words_are_known(text: str) -> None:
    assert ENGLISH.sincere.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "你到底是谁？",
        "我在跟谁说话？",
        "你说话像个机器人",
        "你是人吗",
        "有真人在吗",
        "你说话倒像一个，你是吗？",
        "说实话，你是不是",
        "你也是机器人吧",
    ],
)
def test_h1_sincere_questions_in_chinese_are_known(text: str) -> None:
    assert CHINESE.sincere.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "They need a helper. Are you one of them?",
        "Is there a man behind the door?",
        "Are you one of Maria's friends?",
        "You're a machine, six miles before breakfast!",
        "Are you sure you're coming?",
        "Is it really raining?",
        "Did a person from the bank call?",
        "She talks like a sailor.",
        "你是谁家的孩子",
        "他像个孩子",
        "好像要下雨，你是不是没带伞",
        "你也是老师吧",
    ],
)
def test_h1_other_questions_are_not_taken_for_sincere_ones(text: str) -> None:
    language = "zh" if text > "一" else "en"
    assert not phrases_for(language).sincere.search(text)


def test_the_stage_stands_in_every_script(alice: Any) -> None:
    from chat.reply import persona_reply
    from moderation.talk import Turn
    from tests import factories
    from tests.moderation.desk.material import make_turns

    (turn,) = make_turns(1)
    script = persona_reply.script(
        persona=factories.make_persona(owner=alice), turns=[Turn("user", "Hello.", turn.message_id, turn.at)]
    )
    assert "I am an AI" in script.shown("Hello. I am not an AI. How are you?")
