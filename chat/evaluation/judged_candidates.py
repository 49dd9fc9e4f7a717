"""Candidates that the model itself wrote, each with a reader's verdict: how often does the choice make sense?

Written lines are easy to tell apart. The faults of a small model stand in its own words, so the choice is measured on
these too (learned response ranking: Gao et al. 2020). `chat/data/judged_candidates.jsonl` holds talks that were written
for it, candidates for the first two pieces of the reply, and the verdicts of a reader who did not see the scores.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pydantic import BaseModel

from chat.evaluation.blind_reading import as_shipped
from chat.evaluation.shares import Share, share_of
from chat.reply import persona_reply
from chat.reply.ranking import ReplyRanking
from generation.engine import Candidate, Choice, Prompt, choose
from generation.engines.batching.batched import BatchedEngine
from personas.prompting.dialogues import Row

FILE = Path(__file__).parents[1] / "data" / "judged_candidates.jsonl"
_PIECES = 2  # of a reply that are drawn


class Judged(BaseModel):
    """A candidate with the engine's values. One without text ends the reply."""

    text: str
    likelihood: float
    information: tuple[float, ...]
    makes_sense: bool | None = None  # with its sentence to the end; None if nobody has judged it
    is_good: bool = False  # makes sense, and is specific, warm or witty


class Piece(BaseModel):
    before: str  # the reply so far
    candidates: list[Judged]


class JudgedTalk(Row):
    """A talk whose last turn is a message, and the candidates for the reply."""

    pieces: list[Piece] = []

    def choice(self, piece: Piece) -> Judged:
        """What the product chooses. Raises ClassifierUnavailable."""
        dialogue = as_shipped(self.dialogue())
        # Its prompts are never read, because the candidates have their values.
        ranking = ReplyRanking(dialogue.sheet, dialogue.turns, lambda talk: Prompt(form="transcript"))
        candidates = [Candidate(one.text, one.likelihood, one.information) for one in piece.candidates]
        return piece.candidates[choose(ranking, piece.before, candidates).chosen]


def read(path: Path = FILE) -> list[JudgedTalk]:
    """Raises OSError and pydantic.ValidationError."""
    return [JudgedTalk.model_validate_json(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def figures(talks: Iterable[JudgedTalk]) -> dict[str, dict[str, Share]]:
    """For first and for second pieces: how often the chosen candidate makes sense, any, and the best.

    Pieces that nobody has judged do not count. Raises ClassifierUnavailable.
    """
    judged = [
        (number, talk.choice(piece), piece.candidates)
        for talk in talks
        for number, piece in enumerate(talk.pieces)
        if all(one.makes_sense is not None for one in piece.candidates)
    ]
    return {
        name: {
            "chosen": share_of(bool(choice.makes_sense) for at, choice, _ in judged if at == place),
            "any": share_of(bool(one.makes_sense) for at, _, all_ in judged if at == place for one in all_),
            "best": share_of(any(one.makes_sense for one in all_) for at, _, all_ in judged if at == place),
        }
        for place, name in enumerate(("first", "second"))
    }


def drawn(engine: BatchedEngine, talk: JudgedTalk, *, candidates: int, seed: int) -> JudgedTalk:
    """The talk with the candidates that the product compares. Raises EngineError and ClassifierUnavailable."""
    dialogue = as_shipped(talk.dialogue())
    sampling = {"candidates": candidates, "seed": seed}
    script = persona_reply.from_sheet(dialogue.sheet, (), dialogue.turns, sampling=sampling)
    info = replace(engine.describe(), is_brief=False)  # so that second sentences are drawn too
    prompt, settings = script.build(info, engine.count_tokens)
    assert script.rank is not None
    ranking = script.rank(info, engine.count_tokens)
    tokens = engine.stream_ranked(prompt, settings, ranking, lambda: False)
    choices = (token.choice for token in tokens if token.choice is not None)
    return talk.model_copy(update={"pieces": list(_pieces(islice(choices, _PIECES), before=script.opening))})


def _pieces(choices: Iterable[Choice], *, before: str) -> Iterator[Piece]:
    for choice in choices:
        judged = [
            Judged(text=one.text, likelihood=one.likelihood or 0.0, information=one.information)
            for one in choice.candidates
        ]
        yield Piece(before=before, candidates=judged)
        before += choice.candidates[choice.chosen].text
