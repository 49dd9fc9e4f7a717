"""Judged candidates as material for a training: the model learns which of its own replies a reader found sensible."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle

from chat.evaluation.blind_reading import as_shipped
from chat.evaluation.judged_candidates import Judged, JudgedTalk
from generation.catalogue.packaged import CatalogueModel
from generation.engine import Prompt
from generation.engines.batching.tokenizer import ModelTokenizer
from generation.tuning import examples
from generation.tuning.preferences import JudgedReplies
from personas.prompting import dialogues, prompt
from personas.prompting.dialogues import Dialogue

LONGEST = 1024  # tokens of a dialogue; the longest written one has fewer
_EACH = 2  # one of so many talks has a dialogue beside it
_APART = 12  # one of so many personas is kept to measure with


def material(
    model: CatalogueModel, tokenizer: ModelTokenizer, talks: Sequence[JudgedTalk], *, beside: Sequence[Dialogue]
) -> tuple[list[JudgedReplies], list[JudgedReplies]]:
    """Talks to learn from, every second with a dialogue beside it, and those of other personas.

    Talks without a sensible candidate are left out: they say only what is wrong.
    Raises ValueError if a candidate has no verdict.
    """
    _refuse_unjudged(talks)
    names = sorted({talk.persona for talk in talks})
    apart = set(names[_APART // 2 :: _APART])
    judged = [(talk.persona in apart, _judged(model, tokenizer, talk)) for talk in talks if _is_answered(talk)]
    encoded = (examples.encoded(tokenizer.tokenizer, dialogues.pieces(one), limit=LONGEST) for one in cycle(beside))
    learnt = [row for is_apart, row in judged if not is_apart]
    return (
        [row if number % _EACH else replace(row, beside=next(encoded)) for number, row in enumerate(learnt)],
        [row for is_apart, row in judged if is_apart],
    )


def _refuse_unjudged(talks: Sequence[JudgedTalk]) -> None:
    for number, talk in enumerate(talks, 1):
        if not talk.pieces or any(one.makes_sense is None for one in talk.pieces[0].candidates):
            raise ValueError(
                f"Talk {number}, with {talk.persona}, has a candidate without `makes_sense`. Judge it first."
            )


def _is_answered(talk: JudgedTalk) -> bool:
    return any(one.makes_sense for one in talk.pieces[0].candidates)


def _judged(model: CatalogueModel, tokenizer: ModelTokenizer, talk: JudgedTalk) -> JudgedReplies:
    piece = talk.pieces[0]
    different = list(_different(piece.candidates))
    tokens = [tokenizer.tokenizer.encode(one.text, add_special_tokens=False) for one in different]
    return JudgedReplies(
        prompt=tokenizer.encode(_prompt(model, tokenizer, talk).continued(piece.before)),
        candidates=tokens,
        marks=[int(bool(one.makes_sense)) + int(one.is_good) for one in different],
        likelihoods=[one.likelihood * len(ids) for one, ids in zip(different, tokens, strict=True)],
    )


def _different(candidates: Iterable[Judged]) -> Iterator[Judged]:
    """Each text once: the same words were often drawn more than once."""
    return iter({one.text: one for one in candidates if one.text.strip()}.values())


def _prompt(model: CatalogueModel, tokenizer: ModelTokenizer, talk: JudgedTalk) -> Prompt:
    dialogue = as_shipped(talk.dialogue())
    info = model.info()
    longest = prompt.sampling(dialogue.sheet, info).max_tokens
    return prompt.build(
        sheet=dialogue.sheet,
        memories=(),
        turns=dialogue.turns,
        info=info,
        max_tokens=longest,
        count=tokenizer.count,
    )
