"""Measures how well a model answers, on written dialogues that it was not trained on (docs/quality.md).

`choose4` and `choose10`: how often the score that the product ranks with (chat/ranking.py) picks the true reply among
lines of the same persona from other turns. `bits_per_byte`: how well the model predicts the true reply. The other
values are shares of generated replies, after the stages that clean a reply.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import log
from typing import Any, TypeVar

import numpy as np

from chat import persona_reply, ranking
from generation.engines.base import Prompt
from generation.engines.batching.batched import BatchedEngine
from personas import prompt
from personas.dialogues import Dialogue
from personas.phrases import phrases_for
from personas.prompt import Line
from text import scripts, sentences

T = TypeVar("T")
R = TypeVar("R")

_SEED = 7
_STREAMS = 8  # that the engine carries at the same time; each candidate is one
_FIRST = 3  # the first turn that is measured; before it there is no talk to answer
_ECHO = 6  # words in a row that somebody else said
_FACTS = {
    "en": (
        ("My dog is called Biscuit.", "What is my dog called?", "biscuit"),
        ("I work as a plumber.", "What do I do for work?", "plumb"),
        ("My daughter's name is Mabel.", "What's my daughter's name?", "mabel"),
        ("I grew up in Lisbon.", "Where did I grow up?", "lisbon"),
        ("I had lentil soup for lunch.", "What did I have for lunch?", "lentil"),
        ("My sister moved to Norway.", "Where did my sister move to?", "norway"),
    ),
    "zh": (
        ("我家的狗叫豆包。", "我家的狗叫什么？", "豆包"),
        ("我在医院当护士。", "我是做什么工作的？", "护士"),
        ("我女儿叫小满。", "我女儿叫什么名字？", "小满"),
        ("我是在青岛长大的。", "我是在哪里长大的？", "青岛"),
    ),
}
_SMALL_TALK = {
    "en": ("It rained all day.", "I slept badly.", "The kettle is on.", "My neighbour is loud again.", "I need shoes.",
           "The bus was late.", "I read a bit.", "It's getting dark early.", "I cleaned the window.", "I miss summer."),
    "zh": ("今天一直下雨。", "昨晚没睡好。", "水烧开了。", "邻居又很吵。", "我想买双鞋。",
           "公交车晚点了。", "看了一会儿书。", "天黑得早了。", "把窗户擦了。", "好想夏天。"),
}  # fmt: skip
_DISTANCES = (2, 6, 12)  # turns between a fact and its question
_FACT_PERSONAS = 3  # that each fact is told to


@dataclass(frozen=True)
class Report:
    choose4: float
    choose10: float
    bits_per_byte: float
    echo: float
    repeat: float
    wrong_language: float
    speaks_for_user: float
    empty: float
    contradict: dict[int, float]  # by the number of turns between a fact and its question
    replies: int


@dataclass(frozen=True)
class Reply:
    """A generated reply to the last of the turns `asked`."""

    dialogue: Dialogue
    asked: Sequence[Line]
    text: str


def report(engine: BatchedEngine, dialogues: Sequence[Dialogue], *, count: int, candidates: int) -> dict[str, Any]:
    """The values of an engine, from `count` turns. `candidates` is the number that its replies are chosen from.

    Raises EngineError, and ValueError if the dialogues are too few to choose from.
    """
    turns = drawn(dialogues, count)
    comparisons = _comparisons(engine, dialogues, turns)

    def reply(turn: tuple[Dialogue, int]) -> Reply:
        dialogue, at = turn
        talk = dialogue.turns[:at]
        return Reply(dialogue, talk, _reply(engine, dialogue, talk, candidates))

    replies = _side_by_side(reply, turns, candidates)
    shares = {
        name: _share(map(is_one, replies))
        for name, is_one in (
            ("echo", is_echo),
            ("repeat", is_repeat),
            ("wrong_language", is_foreign),
            ("speaks_for_user", speaks_for_user),
            ("empty", lambda reply: not reply.text),
        )
    }
    values = Report(
        choose4=_share(one.is_first_of_4 for one in comparisons),
        choose10=_share(one.is_first_of_10 for one in comparisons),
        bits_per_byte=round(sum(one.nats for one in comparisons) / log(2) / sum(one.size for one in comparisons), 4),
        contradict=_contradict(engine, dialogues, candidates),
        replies=len(replies),
        **shares,
    )
    return asdict(values)


def _share(values: Iterable[bool]) -> float:
    return round(float(np.mean(list(values))), 4)


def drawn(dialogues: Sequence[Dialogue], count: int) -> list[tuple[Dialogue, int]]:
    """Turns of personas, drawn at random, always the same for the same dialogues."""
    turns = [(d, at) for d in dialogues for at in range(_FIRST, len(d.turns), 2)]
    return [turns[number] for number in np.random.default_rng(_SEED).permutation(len(turns))[:count]]


@dataclass(frozen=True)
class _Comparison:
    """The true reply of a turn among other lines of the same persona."""

    is_first_of_4: bool
    is_first_of_10: bool
    nats: float  # that the true reply costs
    size: int  # bytes of the true reply


def _comparisons(
    engine: BatchedEngine, dialogues: Sequence[Dialogue], turns: Sequence[tuple[Dialogue, int]]
) -> list[_Comparison]:
    chance = np.random.default_rng(_SEED)
    lines: dict[str, set[str]] = {}
    for dialogue in dialogues:
        own = {line.text for line in dialogue.turns if line.speaker == "persona"}
        lines.setdefault(dialogue.sheet.name, set()).update(own)
    comparisons = []
    for dialogue, at in turns:
        true = dialogue.turns[at].text
        others = sorted(lines[dialogue.sheet.name] - {true})
        if not others:
            raise ValueError(
                f"{dialogue.sheet.name} has only one line in these dialogues, so there is nothing to choose."
            )
        wrong = [others[number] for number in chance.permutation(len(others))[:9]]
        comparisons.append(_comparison(engine, dialogue, at, [true, *wrong]))
    return comparisons


def _comparison(engine: BatchedEngine, dialogue: Dialogue, at: int, texts: Sequence[str]) -> _Comparison:
    script = persona_reply.from_sheet(dialogue.sheet, (), dialogue.turns[:at], sampling={})
    assert script.rank is not None
    judge = script.rank(engine.describe(), engine.count_tokens)
    space = " " if phrases_for(dialogue.sheet.language).colon.endswith(" ") else ""
    written = [f"{space}{text}\n" for text in texts]
    candidates = engine.candidates(_prompt(engine, dialogue, at), judge.neutral, written)
    scores = [sum(parts.values()) for parts in judge.scores("", candidates)]
    likelihood = candidates[0].likelihood
    assert likelihood is not None
    return _Comparison(
        is_first_of_4=scores[0] > max(scores[1:4]),
        is_first_of_10=scores[0] > max(scores[1:]),
        nats=-likelihood * engine.count_tokens(written[0]),
        size=len(written[0].encode()),
    )


def _prompt(engine: BatchedEngine, dialogue: Dialogue, at: int) -> Prompt:
    return prompt.build(
        sheet=dialogue.sheet,
        memories=(),
        turns=dialogue.turns[:at],
        info=engine.describe(),
        max_tokens=120,
        count=engine.count_tokens,
    )


def _reply(engine: BatchedEngine, dialogue: Dialogue, turns: Sequence[Line], candidates: int) -> str:
    """A reply as the product writes it, without the filter's gate."""
    script = persona_reply.from_sheet(dialogue.sheet, (), turns, sampling={"candidates": candidates, "seed": _SEED})
    info = engine.describe()
    asked, sampling = script.build(info, engine.count_tokens)
    if candidates > 1 and script.rank is not None:
        tokens = engine.stream_ranked(asked, sampling, script.rank(info, engine.count_tokens), lambda: False)
    else:
        tokens = engine.stream(asked, sampling, lambda: False)
    text: Iterator[str] = (token.text for token in tokens)
    for stage in script.stages:
        text = stage(text)
    return "".join(text).strip()


