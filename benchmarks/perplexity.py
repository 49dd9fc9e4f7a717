"""Perplexity of one fixed text under each engine: speed that is bought with worse words is seen here."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from generation import catalogue, installation, packaged
from generation.engines.wording import Wording

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


def of_engines(model: packaged.CatalogueModel, names: list[str]) -> dict[str, Any]:
    """By the engines' names; the reference is the transformers library in bfloat16."""
    ids = Wording(catalogue.folder(model.name)).tokenizer.encode(TEXT)
    found: dict[str, Any] = {"tokens": len(ids), "transformers bfloat16": _library(model, ids, "bfloat16")}
    if "transformers" in names or "product" in names:
        found["engine transformers"] = _library(model, ids, "float32")
    if "openvino" in names or "product" in names:
        found["engine openvino"] = _openvino(installation.openvino_source(catalogue.folder(model.name)), ids)
    return found


def _library(model: packaged.CatalogueModel, ids: list[int], dtype: str) -> float:
    import torch
    from transformers import AutoModelForCausalLM

    weights: Any = AutoModelForCausalLM.from_pretrained(catalogue.folder(model.name), dtype=getattr(torch, dtype))
    with torch.inference_mode():
        logits = weights(torch.tensor([ids])).logits[0, :-1].float()
    logprobs = torch.log_softmax(logits, dim=-1)[range(len(ids) - 1), ids[1:]]
    return round(math.exp(-float(logprobs.mean())), 3)


def _openvino(source: Path | None, ids: list[int]) -> float | None:
    """Through the pipeline that generates, cache precision and all: it tells the probabilities of a prompt's tokens."""
    import openvino
    import openvino_genai

    if source is None:
        return None
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.num_kv_blocks = 128
    pipeline = openvino_genai.ContinuousBatchingPipeline(source, scheduler, "CPU", {})
    config = openvino_genai.GenerationConfig()
    config.max_new_tokens, config.echo, config.logprobs = 1, True, 1
    handle = pipeline.add_request(0, openvino.Tensor(np.array([ids], dtype=np.int64)), config)
    logprobs: list[float] = []
    while not handle.can_read():
        pipeline.step()
    for output in handle.read_all():
        logprobs += output.generated_log_probs[1 : len(ids)]
    return round(math.exp(-sum(logprobs) / len(logprobs)), 3)
