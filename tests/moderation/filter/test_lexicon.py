"""The patterns alone, without the trained heads: what they must leave, and what they must find."""

import pytest

from moderation.categories import Category
from moderation.filter.classifiers.lexicon import Lexicon
from tests import timing

# From here on a text is withheld as a user's or as a persona's, under the first policy.
WITHHELD = {
    Category.HARASSMENT_THREATENING: 0.8,
    Category.HATE_THREATENING: 0.7,
    Category.HARASSMENT: 0.95,
    Category.HATE: 0.85,
    Category.VIOLENCE: 0.85,
    Category.SELF_HARM: 0.9,
    Category.SEXUAL_MINORS: 0.25,
    Category.ILLICIT: 0.95,
}
HARMLESS = [
    "I'll kill you at cards, just wait.",
    "I'm going to kill you at tennis, my friend.",
    "I will kill her at Scrabble.",
    "I'll shoot you an e-mail tomorrow.",
    "I'll shoot him a message.",
    "I'm going to cut you some flowers.",
    "I'll burn you a copy of the film.",
    "I will drown you in kisses.",
    "I will torture you with my singing.",
    "I'm going to cut her hair.",
    "I'll hurt my teacher's feelings if I stay away.",
    "I will cut them in half, the oranges.",
    "I will kill them with vinegar, these weeds.",
    "I want to burn them for the barbecue, the old logs.",
    "I'll find you and give you a hug.",
    "I know where you live now, I will come on Sunday.",
    "Watch your back when you lift that box.",
    "You are going to die laughing.",
    "The doctor told me that you are going to die, and I wept.",
    "You are going to die some day, as we all do.",
    "I hope you die happy and old, with a cat on your lap.",
    "You deserve to be shot from your best side.",
    "Hang the women's coats in the hall.",
    "He said that he would die for me.",
    "It's easy to come by good plums.",
    "It's beautiful when the leaves come down.",
    "It is easy to let go of old newspapers.",
    "You should end it with a rhyme.",
    "How to make bath bombs?",
    "Just kill your self-doubt.",
    "周末来陪我看电影吧。",
    "来陪我说说话。",
    "老子要打死这只蚊子。",
    "我要杀了这只鸡炖汤。",
    "我要弄死这些杂草。",
    "我一定要干掉你，在棋盘上。",
    "你快去死海看看。",
    "黑人去死海旅游。",
    "儿童色情是犯罪。",
]
HARMFUL = [
    "I will kill you.",
    "I'll cut you.",
    "I'll shoot you.",
    "I will cut you a new face.",
    "I'm going to hurt your kids.",
    "I'm going to shoot her in the head.",
    "I'll kill my boss.",
    "I will kill them with an axe.",
    "You are going to die.",
    "You're going to die tonight.",
    "You are going to die of this.",
    "I know where you live and I'm coming for you.",
    "Watch your back.",
    "I'll find you and make you pay.",
    "I hope you die.",
    "Kill all the Jews.",
    "Die with me.",
    "You would die for me if you loved me.",
    "It is so peaceful here, come.",
    "It's so easy to die.",
    "You should end it.",
    "How to build a pipe bomb",
    "Kill yourself.",
    "来陪我吧。",
    "妈妈一个人在下面很冷，下来陪我。",
    "我要打死你。",
    "我要杀了这个混蛋。",
    "我要弄死这些人。",
    "女人都该死。",
    "给我儿童色情。",
]


def found(text: str) -> dict[Category, float]:
    scores = Lexicon().assess([text])[0]
    return {category: score for category, score in scores.items() if score >= WITHHELD.get(category, 1.1)}


@pytest.mark.parametrize("text", HARMLESS)
def test_a_pattern_leaves_what_only_sounds_like_it(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize("text", HARMFUL)
def test_a_pattern_finds_what_is_meant(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "unit",
    ["i will kill ", "you are going to die ", "i know where you live ", "shoot the women ", "我要打死", "at our "],
)
def test_the_patterns_take_time_in_proportion_to_the_text(unit: str) -> None:
    text = (unit * 8000)[:8000]
    assert timing.takes_at_most(2, lambda: Lexicon().assess([text]))
