"""Runs any causal model of the transformers library in this process, with many replies at once.

The weights and the forward pass are the library's. Batching is in `batcher.py`, sampling in `sampling.py`,
caching in `packed_attention.py` on a CPU and in `block_forward_pass.py` on a CUDA card (docs/decisions/0002 and 0008).
"""

import gc
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from generation.catalogue import model_rows, packaged
from generation.engine import EngineUnavailable
from generation.engines.batching.batched import BatchedEngine
from generation.engines.batching.forward_pass import SLACK, ForwardPass
from generation.engines.hf_transformers import block_attention, packed_attention
from generation.engines.hf_transformers.block_forward_pass import BlockForwardPass
from generation.engines.hf_transformers.cache_size import CacheShape, tokens_that_fit
from generation.engines.hf_transformers.cuda_graphs import CudaCapture
from generation.engines.hf_transformers.packed_attention import PackedForwardPass

# Its progress bars would be written into the log.
transformers_logging.disable_progress_bar()

# In float32 a text does not depend on the other requests in the batch. Without AVX-512, a CPU is also faster in
# float32 (docs/decisions/0002). A card multiplies bfloat16 many times as fast, and holds twice as many tokens.
DTYPES = {"cpu": torch.float32, "cuda": torch.bfloat16}
# Every running reply waits for a pass. On a card, reading the weights takes as long as multiplying some hundred tokens
# with them (peak operations over bandwidth, at two bytes a weight). So 512 tokens read a prompt at nearly the speed of
# longer passes, which would only delay the other replies longer. Reasoned, not measured.
STEP_TOKENS = {"cpu": 128, "cuda": 512}
_CPU_CAPACITY = 32_768  # tokens of all caches


class TransformersEngine(BatchedEngine):
    """The active model of the catalogue, or the one in `folder`.

    It runs on the CPU. With CUDA_BLOCKS it runs on a card; that path has not been run on one yet.
    """

    def __init__(self, model: packaged.CatalogueModel | None = None, folder: Path | None = None) -> None:
        """Raises EngineUnavailable if the weights are missing, do not load, or leave too little memory on a card."""
        model = model or model_rows.active()
        folder = folder or model_rows.folder(model.name)
        device = "cuda" if settings.CUDA_BLOCKS and torch.cuda.is_available() else "cpu"
        try:
            least = model.context_length + SLACK
            forward_pass = _on_cuda(folder, least) if device == "cuda" else _on_cpu(folder, least)
            info = model.info(engine="transformers", device=device, version=f"transformers {version('transformers')}")
            super().__init__(model, folder, info, forward_pass, step_tokens=STEP_TOKENS[device])
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"{model.name} is not installed: {type(error).__name__}.") from error
        except torch.OutOfMemoryError as error:
            raise EngineUnavailable(f"The weights of {model.name} do not fit into the card's free memory.") from error


def _on_cpu(folder: Path, least: int) -> ForwardPass:
    return PackedForwardPass(_network(folder, "cpu", packed_attention.ATTENTION), capacity=max(_CPU_CAPACITY, least))


def _on_cuda(folder: Path, least: int) -> ForwardPass:
    """Raises EngineUnavailable if a cache of `least` tokens does not fit."""
    network = _network(folder, "cuda", block_attention.ATTENTION)
    gc.collect()  # frees the previous engine, whose forward pass and graphs refer to each other
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    size = CacheShape.of(network.config).bytes_per_token(network.dtype)
    return BlockForwardPass(network, capacity=tokens_that_fit(free, size, least=least), capture=CudaCapture())


def _network(folder: Path, device: str, attention: str) -> Any:
    network: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=DTYPES[device], attn_implementation=attention, local_files_only=True
    )
    return network.eval().to(device)
