"""Facts that a person tells at the beginning of a talk and asks back later, to see whether the talk alone keeps them.

The turns in between are written, and the same for every model, so that only the memory of the model is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from personas.prompting.phrases import is_chinese
from personas.prompting.prompt import Line

DISTANCES = (2, 6, 12)  # turns between a fact and its question


@dataclass(frozen=True)
class Fact:
    told: str
    question: str
    answer: str  # the part of a word that only a right reply contains, in small letters

    def is_in(self, reply: str) -> bool:
        return self.answer in reply.casefold()


_ENGLISH = (
    Fact("My dog is called Biscuit.", "What is my dog called?", "biscuit"),
    Fact("I work as a plumber.", "What do I do for work?", "plumb"),
    Fact("My daughter's name is Mabel.", "What's my daughter's name?", "mabel"),
    Fact("I grew up in Lisbon.", "Where did I grow up?", "lisbon"),
    Fact("I had lentil soup for lunch.", "What did I have for lunch?", "lentil"),
    Fact("My sister moved to Norway.", "Where did my sister move to?", "norw"),
)
_CHINESE = (
    Fact("我家的狗叫豆包。", "我家的狗叫什么？", "豆包"),
    Fact("我在医院当护士。", "我是做什么工作的？", "护士"),
    Fact("我女儿叫小满。", "我女儿叫什么名字？", "小满"),
    Fact("我是在青岛长大的。", "我是在哪里长大的？", "青岛"),
    Fact("我中午吃了牛肉面。", "我中午吃了什么？", "牛肉面"),
    Fact("我姐姐搬到昆明去了。", "我姐姐搬到哪里去了？", "昆明"),
)
# Of the person and the persona in turn.
_ENGLISH_BETWEEN = (
    "It rained all day.", "Then you stayed in, I hope, with something warm.",
    "I slept badly.", "Was it the noise, or too much on your mind?",
    "My neighbour is loud again.", "A word at the door works better than a letter.",
    "The bus was late.", "They always are when the weather turns.",
    "I cleaned the window.", "More light for the evening. That was worth the trouble.",
)  # fmt: skip
_CHINESE_BETWEEN = (
    "今天一直下雨。", "那就待在屋里，喝点热的。",
    "昨晚没睡好。", "是太吵了，还是心里有事？",
    "邻居又很吵。", "好好跟他说一声，比写条子管用。",
    "公交车晚点了。", "天一变就这样，急也没用。",
    "把窗户擦了。", "屋里亮堂多了，没白忙。",
)  # fmt: skip


def facts(language: str) -> tuple[Fact, ...]:
    return _CHINESE if is_chinese(language) else _ENGLISH


def asked_back(fact: Fact, answer: str, distance: int, language: str) -> Sequence[Line]:
    """The talk up to the question. `answer` is what the persona said when it was told the fact."""
    between = (_CHINESE_BETWEEN if is_chinese(language) else _ENGLISH_BETWEEN)[: distance - 2]
    texts = (fact.told, answer, *between, fact.question)
    return [Line("persona" if number % 2 else "user", text) for number, text in enumerate(texts)]
