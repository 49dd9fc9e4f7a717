"""The adapters that ship with the packaged models. Each is merged into its model when the model is converted."""

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

FOLDER = Path(__file__).parent.parent / "adapters"
_WEIGHTS = "adapter_model.safetensors"


def shipped(model: str) -> Path | None:
    """The folder of a model's conversation tune, if it has one and CONVERSATION_TUNE is on."""
    folder = FOLDER / model
    return folder if settings.CONVERSATION_TUNE and (folder / _WEIGHTS).is_file() else None


@lru_cache
def digest(folder: Path) -> str:
    """Eight hexadecimal digits of the SHA-256 of an adapter's weights. They tell its versions apart."""
    return hashlib.sha256((folder / _WEIGHTS).read_bytes()).hexdigest()[:8]
