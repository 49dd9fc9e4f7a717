"""Any causal model of the transformers library, in this process, many replies at once.

The weights and the forward pass are the library's; batching, caching and the choice of tokens are
`batcher.py`, `packed.py` and `sampling.py` (docs/decisions/0002 says why).
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from generation import catalogue, packaged
from generation.engines.base import EngineUnavailable
from generation.engines.batched import BatchedEngine
from generation.engines.packed import ATTENTION, PackedReader
from generation.engines.reading import SLACK

# Its bars are drawn into the log.
transformers_logging.disable_progress_bar()

# In float32 a text does not depend on who else is in the batch, and without AVX-512 a CPU is also
# faster in it (docs/decisions/0002). Models of this size fit anywhere.
DTYPE = torch.float32
_STEP_TOKENS = {"cpu": 128, "cuda": 2048}
_CAPACITY = {"cpu": 32_768, "cuda": 262_144}  # tokens of all caches


def best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


class TransformersEngine(BatchedEngine):
    """The active model of the catalogue, or the one in `folder`."""

    def __init__(self, model: packaged.CatalogueModel | None = None, folder: Path | None = None) -> None:
        """Raises EngineUnavailable when the weights are not there or do not load."""
        model = model or catalogue.active()
        folder = folder or catalogue.folder(model.name)
        device = best_device()
        try:
            network: Any = AutoModelForCausalLM.from_pretrained(
                folder, dtype=DTYPE, attn_implementation=ATTENTION, local_files_only=True
            )
            reader = PackedReader(
                network.eval().to(device), capacity=max(_CAPACITY[device], model.context_length + SLACK)
            )
            info = model.info(engine="transformers", device=device, version=f"transformers {version('transformers')}")
            super().__init__(model, folder, info, reader, step_tokens=_STEP_TOKENS[device])
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"{model.name} is not installed: {type(error).__name__}.") from error
