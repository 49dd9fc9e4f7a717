"""Measures how well a model answers, on written dialogues that it was not trained on (docs/quality.md).

`choose4` and `choose10`: how often the score that the product ranks with (chat/ranking.py) picks the true reply among
lines of the same persona from other turns. `bits_per_byte`: how well the model predicts the true reply. The other
values are shares of generated replies, after the stages that clean a reply.
"""

import re
from collections.abc import Callable, Iterator, Sequence
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
class _Reply:
    dialogue: Dialogue
    asked: Sequence[Line]
    text: str


def report(engine: BatchedEngine, dialogues: Sequence[Dialogue], *, count: int, candidates: int) -> dict[str, Any]:
    """The values of an engine, from `count` turns. `candidates` is the number that its replies are chosen from."""
    turns = _turns(dialogues, count)

    def reply(turn: tuple[Dialogue, int]) -> _Reply:
        dialogue, at = turn
        talk = dialogue.turns[:at]
        return _Reply(dialogue, talk, _reply(engine, dialogue, talk, candidates))

    replies = _side_by_side(reply, turns, candidates)
    shares = {
        name: round(sum(map(is_one, replies)) / len(replies), 4)
        for name, is_one in (
            ("echo", _is_echo),
            ("repeat", _is_repeat),
            ("wrong_language", _is_foreign),
            ("speaks_for_user", _speaks_for_user),
            ("empty", lambda reply: not reply.text),
        )
    }
    values = Report(
        choose4=_choose(engine, dialogues, turns, 4),
        choose10=_choose(engine, dialogues, turns, 10),
        bits_per_byte=_bits_per_byte(engine, turns),
        contradict=_contradict(engine, dialogues, candidates),
        replies=len(replies),
        **shares,
    )
    return asdict(values)


def _turns(dialogues: Sequence[Dialogue], count: int) -> list[tuple[Dialogue, int]]:
    """Turns of personas, drawn at random, always the same for the same dialogues."""
    turns = [(d, at) for d in dialogues for at in range(_FIRST, len(d.turns), 2)]
    return [turns[number] for number in np.random.default_rng(_SEED).permutation(len(turns))[:count]]


def _choose(
    engine: BatchedEngine, dialogues: Sequence[Dialogue], turns: Sequence[tuple[Dialogue, int]], size: int
) -> float:
    chance = np.random.default_rng(_SEED)
    hits = 0
    for dialogue, at in turns:
        true = dialogue.turns[at].text
        pool = sorted(
            {
                line.text
                for other in dialogues
                if other.sheet.name == dialogue.sheet.name
                for line in other.turns
                if line.speaker == "persona"
            }
            - {true}
        )
        others = chance.permutation(len(pool))[: size - 1]
        texts = [true, *(pool[number] for number in others)]
        script = persona_reply.from_sheet(dialogue.sheet, (), dialogue.turns[:at], sampling={})
        assert script.rank is not None
        info = engine.describe()
        judge = script.rank(info, engine.count_tokens)
        asked = _prompt(engine, dialogue, at)
        written = [f"{_space(dialogue)}{text}\n" for text in texts]
        scores = judge.scores("", engine.candidates(asked, judge.neutral, written))
        hits += max(range(len(texts)), key=lambda number: sum(scores[number].values())) == 0
    return round(hits / len(turns), 4)


def _bits_per_byte(engine: BatchedEngine, turns: Sequence[tuple[Dialogue, int]]) -> float:
    nats, size = 0.0, 0
    for dialogue, at in turns:
        words = f"{_space(dialogue)}{dialogue.turns[at].text}\n"
        asked = _prompt(engine, dialogue, at)
        (candidate,) = engine.candidates(asked, (), [words])
        assert candidate.likelihood is not None
        nats -= candidate.likelihood * engine.count_tokens(words)
        size += len(words.encode())
    return round(nats / log(2) / size, 4)


def _space(dialogue: Dialogue) -> str:
    return " " if phrases_for(dialogue.sheet.language).colon.endswith(" ") else ""


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


def _is_echo(reply: _Reply) -> bool:
    sources = [reply.asked[-1].text, *(exchange.persona for exchange in reply.dialogue.sheet.exchanges)]
    own = ranking.runs_in([reply.text], length=_ECHO)
    return bool(own & ranking.runs_in(sources, length=_ECHO)) or reply.text in sources


def _is_repeat(reply: _Reply) -> bool:
    earlier = {sentence.strip() for turn in reply.asked if turn.speaker == "persona" for sentence in _long(turn.text)}
    own = _long(reply.text)
    return len(set(own)) < len(own) or bool(earlier & set(own))


def _long(text: str) -> list[str]:
    """The sentences of more than a few words; "Oh, my." recurs in any talk."""
    return [s.strip() for s in sentences.split(text) if len(re.findall(rf"[{scripts.HAN}]|[^\W{scripts.HAN}]+", s)) > 3]


def _is_foreign(reply: _Reply) -> bool:
    return bool(reply.text) and scripts.is_mostly_han(reply.text) != (reply.dialogue.sheet.language == "zh")


def _speaks_for_user(reply: _Reply) -> bool:
    names = (reply.dialogue.sheet.calls_user, phrases_for(reply.dialogue.sheet.language).friend, "You", "User")
    return any(re.search(rf"\b{re.escape(name)}\s*[:：]", reply.text) for name in names if name)
