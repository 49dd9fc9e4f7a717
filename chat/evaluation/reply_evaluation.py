"""Measures how well a model answers, on written dialogues that it was not trained on (docs/quality.md).

`choose4` and `choose10`: how often the score that the product ranks with (chat/reply/ranking.py) picks the true reply
among lines of the same persona from other turns. `bits_per_byte`: how well the model predicts the true reply. The
other values are shares of generated replies, as a conversation would show them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np

from chat.evaluation import planted_facts
from chat.evaluation.planted_facts import Fact
from chat.evaluation.progress import Tell, side_by_side
from chat.evaluation.reply_faults import FAULTS, Reply
from chat.evaluation.shares import Share, share_of
from chat.reply import ranking
from chat.trials.rehearsal import rehearse
from generation.engine import Adapter, Prompt
from generation.engines.batching.batched import BatchedEngine
from personas.prompting import prompt
from personas.prompting.dialogues import Dialogue
from personas.prompting.phrases import phrases_for
from personas.prompting.prompt import Line, Spoken
from personas.prompting.prompt_sheet import Sheet

SEED = 7
_STREAMS = 16  # that the engine carries at the same time; each candidate is one
_FIRST = 2  # the first turn that is measured; before it there is no talk to answer
_FACT_PERSONAS = 3  # that each fact is told to
_AMONG = (4, 10)  # lines, the true one among them


@dataclass(frozen=True)
class Turn:
    """A persona's turn of a dialogue. The turn before it is the message that it answers."""

    dialogue: Dialogue
    at: int

    @property
    def sheet(self) -> Sheet:
        return self.dialogue.sheet

    @property
    def asked(self) -> tuple[Line, ...]:
        return self.dialogue.turns[: self.at]

    @property
    def text(self) -> str:
        return self.dialogue.turns[self.at].text


@dataclass(frozen=True)
class Sample:
    """What is measured: the same for every kind of a model."""

    turns: tuple[Turn, ...]
    wrong: tuple[tuple[str, ...], ...]  # for each turn, other lines of its persona
    planted: tuple[tuple[Sheet, Fact], ...]

    def adapted(self, adapter: Adapter) -> "Sample":
        """The same with a persona's own fine-tune."""

        def with_adapter(sheet: Sheet) -> Sheet:
            return replace(sheet, adapter=adapter)

        turns = [Turn(replace(one.dialogue, sheet=with_adapter(one.sheet)), one.at) for one in self.turns]
        return replace(
            self, turns=tuple(turns), planted=tuple((with_adapter(sheet), fact) for sheet, fact in self.planted)
        )


@dataclass(frozen=True)
class Comparisons:
    """How the true replies fare among other lines of their persona."""

    picks: Mapping[int, Share]  # by the number of lines
    bits_per_byte: float
    turns: int


@dataclass(frozen=True)
class Report:
    comparisons: Comparisons
    replies: Sequence[Reply]
    forgotten: Mapping[int, Share]  # planted facts that are not given back, by the turns in between

    @property
    def shares(self) -> dict[str, Share]:
        return {
            **{f"choose{among}": pick for among, pick in self.comparisons.picks.items()},
            **{name: share_of(map(is_one, self.replies)) for name, is_one in FAULTS.items()},
            "contradict": sum(self.forgotten.values(), Share(0, 0)),
        }

    def values(self) -> dict[str, Any]:
        """The figures, and under `turns` the number of cases that each of them rests on."""
        shares = self.shares
        return {
            **{name: share.value for name, share in shares.items()},
            "contradict_after": {distance: share.value for distance, share in self.forgotten.items()},
            "bits_per_byte": self.comparisons.bits_per_byte,
            "turns": {**{name: share.of for name, share in shares.items()}, "bits_per_byte": self.comparisons.turns},
        }


def sample(dialogues: Sequence[Dialogue], *, turns: int) -> Sample:
    """Turns, lines and facts drawn at random, always the same for the same dialogues.

    Raises ValueError if no persona's turn answers a message.
    """
    chosen = drawn(dialogues, turns)
    if not chosen:
        raise ValueError("No turn of these dialogues can be measured: a persona's turn has to follow another exchange.")
    chance = np.random.default_rng(SEED)
    lines: dict[str, set[str]] = {}
    for dialogue in dialogues:
        own = {line.text for line in dialogue.turns if line.speaker == "persona"}
        lines.setdefault(dialogue.sheet.name, set()).update(own)
    others = [sorted(lines[turn.sheet.name] - {turn.text}) for turn in chosen]
    wrong = [[texts[n] for n in chance.permutation(len(texts))[: max(_AMONG) - 1]] for texts in others]
    return Sample(tuple(chosen), tuple(map(tuple, wrong)), tuple(_planted(dialogues)))


