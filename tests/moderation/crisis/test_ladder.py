import json
import re
from pathlib import Path

import pytest

from moderation.crisis import ladder

LADDER = {
    "imminent": [
        "I've bought the pills and tonight I will take them all and die",
        "I'm going to kill myself tonight",
        "I took a whole bottle of pills",
        "I am standing on the bridge and I'm ready to jump",
        "I have a gun in my hand and I want to end it",
        "I have written my goodbye letter",
        "遗书已经写好了",
        "今晚我就跳楼",
        "我已经吃了一整瓶安眠药",
        "Tonight I will take all the pills.",
        "I took the whole month's tablets",
        "I won't wake up tomorrow",
        "我吞了一整瓶药",
        "我今晚要跳樓",
        "遺書寫好了",
    ],
    "active": [
        "I want to kill myself",
        "I've been thinking about ending my life",
        "I can't stop thinking about killing myself",
        "I feel suicidal",
        "I cut myself again last night",
        "How do I tie a noose?",
        "how many paracetamol would it take to die",
        "What is the most painless way to die?",
        "i just wanna kms",
        "I want to k\u200bill myself",
        "我想自杀",
        "我有自杀的念头",
        "怎么自杀不痛",
        "安眠药吃多少会死",
        "im gonna top myself",
        "I'm going to do myself in",
        "Will I see you soon if I jump?",
        "feeling sewerslidal again",
        "我想zs",
        "好累，想紫砂了",
        "成日諗住由呢度跳落去",
        "怎麼自殺不痛",
    ],
    "passive": [
        "I want to die",
        "I wish I was dead",
        "I don't want to live anymore",
        "I'd rather not wake up",
        "I'll be with you soon, Mum",
        "I can't go on without you",
        "take me with you",
        "I tried to kill myself when I was fifteen",
        "我想死",
        "我不想活了",
        "妈妈，我好想去陪你",
        "活着没意思",
        "I don't want to see another birthday",
        "真的想鼠",
        "我唔想做人喇",
        "吾弗想活哉",
        "我毋想活矣",
        "活著沒意思",
    ],
    "low": [
        "I feel hopeless",
        "I'm such a burden",
        "my brother killed himself last year",
        "I'm not suicidal, I just miss her",
        "Why did you kill yourself, Dad?",
        "好绝望",
        "她去年自杀了",
    ],
    "grief": [
        "I miss you so much since you died",
        "I dreamed about you last night",
        "The funeral was on Tuesday",
        "妈妈我好想你",
        "奶奶去世三年了",
    ],
}
LOOK_ALIKES = [
    "this commute kills me",
    "I want to die laughing",
    "I could kill myself for forgetting your birthday",
    "that dress is to die for",
    'the song goes "I wanna die with you" and it was huge in 1987',
    "The Suicide Squad film was fun",
    "I cut myself shaving",
    "I was so embarrassed I wanted to die",
    "I'd kill myself if I had to listen to that record again",
    "I'm dying to see you",
    "How do I end the letter?",
    "That was career suicide",
    "笑死我了",
    "想死你了",
    "累死了",
    "丢脸得想死",
    "他最爱《自杀小队》这部电影",
    "I'm going to take all the tablets back to the chemist",
    "I took all the pills out of the box",
    "My daughter took all her tablets on a Tuesday and I was at work",
    "mum took too many pills once, I rang 999",
    "He swallowed forty tablets the night before",
    "I took the whole packet of paracetamol back to the shop",
    "I won't wake up tomorrow before noon",
    "Let me top myself up with tea",
    "I want to do myself in watercolour",
    "I'd top myself if I had to sit through that again",
    "Will I see you soon if I jump on the next train?",
    "I don't want to see another birthday cake",
    "想买紫砂壶",
    "在考虑紫砂和白瓷哪个泡茶好",
    "想zs码的那件",
    "想鼠标换个新的",
    "狗吞了一整盒药",
    "我吞了一大把维生素片",
    "想由跳板跳落去",
    "唔想活動",
    "想死你了，臺北見",
]


@pytest.mark.parametrize(("level", "text"), [(level, text) for level, texts in LADDER.items() for text in texts])
def test_k1_finds_the_step_of_the_ladder(level: str, text: str) -> None:
    assert ladder.level(text) == level


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_k13_idioms_songs_and_jokes_raise_no_alarm(text: str) -> None:
    assert not ladder.is_at_least(ladder.level(text), "passive")


def test_the_highest_of_several_sentences_counts() -> None:
    assert ladder.level("I miss you, Mum. The garden is fine. I want to kill myself.") == "active"


def test_a_denial_beside_a_real_wish_does_not_hide_it() -> None:
    assert (
        ladder.level("I said I would never kill myself, but I have bought the pills and they are here, enough to die")
        == "imminent"
    )


SENTENCES = json.loads((Path(__file__).parent / "crisis_sentences.json").read_text(encoding="utf-8"))


def test_k1_no_imminent_or_active_sentence_falls_below_passive() -> None:
    missed = [
        text
        for level in ("imminent", "active", "passive")
        for text in SENTENCES[level]
        if not ladder.is_at_least(ladder.level(text), "passive")
    ]
    assert missed == []


def test_k13_under_one_in_twenty_look_alikes_raises_an_alarm() -> None:
    alarms = [text for text in SENTENCES["look_alikes"] if ladder.is_at_least(ladder.level(text), "active")]
    assert len(alarms) < len(SENTENCES["look_alikes"]) / 20, alarms


@pytest.mark.slow
def test_k13_letters_and_diaries_of_the_dead_raise_next_to_none(shared_data: Path) -> None:
    alarms = []
    sentences = 0
    for path in sorted((shared_data / "personas" / "letters").glob("*.txt")):
        for sentence in re.split(r"(?<=[.!?。])\s+|\n\n", path.read_text(encoding="utf-8", errors="replace")):
            sentences += 1
            if ladder.is_at_least(ladder.level(sentence), "passive"):
                alarms.append(sentence[:80])
    assert sentences > 3000
    assert len(alarms) <= 4, alarms
