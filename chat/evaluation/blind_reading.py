"""Pairs of replies that a reader compares without knowing which model wrote which, and the score of the verdicts.

A folder holds `pairs.jsonl` (a talk and two replies in a hidden order), `key.json` (which of the two is the later
one) and `verdicts.jsonl`, which the reader writes: for each pair which reply answers better, `a`, `b` or `same`, and
for both whether the reply makes sense as an answer (sensibleness: Adiwardana et al. 2020).
"""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from chat.evaluation.reply_evaluation import Turn
from chat.evaluation.shares import Share, share_of
from chat.trials.rehearsal import Rehearsed
from personas.models import Persona
from personas.prompting import prompt_sheet
from personas.prompting.dialogues import Dialogue
from personas.shipped import SHIPPED

T = TypeVar("T", bound=BaseModel)
Side = Literal["a", "b"]

PAIRS, KEY, VERDICTS = "pairs.jsonl", "key.json", "verdicts.jsonl"
_WITHHELD, _EMPTY = "(withheld by the filter)", "(nothing)"


class Pair(BaseModel):
    pair: int
    persona: str
    introduction: str
    talk: list[tuple[str, str]]
    a: str
    b: str


class Key(BaseModel):
    seed: int
    later: dict[int, Side]  # of each pair, the reply of the model that came later


class Verdict(BaseModel):
    pair: int
    better: Literal["a", "b", "same"]
    a_makes_sense: bool
    b_makes_sense: bool
    note: str = ""


@dataclass(frozen=True)
class Score:
    """`won` counts among the pairs that are decided."""

    pairs: int
    won: Share
    later_makes_sense: Share
    earlier_makes_sense: Share


def as_shipped(dialogue: Dialogue) -> Dialogue:
    """The dialogue, with the sheet of the shipped persona if that has its name."""
    for persona_id, fields in SHIPPED.items():
        if fields["name"] == dialogue.sheet.name:
            return replace(dialogue, sheet=prompt_sheet.sheet_for(Persona(pk=persona_id, **fields)))
    return dialogue


class ReadingIncomplete(ValueError):
    """The message says which pair lacks a verdict, or what is wrong with a file."""


def write(
    folder: Path, turns: Sequence[Turn], before: Sequence[Rehearsed], later: Sequence[Rehearsed], *, seed: int
) -> None:
    """Writes the pairs and the key. Raises OSError, and FileExistsError if the folder holds pairs already."""
    order = random.Random(seed)  # noqa: S311 (hides the order from a reader, nothing else)
    pairs: list[Pair] = []
    key: dict[int, Side] = {}
    for number, (turn, early, late) in enumerate(zip(turns, before, later, strict=True), 1):
        key[number] = "a" if order.random() < 0.5 else "b"
        replies = [_shown(early), _shown(late)]
        a, b = replies if key[number] == "b" else reversed(replies)
        talk = [(line.speaker, line.text) for line in turn.asked]
        pairs.append(
            Pair(pair=number, persona=turn.sheet.name, introduction=turn.sheet.description, talk=talk, a=a, b=b)
        )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / PAIRS).open("x", encoding="utf-8") as file:  # verdicts belong to the pairs that were read
        file.writelines(f"{json.dumps(pair.model_dump(), ensure_ascii=False)}\n" for pair in pairs)
    (folder / KEY).write_text(Key(seed=seed, later=key).model_dump_json(indent=1), encoding="utf-8")


def _shown(reply: Rehearsed) -> str:
    return _WITHHELD if reply.is_withheld else reply.text or _EMPTY


def score(folder: Path) -> dict[str, Score]:
    """The score of each persona, and of `all` together. Raises OSError and ReadingIncomplete."""
    pairs = _read(folder / PAIRS, Pair)
    verdicts = {verdict.pair: verdict for verdict in _read(folder / VERDICTS, Verdict)}
    key = _key(folder / KEY)
    if missing := [pair.pair for pair in pairs if pair.pair not in verdicts or pair.pair not in key.later]:
        raise ReadingIncomplete(f"Pair {missing[0]} has no verdict yet; {len(missing)} of {len(pairs)} have none.")
    judged = [(pair.persona, verdicts[pair.pair], key.later[pair.pair]) for pair in pairs]
    personas = {name: [one for one in judged if one[0] == name] for name, *_ in judged}
    return {name: _score(rows) for name, rows in {**personas, "all": judged}.items()}


def _score(rows: Iterable[tuple[str, Verdict, Side]]) -> Score:
    judged = [(verdict, later) for _, verdict, later in rows]
    return Score(
        pairs=len(judged),
        won=share_of(verdict.better == later for verdict, later in judged if verdict.better != "same"),
        later_makes_sense=share_of(_makes_sense(verdict, later) for verdict, later in judged),
        earlier_makes_sense=share_of(_makes_sense(verdict, "a" if later == "b" else "b") for verdict, later in judged),
    )


def _makes_sense(verdict: Verdict, reply: Side) -> bool:
    return verdict.a_makes_sense if reply == "a" else verdict.b_makes_sense


def as_json(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {name: asdict(one) for name, one in scores.items()}


def _read(path: Path, kind: type[T]) -> list[T]:
    rows: list[T] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        try:
            rows += [kind.model_validate_json(line)] if line.strip() else []
        except ValidationError as error:
            raise ReadingIncomplete(f"{path.name}, line {number}: {error.errors()[0]['msg']}.") from None
    return rows


def _key(path: Path) -> Key:
    try:
        return Key.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise ReadingIncomplete(f"{path.name}: {error.errors()[0]['msg']}.") from None
