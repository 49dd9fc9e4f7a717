"""Loads files as an engine will, and lets them say a token: `python -m generation.probe ENGINES FOLDER TOKENS`.

ENGINES are names with commas between; when there are several, they must say the same. TOKENS is the length of the
window. A process of its own, for the memory that loading takes and because an engine may die of files that it does
not understand.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from generation.packaged import CatalogueModel

_BEGINNING = "The quick brown fox jumps over the lazy"


def probe(engines: Sequence[str], folder: Path, context_length: int) -> str:
    """Why the files do not speak; "" where they do."""
    from generation.engines.base import EngineError
    from generation.packaged import CatalogueModel

    model = CatalogueModel(name=folder.name, title=folder.name, context_length=context_length, prompt_form="transcript")
    try:
        said = [_likeliest(engine, model, folder) for engine in engines]
    except EngineError as error:
        return " ".join(str(error.__cause__ or error).split())
    return "" if all(words == said[0] for words in said) else f"{' and '.join(engines)} read it differently"


def _likeliest(engine: str, model: "CatalogueModel", folder: Path) -> list[int | None]:
    from django.utils.module_loading import import_string

    from generation.engines.base import Prompt, Sampling
    from generation.engines.registry import ENGINES

    loaded = import_string(ENGINES[engine])(model, folder)
    try:
        prompt, sampling = (
            Prompt(form="transcript", text=_BEGINNING),
            Sampling(temperature=0, repetition_penalty=1, max_tokens=1),
        )
        return [token.id for token in loaded.stream(prompt, sampling, lambda: False)]
    finally:
        loaded.close()


if __name__ == "__main__":
    django.setup()
    sys.exit(probe(sys.argv[1].split(","), Path(sys.argv[2]), int(sys.argv[3])) or 0)