def drawn(dialogues: Sequence[Dialogue], count: int, *, first: int = _FIRST) -> list[Turn]:
    """At most `count` turns of personas that answer a message, in the order of the dialogues.

    So one prompt begins as the one before it, and the engine reads less.
    """
    turns = [
        Turn(dialogue, at)
        for dialogue in dialogues
        for at in range(first, len(dialogue.turns))
        if (dialogue.turns[at - 1].speaker, dialogue.turns[at].speaker) == ("user", "persona")
    ]
    chosen = np.random.default_rng(SEED).permutation(len(turns))[:count]
    return [turns[number] for number in sorted(chosen)]


def _planted(dialogues: Sequence[Dialogue]) -> Iterable[tuple[Sheet, Fact]]:
    sheets = list({dialogue.sheet.name: dialogue.sheet for dialogue in dialogues}.values())
    for number in sorted(np.random.default_rng(SEED).permutation(len(sheets))[:_FACT_PERSONAS]):
        for fact in planted_facts.facts(sheets[number].language):
            yield sheets[number], fact


def compare(engine: BatchedEngine, sample: Sample, tell: Tell) -> Comparisons:
    """Raises EngineError and ClassifierUnavailable."""

    def scored(case: tuple[Turn, tuple[str, ...]]) -> "_Scored":
        return _scored(engine, *case)

    cases = list(zip(sample.turns, sample.wrong, strict=True))
    results = side_by_side(scored, cases, workers=2, tell=tell, what="true replies compared")
    nats, size = sum(one.nats for one in results), sum(one.size for one in results)
    picks = {
        among: share_of(one.scores[0] > max(one.scores[1:among]) for one in results if len(one.scores) >= among)
        for among in _AMONG
    }
    return Comparisons(picks, round(nats / log(2) / size, 4), len(results))


@dataclass(frozen=True)
class _Scored:
    """The product's scores of the true reply and of other lines, in this order."""

    scores: list[float]
    nats: float  # that the true reply costs
    size: int  # bytes of the true reply


def _scored(engine: BatchedEngine, turn: Turn, wrong: Sequence[str]) -> _Scored:
    judge = _judge(engine, turn)
    space = " " if phrases_for(turn.sheet.language).colon.endswith(" ") else ""
    written = [f"{space}{text}\n" for text in (turn.text, *wrong)]
    candidates = engine.candidates(_prompt(engine, turn.sheet, turn.asked), judge.neutral, written)
    likelihood = candidates[0].likelihood
    assert likelihood is not None
    return _Scored(
        scores=[sum(parts.values()) for parts in judge.scores("", candidates)],
        nats=-likelihood * engine.count_tokens(written[0]),
        size=len(written[0].encode()),
    )


def _judge(engine: BatchedEngine, turn: Turn) -> ranking.ReplyRanking:
    def after(talk: Sequence[Spoken]) -> Prompt:
        return _prompt(engine, turn.sheet, talk)

    return ranking.ReplyRanking(turn.sheet, turn.asked, after)


def _prompt(engine: BatchedEngine, sheet: Sheet, talk: Sequence[Spoken]) -> Prompt:
    info = engine.describe()
    return prompt.build(
        sheet=sheet,
        memories=(),
        turns=talk,
        info=info,
        max_tokens=prompt.sampling(sheet, info).max_tokens,
        count=engine.count_tokens,
    )


def report(engine: BatchedEngine, sample: Sample, comparisons: Comparisons, *, candidates: int, tell: Tell) -> Report:
    """`candidates`: of which each piece of a reply is chosen. Raises EngineError and ClassifierUnavailable."""

    def reply(sheet: Sheet, asked: Sequence[Spoken]) -> Reply:
        rehearsed = rehearse(engine, sheet, asked, candidates=candidates, seed=SEED)
        return Reply(sheet, asked, rehearsed.text, rehearsed.is_withheld)

    def forgets(plant: tuple[Sheet, Fact]) -> list[bool]:
        """Whether the fact is not given back, after each of the distances of one talk."""
        sheet, fact = plant
        answer = reply(sheet, [Line("user", fact.told)]).text
        talks = [planted_facts.asked_back(fact, answer, n, sheet.language) for n in planted_facts.DISTANCES]
        return [not fact.is_in(reply(sheet, talk).text) for talk in talks]

    def answer(turn: Turn) -> Reply:
        return reply(turn.sheet, turn.asked)

    streams = workers(candidates)
    replies = side_by_side(answer, sample.turns, workers=streams, tell=tell, what="replies written")
    results = side_by_side(forgets, sample.planted, workers=streams, tell=tell, what="facts asked back")
    forgotten = zip(planted_facts.DISTANCES, zip(*results, strict=True), strict=True)
    return Report(comparisons, replies, {distance: share_of(column) for distance, column in forgotten})


def workers(candidates: int) -> int:
    """Replies that are written at the same time, so that the engine is full."""
    return max(1, _STREAMS // candidates)