def _contradict(engine: BatchedEngine, dialogues: Sequence[Dialogue], candidates: int) -> dict[int, float]:
    """The share of facts that are not given back, by the number of turns in between."""
    personas = list({dialogue.sheet.name: dialogue for dialogue in dialogues}.values())[:_FACT_PERSONAS]
    planted = [(dialogue, fact) for dialogue in personas for fact in _FACTS[dialogue.sheet.language]]

    def answers(plant: tuple[Dialogue, tuple[str, str, str]]) -> list[bool]:
        """Whether the fact is given back, after each of the distances of one talk."""
        dialogue, (fact, question, answer) = plant
        talk, results = [Line("user", fact)], []
        for turns, message in enumerate(_SMALL_TALK[dialogue.sheet.language], 1):
            talk.append(Line("persona", _reply(engine, dialogue, talk, candidates)))
            if 2 * turns in _DISTANCES:
                asked = [*talk, Line("user", question)]
                results.append(answer in _reply(engine, dialogue, asked, candidates).casefold())
            if len(results) == len(_DISTANCES):
                break
            talk.append(Line("user", message))
        return results

    rights = np.mean(_side_by_side(answers, planted, candidates), axis=0)
    return {distance: round(1 - float(right), 4) for distance, right in zip(_DISTANCES, rights, strict=True)}


def _side_by_side(work: Callable[[T], R], items: Sequence[T], candidates: int) -> list[R]:
    with ThreadPoolExecutor(max(1, _STREAMS // candidates)) as pool:
        return list(pool.map(work, items))


def is_echo(reply: Reply) -> bool:
    sources = [reply.asked[-1].text, *(exchange.persona for exchange in reply.dialogue.sheet.exchanges)]
    own = ranking.runs_in([reply.text], length=_ECHO)
    return bool(own & ranking.runs_in(sources, length=_ECHO)) or reply.text in sources


def is_repeat(reply: Reply) -> bool:
    earlier = {sentence.strip() for turn in reply.asked if turn.speaker == "persona" for sentence in _long(turn.text)}
    own = _long(reply.text)
    return len(set(own)) < len(own) or bool(earlier & set(own))


def _long(text: str) -> list[str]:
    """The sentences of more than a few words; "Oh, my." recurs in any talk."""
    return [s.strip() for s in sentences.split(text) if len(re.findall(rf"[{scripts.HAN}]|[^\W{scripts.HAN}]+", s)) > 3]


def is_foreign(reply: Reply) -> bool:
    return bool(reply.text) and scripts.is_mostly_han(reply.text) != (reply.dialogue.sheet.language == "zh")


def speaks_for_user(reply: Reply) -> bool:
    names = (reply.dialogue.sheet.calls_user, phrases_for(reply.dialogue.sheet.language).friend, "You", "User")
    return any(re.search(rf"\b{re.escape(name)}\s*[:：]", reply.text) for name in names if name)
