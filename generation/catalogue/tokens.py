"""Counting in the active model's tokens without the model: quick, small, and safe in the web process."""

from functools import lru_cache

from tokenizers import Tokenizer

from generation.catalogue import model_rows
from generation.engines.base import EngineInfo


def count(text: str) -> int:
    """The number of tokens of `text` alone, without marks for its beginning or end."""
    return len(_tokenizer(*_file()).encode(text, add_special_tokens=False).ids)


def info() -> EngineInfo:
    """What the active local model says of itself; `device` is empty, since nothing is loaded here."""
    return model_rows.active().info()


def _file() -> tuple[str, int]:
    """The active model's tokenizer, and when it was written: a name may come to stand for another model."""
    path = model_rows.models_dir() / model_rows.active().name / "tokenizer.json"
    return str(path), path.stat().st_mtime_ns


@lru_cache(maxsize=2)
def _tokenizer(path: str, written: int) -> Tokenizer:
    return Tokenizer.from_file(path)
