"""The CPU engine: OpenVINO's kernels over weights rounded to 8 bits, many replies at once.

The forward pass is the library's (`paged_attention.py`). Batching and sampling are the same for every engine of this
process. The figures are in docs/decisions/0007.
"""

from importlib.metadata import version
from pathlib import Path

from generation.catalogue import installation, model_rows, packaged
from generation.engine import EngineNotReady, EngineUnavailable
from generation.engines.batching.batched import BatchedEngine
from generation.engines.batching.forward_pass import SLACK
from generation.engines.openvino.paged_attention import PagedForwardPass

_STEP_TOKENS = 128  # half a second of two cores without AVX-512
_CAPACITY = 32_768  # tokens of all caches; at most 1.5 GB for SmolLM2, allocated as it is used


class OpenVINOEngine(BatchedEngine):
    """The active model of the catalogue, or the one in `folder`."""

    def __init__(self, model: packaged.CatalogueModel | None = None, folder: Path | None = None) -> None:
        """Raises EngineUnavailable if the weights are missing or do not load."""
        model = model or model_rows.active()
        folder = folder or model_rows.folder(model.name)
        if not installation.is_exported(folder):
            raise EngineNotReady(f"{model.title} is not prepared for the CPU engine.")
        try:
            forward_pass = PagedForwardPass(
                installation.exported(folder), capacity=max(_CAPACITY, model.context_length + SLACK)
            )
            info = model.info(engine="openvino", version=f"openvino {version('openvino')}")
            super().__init__(model, folder, info, forward_pass, step_tokens=_STEP_TOKENS)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineUnavailable(f"{model.name} does not load: {type(error).__name__}.") from error
