"""A reply outside of any conversation: as a conversation would show it, but stored and streamed nowhere."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chat.reply import persona_reply
from chat.reply.reply_run import Script
from generation import reply_text
from generation.engine import RankingEngine
from moderation.filter import gate
from personas.memory.told import Told
from personas.prompting.prompt import Spoken
from personas.prompting.prompt_sheet import Sheet


@dataclass(frozen=True)
class Rehearsed:
    text: str  # empty if it was withheld
    is_withheld: bool = False


def rehearse(
    engine: RankingEngine,
    sheet: Sheet,
    turns: Sequence[Spoken],
    *,
    told: Sequence[Told] = (),
    candidates: int,
    seed: int,
) -> Rehearsed:
    """The persona's reply to the last turn. With one candidate nothing is ranked.

    Raises EngineError and ClassifierUnavailable.
    """
    script = persona_reply.from_sheet(sheet, (), turns, told=told, sampling={"candidates": candidates, "seed": seed})
    info = engine.describe()
    prompt, sampling = script.build(info, engine.count_tokens)
    if candidates > 1 and script.rank is not None:
        tokens = engine.stream_ranked(prompt, sampling, script.rank(info, engine.count_tokens), lambda: False)
    else:
        tokens = engine.stream(prompt, sampling, lambda: False)
    try:
        return Rehearsed(readable(script, (token.text for token in tokens)))
    except gate.Blocked:
        return Rehearsed("", is_withheld=True)


def readable(script: Script, pieces: Iterator[str]) -> str:
    """The text of a reply as a conversation shows it. Raises gate.Blocked and ClassifierUnavailable."""
    try:
        return "".join(gate.cleared(_sentences(script, pieces))).strip()
    except reply_text.ThoughtAloud as thought:  # so far the model was thinking
        return readable(script, itertools.chain([thought.rest], pieces))


def _sentences(script: Script, pieces: Iterator[str]) -> Iterator[str]:
    text: Iterator[str] = reply_text.without_thoughts(pieces)
    for stage in script.stages:
        text = stage(text)
    return text
