"""Perplexity of one fixed text under each engine: it shows whether a faster engine has worse text."""

import math
from typing import Any

from django.conf import settings

from generation import engine_kinds
from generation.catalogue import model_rows, packaged
from generation.engine import Prompt
from generation.engines.batching.tokenizer import ModelTokenizer

# Out of copyright: Jane Austen, Persuasion (1817), chapter 23.
TEXT = (
    "I can listen no longer in silence. I must speak to you by such means as are within my reach. You pierce my "
    "soul. I am half agony, half hope. Tell me not that I am too late, that such precious feelings are gone for "
    "ever. I offer myself to you again with a heart even more your own than when you almost broke it, eight years "
    "and a half ago. Dare not say that man forgets sooner than woman, that his love has an earlier death. I have "
    "loved none but you. Unjust I may have been, weak and resentful I have been, but never inconstant. You alone "
    "have brought me to Bath. For you alone, I think and plan. Have you not seen this? Can you fail to have "
    "understood my wishes? I had not waited even these ten days, could I have read your feelings, as I think you "
    "must have penetrated mine. I can hardly write. I am every instant hearing something which overpowers me. You "
    "sink your voice, but I can distinguish the tones of that voice when they would be lost on others. Too good, "
    "too excellent creature! You do us justice, indeed. You do believe that there is true attachment and constancy "
    "among men. Believe it to be most fervent, most undeviating, in F. W."
)
_BEGINNING = Prompt(form="transcript", text=TEXT[0])


def of_engines(model: packaged.CatalogueModel) -> dict[str, Any]:
    """By engine name. The reference is the transformers library in bfloat16."""
    wording = ModelTokenizer(model_rows.folder(model.name))
    ids = wording.encode(Prompt(form="transcript", text=TEXT))
    given = len(wording.encode(_BEGINNING))
    found: dict[str, Any] = {"tokens": len(ids) - given, "transformers bfloat16": _library(model, ids, given)}
    for kind in settings.ENGINES:
        if kind in engine_kinds.LOCAL:
            found[f"engine {kind}"] = _ours(kind)
    return found


def _library(model: packaged.CatalogueModel, ids: list[int], given: int) -> float:
    import torch
    from transformers import AutoModelForCausalLM

    weights: Any = AutoModelForCausalLM.from_pretrained(model_rows.folder(model.name), dtype=torch.bfloat16)
    with torch.inference_mode():
        logits = weights(torch.tensor([ids])).logits[0, given - 1 : -1].float()
    return _perplexity(torch.log_softmax(logits, dim=-1)[range(len(ids) - given), ids[given:]].tolist())


def _ours(kind: str) -> float:
    """Uses the engine's own forward pass, with its cache."""
    engine: Any = engine_kinds.load(kind)
    units = engine.score(_BEGINNING, TEXT[len(_BEGINNING.text) :]).units
    engine.close()
    return _perplexity([token.logprob for unit in units for token in unit.tokens])


def _perplexity(logprobs: list[float]) -> float:
    return round(math.exp(-sum(logprobs) / len(logprobs)), 3)
