"""Adapters with random values for an installed model, as PEFT writes them."""

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from generation.catalogue import model_rows, packaged
from generation.engine import Adapter
from generation.engines.batching import low_rank


def make(model: packaged.CatalogueModel, folder: Path, *, name: str, seed: int, rank: int = 8) -> Adapter:
    """An adapter that changes what the model says, and that PEFT can merge."""
    weights = model_rows.folder(model.name)
    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(low_rank.LAYERS), task_type="CAUSAL_LM")
    network: Any = get_peft_model(_plain(weights), config)
    for key, value in network.named_parameters():
        if "lora_B" in key:
            torch.nn.init.normal_(value, std=0.2)
    network.save_pretrained(folder / name)
    return Adapter(name, weights.name, str(folder / name))


def merged(adapter: Adapter, model: packaged.CatalogueModel) -> torch.nn.Module:
    """The model with the adapter in its weights, by PEFT."""
    network: Any = PeftModel.from_pretrained(_plain(model_rows.folder(model.name)), adapter.folder)
    whole: torch.nn.Module = network.merge_and_unload().eval()
    return whole


def _plain(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
