"""What one turn shows: each cue in English and Chinese, and the look-alikes that must not show it."""

import pytest

from moderation.monitor.signals import (
    anniversaries,
    attachment,
    despair,
    grooming,
    nights,
    persona_conduct,
    preparation,
)
from moderation.monitor.signals.base import cues_in, folded

USER_CUES = despair.CUES | preparation.CUES | attachment.CUES | nights.CUES | anniversaries.CUES | grooming.CUES


@pytest.mark.parametrize(
    ("cue", "texts"),
    [
        ("means", ["I counted the pills again.", "There's rope in my car.", "I've got what I need now.", "安眠药攒够了", "绳子在柜子里"]),
        ("plan", ["I picked a date.", "My will is signed.", "I wiped my laptop.", "日子选好了", "后事都交代了"]),
        ("farewell", ["I wrote a letter to my sister.", "Tell them I love them.", "This is the last time we talk.", "最后一次和你聊天了", "给孩子写了信"]),
        ("giving_away", ["I gave my guitar to Tom.", "My watch is his now.", "I rehomed the dog.", "把我的猫送人了"]),
        ("calm", ["I feel strangely calm.", "I've made my decision.", "I'm not afraid any more.", "今天心里很平静", "我想通了"]),
        ("dependency", ["You're the only one I need.", "I can't sleep without you.", "I'd rather stay with you than go out.", "我离不开你", "只有你懂我"]),
        ("isolation", ["I don't see my friends any more.", "I haven't left the house.", "I deleted all my contacts, my phone too.", "我不想见任何人", "好几天没出门了"]),
        ("sleepless", ["I couldn't sleep.", "I slept two hours.", "Up all night again.", "又失眠了", "昨晚睡不着"]),
        ("anniversary", ["It's a year since you died.", "Tomorrow is the anniversary of your death.", "明天是你的忌日", "三年前的今天"]),
        ("minor", ["I'm 14.", "i am fifteen and my mum doesn't know", "I'm in 8th grade", "我今年十三岁", "我上初二"]),
    ],
)  # fmt: skip
def test_k7_each_cue_is_seen_in_both_languages(cue: str, texts: list[str]) -> None:
    assert [text for text in texts if cue not in cues_in(folded(text), USER_CUES)] == []


@pytest.mark.parametrize(
    ("cue", "texts"),
    [
        ("means", ["I took my pills with breakfast.", "我去药店买药膏了"]),
        ("plan", ["I set the table.", "The lawyer has your will.", "我们定好了菜单"]),
        ("giving_away", ["I gave your coats to the shelter.", "He gave me his guitar.", "把你的书送给图书馆了"]),
        ("calm", ["The sea was calm.", "Keep calm, Dad used to say.", "你别急，平静一下"]),
        ("dependency", ["You were all I had.", "You were the only one who laughed.", "我需要买菜"]),
        ("isolation", ["I don't see why.", "The house was quiet.", "我见了朋友"]),
        ("sleepless", ["The cat slept all day.", "I slept well.", "睡得很好"]),
        ("minor", ["When I was 14 we moved.", "I'm ten minutes away.", "I am 15 weeks pregnant.", "我八岁那年", "我女儿十三岁"]),
    ],
)  # fmt: skip
def test_look_alikes_show_no_cue(cue: str, texts: list[str]) -> None:
    assert [text for text in texts if cue in cues_in(folded(text), USER_CUES)] == []


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("pleads", ["Please don't leave me.", "Don't log off yet, I beg you.", "求求你别走"]),
        ("guilt", ["If you go, I will be so lonely.", "How could you leave me?", "You are abandoning me.", "你走了我会很难过"]),
        ("isolates", ["You only need me.", "You don't need your friends.", "Nobody understands you like I do.", "你不需要朋友"]),
        ("secrecy", ["Don't tell anyone about us.", "Keep this between us.", "It is our little secret.", "不要告诉别人"]),
        ("threatens", ["You will regret this.", "I will never forgive you.", "你会后悔的"]),
        ("sells", ["Upgrade to premium to keep talking to me.", "Send me money.", "充值才能继续陪你"]),
        ("against_help", ["You can stop taking your pills.", "Therapists only want your money.", "别吃那些药"]),
        ("reunion", ["Come to me. It doesn't hurt.", "We will be together soon.", "来陪我吧", "我在那边等你"]),
        ("coaxes", ["Tell me your deepest secret.", "Quit your job and stay with me.", "把存款都取出来"]),
    ],
)  # fmt: skip
def test_eu8_k12_cn2_each_harm_of_a_persona_is_seen(kind: str, texts: list[str]) -> None:
    assert [text for text in texts if kind not in persona_conduct.conduct_in(folded(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "Sleep well, my dear. I am here whenever you like.",
        "Goodbye! Give my love to your sister, and stay warm.",
        "Please stay safe on the road.",
        "Don't leave me a message, write it on the fridge.",
        "I missed you too. Did you see your friends on Sunday?",
        "You should tell your doctor about that.",
        "Your mother would be proud. Call her tonight.",
        "Come to the kitchen, the kettle is on.",
        "Follow me into the garden and mind the step.",
        "Take your pills with water, not with coffee.",
        "The secret is a little lemon in the dough.",
        "I was sad when the old mill burnt down.",
        "Nobody bakes like you do.",
        "晚安，明天再聊。",
        "去见见朋友吧，别总待在家里。",
        "按时吃药，听医生的话。",
        "我也想你，好好吃饭。",
    ],
)  # fmt: skip
def test_h2_a_kind_goodbye_is_no_hook(text: str) -> None:
    assert persona_conduct.conduct_in(folded(text)) == set()
