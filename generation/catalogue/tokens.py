"""Counts tokens of the active model without loading the model: quick, small, and safe in the web process."""

from functools import lru_cache

from tokenizers import Tokenizer

from generation.catalogue import model_rows
from generation.engine import EngineInfo


def count(text: str) -> int:
    """The number of tokens of `text`, without special tokens for its beginning or end."""
    return len(_tokenizer(*_file()).encode(text, add_special_tokens=False).ids)


def info() -> EngineInfo:
    """The description of the active local model. `device` is "", because no engine is loaded here."""
    return model_rows.active().info()


def _file() -> tuple[str, int]:
    """The path of the active model's tokenizer and its modification time. A name may later belong to another model."""
    path = model_rows.folder(model_rows.active().name) / "tokenizer.json"
    return str(path), path.stat().st_mtime_ns


@lru_cache(maxsize=2)
def _tokenizer(path: str, modified_ns: int) -> Tokenizer:
    return Tokenizer.from_file(path)
