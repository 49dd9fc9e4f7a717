"""The ten messages of a comparison: what people really wrote before held-out words, or else questions of our own."""

from collections.abc import Sequence

from personas.prompting.phrases import is_chinese

COUNT = 10
_LONGEST = 200  # characters; a longer message is no short question

_ENGLISH = (
    "What have you been doing today?",
    "How is everybody at home?",
    "Tell me about a place that you love.",
    "I had a bad day. My manager shouted at me.",
    "What made you laugh lately?",
    "Do you remember the last time it snowed?",
    "I am thinking of moving to another town.",
    "What do you think of my new job?",
    "I miss you.",
    "Good night. What will you do tomorrow?",
)
_CHINESE = (
    "你今天做了什么？",
    "家里人都好吗？",
    "跟我说说你喜欢的一个地方。",
    "我今天很不顺，被上司骂了。",
    "最近有什么让你发笑的事？",
    "你还记得上一次下雪吗？",
    "我想搬到别的城市去。",
    "你觉得我的新工作怎么样？",
    "我想你了。",
    "晚安。你明天打算做什么？",
)


def ten(messages: Sequence[str], language: str) -> list[str]:
    """Ten messages that were not learnt."""
    short = [message for message in dict.fromkeys(messages) if len(message) <= _LONGEST]
    spread = [short[n * len(short) // COUNT] for n in range(COUNT)] if len(short) > COUNT else short
    return [*spread, *(_CHINESE if is_chinese(language) else _ENGLISH)][:COUNT]
